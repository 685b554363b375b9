"""Every check: the solution passes, a stub fails, each planted mistake is told by its own name."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch

from deltaedit_kit import DeltaEditError
from deltaedit_kit.labs.course import check, checking, hint, show_solution
from deltaedit_kit.labs.course.bounded import bounded
from deltaedit_kit.labs.course.exercises import EXERCISES

KEYS = list(EXERCISES)
each_exercise = pytest.mark.parametrize("key", KEYS)
MISTAKES = [(key, name) for key, one in EXERCISES.items() for name in one.mistakes]


def diagnosed(key: str, answer: Any) -> tuple[bool, str]:
    """Without a process of its own, which takes most of a check's time."""
    return checking.diagnose(EXERCISES[key], answer, solved(key))


@cache
def solved(key: str) -> list[Any]:
    """Once for all answers to an exercise: each is tried on copies."""
    return checking.solved(EXERCISES[key])


@each_exercise
def test_the_solution_passes(key: str) -> None:
    verdict = check(key, EXERCISES[key].solution)
    assert verdict.right, verdict


@each_exercise
def test_there_are_five_mistakes_and_three_hints(key: str) -> None:
    one = EXERCISES[key]
    assert len(one.mistakes) >= 5
    assert len({hint(key, level) for level in (1, 2, 3)}) == 3


@pytest.mark.parametrize(("key", "name"), MISTAKES)
def test_a_planted_mistake_is_told_by_its_own_name(key: str, name: str) -> None:
    right, text = diagnosed(key, EXERCISES[key].mistaken(name))
    assert not right
    assert text.endswith(name)


def test_a_mistake_in_a_learners_own_words_is_told() -> None:
    def first(x: torch.Tensor, mean: torch.Tensor, deviation: torch.Tensor) -> torch.Tensor:
        return (x - mean.view(3, 1, 1)) / deviation.view(3, 1, 1)

    def traces(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        c1, c2 = first.T.cov(), second.T.cov()
        return (c1 + c2).trace() - 2 * torch.linalg.eigvals(c1 @ c2).sqrt().real.sum()

    def sizes(channels: list[int]) -> list[int]:
        return channels

    assert "x is still in [-1, 1]" in diagnosed("08.clip_input", first)[1]
    assert "the means are left out" in diagnosed("06.frechet", traces)[1]
    assert "one convolution for each size" in diagnosed("08.style_widths", sizes)[1]


def test_another_shape_is_told_with_the_one_that_is_expected() -> None:
    found = diagnosed("08.style_widths", lambda channels: [*channels, 1])[1]
    assert "4 numbers" in found
    assert "5 numbers" in found
    assert "shape [2, 5]" in diagnosed("method.change", lambda a, b: a.sum())[1]


def test_a_piece_that_the_solution_does_not_have_is_no_mistake() -> None:
    typing_error = replace(EXERCISES["01.cosine"], mistakes={"over columns": "axis = 1 → axis=0"})
    with pytest.raises(ValueError, match=r"01\.cosine: over columns"):
        typing_error.mistaken("over columns")


def stub(*_: Any) -> None:
    """What an exercise begins with."""


def raising(*_: Any) -> None:
    raise RuntimeError("not written")


def untouched(*_: Any) -> None:
    raise NotImplementedError("write your answer here")


def leaving(*_: Any) -> None:
    raise SystemExit


def text(*_: Any) -> str:
    return "done"


@each_exercise
@pytest.mark.parametrize(
    ("answer", "word"),
    [(stub, "nothing"), (raising, "RuntimeError"), (leaving, "SystemExit"), (text, "str")],
)
def test_what_is_no_answer_is_told(key: str, answer: Any, word: str) -> None:
    right, found = diagnosed(key, answer)
    assert not right
    assert word in found


@pytest.mark.parametrize("answer", [raising, untouched])
def test_who_has_no_answer_yet_is_told_the_task_with_its_shapes(answer: Any) -> None:
    for key in KEYS:
        assert EXERCISES[key].task in diagnosed(key, answer)[1]


def test_a_changed_input_is_told() -> None:
    def in_place(w: torch.Tensor, mean_w: torch.Tensor, psi: float) -> torch.Tensor:
        return w.sub_(mean_w).mul_(psi).add_(mean_w)

    assert "changes its input" in check("method.truncate", in_place).text


def test_an_answer_for_one_input_only_is_told() -> None:
    def fitted(w: torch.Tensor, mean_w: torch.Tensor, psi: float) -> torch.Tensor:
        return mean_w + 0.3 * (w - mean_w)

    assert "1 of 3" in check("method.truncate", fitted).text


def test_a_constant_is_told() -> None:
    assert "constant" in check("method.loss", lambda *_: torch.tensor(3.0)).text


def test_sign_and_factor_are_told() -> None:
    solution = EXERCISES["method.pixel_norm"].solution
    assert "sign" in check("method.pixel_norm", lambda x: -solution(x)).text
    assert "3 times" in check("method.pixel_norm", lambda x: 3 * solution(x)).text
    key = next(key for key in KEYS if key.endswith(".binomial_p"))  # any number is some multiple
    assert "times" not in check(key, lambda wins, answers: wins / answers).text


def test_an_answer_written_in_another_way_is_right() -> None:
    def by_hand(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return torch.stack([(b - a) / (b - a).pow(2).sum().sqrt() for a, b in zip(first, second)])  # noqa: B905

    assert check("method.change", by_hand).right


def loop() -> str:
    while True:
        time.sleep(0.01)


def test_an_endless_loop_and_a_dead_process_are_verdicts() -> None:
    def endless() -> str:
        while True:
            try:
                time.sleep(0.01)
            except BaseException:
                continue

    def caught() -> str:  # as `diagnose` catches whatever an answer raises
        try:
            return loop()
        except BaseException:
            return "it raises SystemExit"

    assert bounded(endless, seconds=0.2) is None
    assert bounded(caught, seconds=0.2, gradients=True) is None
    assert bounded(loop, seconds=0.2, gradients=True) is None
    assert bounded(lambda: os._exit(3) or "", seconds=30) is None
    assert bounded(lambda: "x" * 1_000_000, seconds=30) == "x" * 100_000


def test_an_answer_changes_nothing_outside() -> None:
    torch.manual_seed(1)
    before, dtype = torch.random.get_rng_state(), torch.get_default_dtype()

    def careless(*inputs: torch.Tensor) -> torch.Tensor:
        torch.set_default_dtype(torch.float64)
        torch.manual_seed(0)
        return torch.rand(3)

    check("method.loss", careless)
    check("method.mapper", careless)
    check("method.step", careless)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_default_dtype() == dtype


def test_an_unknown_exercise_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DeltaEditError, match=r"method\.loss"):
        check("method.los", stub)
    assert not check("method.loss", 3).right  # pyright: ignore[reportArgumentType]
    show_solution("method.loss")
    assert "cosine" in capsys.readouterr().out
