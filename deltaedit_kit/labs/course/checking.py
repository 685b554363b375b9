"""Right, or wrong and how: an answer is compared with the solution and with known mistakes.

Tried in this order, so that the first that fits is what a learner most likely did: it raises; it
returns nothing; it changes its inputs; it is a named mistake of the exercise; it has another shape;
it is right for some inputs only; it always returns the same; the sign; a factor; else the largest
difference is shown. An answer is asked in a process of its own (`bounded`).
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deltaedit_kit.labs.course.bounded import SECONDS, bounded
from deltaedit_kit.labs.course.exercise import Answer, Exercise, Inputs, call
from deltaedit_kit.labs.course.exercises import EXERCISES
from deltaedit_kit.labs.course.seeds import NOBODY, learner, seed_of, validating
from deltaedit_kit.support.errors import DeltaEditError, did_you_mean

HINTS = Path(__file__).parent / "exercises" / "hints.json"  # key -> three hints
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Verdict:
    """What a check found. In a notebook it shows itself."""

    key: str
    right: bool
    text: str

    def __repr__(self) -> str:
        return f"{self.key}: {'right' if self.right else 'not yet right'}; {self.text}"


def check(key: str, answer: Answer) -> Verdict:
    """Try `answer` on several inputs of the exercise `key` and say what is right or wrong.

    Never raises for anything that the answer does, and takes about five seconds at most. Raises
    DeltaEditError for a key that no exercise has. While nbgrader validates, which looks for errors
    only, an answer that is not right is an AssertionError.
    """
    verdict = _tried(_exercise(key), answer)
    if validating() and not verdict.right:
        raise AssertionError(str(verdict))
    return verdict


def grade(**answers: Answer) -> float:
    """The points of these answers, `grade(**{"01.recall_at_k": recall_at_k})`: one for each right.

    nbgrader takes a number that a test's last line shows as the points of that cell; the editions
    put this call into hidden tests. Prints each verdict, for whoever reads the graded notebook.
    """
    verdicts = [check(key, answer) for key, answer in answers.items()]
    for verdict in verdicts:
        print(verdict)
    return float(sum(verdict.right for verdict in verdicts))


def _tried(exercise: Exercise, answer: Answer) -> Verdict:
    key = exercise.key
    if not callable(answer):
        return Verdict(key, False, f"give the function itself, not {type(answer).__name__}")
    # Before the clock runs: the first use of an optimizer takes seconds.
    wanted = solved(exercise, seed_of(learner()))
    with contextlib.redirect_stderr(sys.stdout):  # graders take a warning there for a failure
        text = bounded(
            lambda: json.dumps(diagnose(exercise, answer, wanted)), gradients=exercise.gradients
        )
    if text is None:
        return Verdict(
            key,
            False,
            f"it did not end within {SECONDS:g} s, or it ended Python: look for an endless loop",
        )
    right, words = json.loads(text)
    return Verdict(key, right, words)


def hint(key: str, level: int = 1) -> str:
    """Hint 1 gives a direction, 2 the formula, 3 the first line."""
    if level not in (1, 2, 3):
        raise DeltaEditError(f"there is no hint {level!r}; ask for 1, 2 or 3")
    return json.loads(HINTS.read_text(encoding="utf-8"))[_exercise(key).key][level - 1]


def show_solution(key: str) -> None:
    """Print the solution's source."""
    print(inspect.getsource(_exercise(key).solution))


def _exercise(key: str) -> Exercise:
    if key not in EXERCISES:
        advice = did_you_mean(key, EXERCISES)
        raise DeltaEditError(f"no exercise is called {str(key)[:40]!r}; {advice}there are "
                             f"{', '.join(EXERCISES)}")  # fmt: skip
    return EXERCISES[key]


def solved(exercise: Exercise, seed: int = NOBODY) -> list[tuple[Inputs, list[Tensor]]]:
    """The inputs to try an answer on, drawn from `seed`, each with what the solution gives."""
    with torch.random.fork_rng(devices=[]):
        cases = exercise.inputs(torch.Generator().manual_seed(seed))
        return [(case, _ask(exercise, exercise.solution, case)) for case in cases]


def diagnose(
    exercise: Exercise, answer: Answer, solutions: Sequence[tuple[Inputs, list[Tensor]]]
) -> tuple[bool, str]:
    """(right?, what was found); runs the answer here, so call it through `bounded`."""
    cases, wanted = zip(*solutions, strict=True)
    got: list[list[Tensor]] = []
    for case in cases:
        given, dtype = copy.deepcopy(case), torch.get_default_dtype()
        try:
            raw = exercise.ask(answer, given)
        except NotImplementedError:  # what the student's edition begins with
            return False, f"nothing is written yet; the task is {exercise.task}"
        except BaseException as error:  # whatever a learner's function raises, SystemExit too
            said = f"{type(error).__name__}: {str(error)[:200]}"
            return False, f"it raises {said}; the task is {exercise.task}"
        finally:
            torch.set_default_dtype(dtype)  # mistakes are tried here, too
        if raw is None:
            return False, "it returns nothing: is there a `return`?"
        try:
            got.append(_tensors(raw))
        except (TypeError, ValueError, RuntimeError):
            return False, f"it returns {type(raw).__name__}, not numbers or tensors"
        if exercise.ask is call and not _same(_numbers(given), _numbers(case), 0.0):
            return False, "it changes its input: work on a copy"
    return _compared(exercise, cases, got, wanted)


def _compared(
    exercise: Exercise,
    cases: Sequence[Inputs],
    got: Sequence[list[Tensor]],
    wanted: Sequence[list[Tensor]],
) -> tuple[bool, str]:
    fits = [_same(a, b) for a, b in zip(got, wanted, strict=True)]
    if all(fits):
        within = f"{len(cases)} inputs, within {TOLERANCE:g}"
        return True, f"it agrees with the kit's answer on {within}"
    for name in exercise.mistakes:
        mistake = exercise.mistaken(name)
        if all(_same(a, _ask(exercise, mistake, x)) for a, x in zip(got, cases, strict=True)):
            return False, f"it looks like this mistake: {name}"
    for found, right in zip(got, wanted, strict=True):
        if [x.shape for x in found] != [x.shape for x in right]:
            return False, f"it returns {_shapes(found)}, but {_shapes(right)} is expected"
    if any(fits):
        some = f"only {sum(fits)} of {len(fits)} inputs are right"
        return False, f"{some}: does it depend on one size or seed?"
    # Over all inputs at once: a single number is some multiple of any other.
    given, right = (torch.cat([x.flatten() for x in chain(*one)]) for one in (got, wanted))
    if not bool(torch.isfinite(given).all()):
        return False, "it returns NaN or infinity"
    if len(got) > 1 and all(_same(got[0], one, 0.0) for one in got[1:]):
        return False, "it returns a constant: the same numbers for every input"
    if _same([-given], [right]):
        return False, "the sign is wrong"
    ratio = float((given @ right) / (right @ right).clamp(min=1e-12))
    if _same([given], [right * ratio], TOLERANCE * max(1.0, abs(ratio))):
        return False, f"it is {ratio:.3g} times what it should be"
    gap = float((given - right).abs().max())
    return False, f"the largest difference is {gap:.3g}"


def _shapes(values: Sequence[Tensor]) -> str:
    """In words: "shape [4, 3] and a number", "5 numbers"."""
    if len(values) > 1 and not any(x.ndim for x in values):
        return f"{len(values)} numbers"
    return " and ".join(f"shape {list(x.shape)}" if x.ndim else "a number" for x in values)


def _ask(exercise: Exercise, answer: Answer, case: Inputs) -> list[Tensor]:
    return _tensors(exercise.ask(answer, copy.deepcopy(case)))


def _tensors(value: Any) -> list[Tensor]:
    """Whatever an answer gives, as a list of float64 tensors."""
    if isinstance(value, Tensor):
        return [value.detach().to("cpu", torch.float64)]
    if isinstance(value, np.ndarray | np.generic):
        return [torch.from_numpy(np.array(value, dtype=np.float64))]
    if isinstance(value, list | tuple):
        return [part for one in value for part in _tensors(one)]
    if isinstance(value, bool | int | float):
        return [torch.tensor(float(value), dtype=torch.float64)]
    if isinstance(value, torch.nn.Module):
        return _tensors(list(value.state_dict().values()))
    raise TypeError(f"no tensors in {type(value).__name__}")


def _numbers(inputs: Inputs) -> list[Tensor]:
    """The tensors among the inputs, to see whether an answer has changed one."""
    return _tensors([part for part in inputs if not inspect.isroutine(part)])


def _same(first: Sequence[Tensor], second: Sequence[Tensor], tolerance: float = TOLERANCE) -> bool:
    return len(first) == len(second) and all(
        a.shape == b.shape and torch.allclose(a, b, rtol=tolerance, atol=tolerance)
        for a, b in zip(first, second, strict=True)
    )
