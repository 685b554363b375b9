"""What an exercise is: a solution, inputs to try an answer on, and mistakes by their names.

    verdict(answer) = right                     if answer(x) = solution(x)  for every input x
                      wrong, looks like m       if answer(x) = mistake_m(x) for every input x

A mistake is the same function with that mistake in it. So the check can name what it sees, and a
test can hold that no mistake passes, and that none is taken for another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

# An answer may take and give whatever its exercise says: tensors, numbers, a small network.
Answer = Callable[..., Any]
Inputs = tuple[Any, ...]


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
    mistakes: Mapping[str, Answer]  # what a wrong answer looks like -> a function that does it
    # How an answer is asked; for a training step: on a fresh network, twice, weights looked at.
    ask: Callable[[Answer, Inputs], Any] = call
    tolerance: float = 1e-5
    gradients: bool = False  # whether an answer calls backward; see `bounded`
