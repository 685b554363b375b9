"""Each learner's checks draw inputs of their own, and grading does not ask the submission whose."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from deltaedit_kit.labs.course import check, checking
from deltaedit_kit.labs.course.checking import grade
from deltaedit_kit.labs.course.exercises import EXERCISES
from deltaedit_kit.labs.course.seeds import NAME, NOBODY, learner, seed_of

KEYS = list(EXERCISES)
LEARNERS = ("ada", "ben", "cem")


def test_a_name_gives_one_seed_and_another_name_another() -> None:
    assert len({seed_of(name) for name in ("", *LEARNERS)}) == 4
    assert seed_of(" ada ") == seed_of("ada")
    assert seed_of("") == NOBODY


def test_grading_takes_the_folder_of_the_submission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "autograded" / "ada" / "lesson"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    assert learner() == ""
    monkeypatch.setenv(NAME, "ben")
    assert learner() == "ben"
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert learner() == "ada"


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("learner", LEARNERS)
def test_solutions_and_mistakes_are_told_apart_for_every_learner(key: str, learner: str) -> None:
    exercise = EXERCISES[key]
    solutions = checking.solved(exercise, seed_of(learner))
    assert checking.diagnose(exercise, exercise.solution, solutions)[0]
    for name in exercise.mistakes:
        assert not checking.diagnose(exercise, exercise.mistaken(name), solutions)[0], name


def test_a_copied_table_is_right_for_its_owner_only(monkeypatch: pytest.MonkeyPatch) -> None:
    key = next(key for key in KEYS if key.endswith(".truncate"))
    table = [one for _, (one,) in checking.solved(EXERCISES[key], seed_of("ada"))]

    def copied(w: torch.Tensor, mean_w: torch.Tensor, psi: float) -> torch.Tensor:
        return next(one for one in table if one.shape == w.shape)

    monkeypatch.setenv(NAME, "ada")
    assert check(key, copied).right
    monkeypatch.setenv(NAME, "ben")
    assert not check(key, copied).right
    assert grade(**{key: copied}) == 0.0
    assert grade(**{key: EXERCISES[key].solution}) == 1.0


def test_an_answer_that_is_wrong_fails_while_nbgrader_validates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = next(key for key in KEYS if key.endswith(".mask"))
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    assert check(key, EXERCISES[key].solution).right
    with pytest.raises(AssertionError, match="not yet"):
        check(key, lambda *_: None)
