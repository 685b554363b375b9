"""What an exercise is: a solution, inputs to try an answer on, and mistakes by their names.

    verdict(answer) = right                     if answer(x) = solution(x)  for every input x
                      wrong, looks like m       if answer(x) = mistake_m(x) for every input x

A mistake is the solution with a piece of its text replaced, "axis=1 → axis=0". So the check can
name what it sees, and a test can hold that no mistake passes, and that none is taken for another.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

# An answer may take and give whatever its exercise says: tensors, numbers, a small network.
Answer = Callable[..., Any]
Inputs = tuple[Any, ...]


def normal(random: torch.Generator, *shape: int) -> Tensor:
    """Normal numbers in float64."""
    return torch.randn(shape, generator=random, dtype=torch.float64)


def uniform(random: torch.Generator, *shape: int) -> Tensor:
    """Numbers from 0 to 1 in float64."""
    return torch.rand(shape, generator=random, dtype=torch.float64)


def normals(*shapes: tuple[int, ...]) -> Callable[[torch.Generator], Sequence[Inputs]]:
    """Three sets of normal inputs of these shapes, each with one row more than the last."""

    def inputs(random: torch.Generator) -> Sequence[Inputs]:
        return [
            tuple(torch.randn((n + more, *rest), generator=random) for n, *rest in shapes)
            for more in range(3)
        ]

    return inputs


def call(answer: Answer, inputs: Inputs) -> Any:
    """The plain way to ask: `answer(*inputs)`."""
    return answer(*inputs)


@dataclass(frozen=True)
class Exercise:
    """One function to write. Plain data and functions; nothing is run when it is made."""

    key: str  # "method.loss"
    task: str  # what the function takes and gives, with shapes
    solution: Answer
    inputs: Callable[[torch.Generator], Sequence[Inputs]]  # several, of different sizes
    # What a wrong answer looks like -> what it has instead, "old → new" wherever `old` stands in
    # the solution; a second replacement stands on a line of its own.
    mistakes: Mapping[str, str]
    # How an answer is asked; for a training step: on a fresh network, twice, weights looked at.
    ask: Callable[[Answer, Inputs], Any] = call
    gradients: bool = False  # whether an answer calls backward; see `bounded`

    def mistaken(self, name: str) -> Answer:
        """The solution with one mistake in it.

        Raises ValueError where the solution does not have what is to be replaced.
        """
        text = inspect.getsource(self.solution)
        for line in self.mistakes[name].split("\n"):
            old, _, new = (part.strip() for part in line.partition("→"))
            if old not in text:
                raise ValueError(f"{self.key}: {name}: the solution has no {old!r}")
            text = text.replace(old, new)
        names = dict(self.solution.__globals__)
        exec(text, names)
        return names[self.solution.__name__]
