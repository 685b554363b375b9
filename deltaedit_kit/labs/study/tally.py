"""Answers as two tables of counts, which every number of the analysis is made from.

    wins[p, i]   how often participant p preferred method `first` on pair i
    asked[p, i]  how often p was asked about it (1, or 0 for pairs that p never saw)

Idea: shares, tests, intervals and agreement are sums over these tables, weighted or not; once they
are there, no analysis walks through answers again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deltaedit_kit.labs.study.answers import Answer
from deltaedit_kit.support.errors import DeltaEditError


@dataclass(frozen=True)
class Tally:
    """Counts of one question about one pair of methods: P participants, I pairs of pictures."""

    question: str
    first: str
    second: str
    wins: NDArray[np.float64]  # [P, I]
    asked: NDArray[np.float64]  # [P, I]

    @property
    def share(self) -> float:
        """Of all answers, the part that preferred `first`, in [0, 1]."""
        return float(self.wins.sum() / self.asked.sum())

    @property
    def shares(self) -> NDArray[np.float64]:
        """The same for each participant, [P]."""
        return self.wins.sum(1) / self.asked.sum(1)


def tally(answers: Sequence[Answer], question: str, first: str, second: str) -> Tally:
    """Count the answers to `question` about `first` against `second`; checks are left out.

    Raises `DeltaEditError` when there is no such answer, when somebody answered one question
    twice, and when simulated answers and those of people are mixed.
    """
    rows = [
        a
        for a in answers
        if not a.check and a.question == question and {a.left, a.right} == {first, second}
    ]
    if not rows or first == second:
        raise DeltaEditError(
            f"no answer about {question!r} of {first!r} against {second!r}; "
            f"there are {_what_is_there(answers)}"
        )
    if len({a.simulated for a in rows}) > 1:
        raise DeltaEditError("simulated answers and people's are mixed; analyse them separately")
    people = sorted({a.participant for a in rows})
    items = sorted({a.item for a in rows})
    row = np.searchsorted(people, [a.participant for a in rows])
    column = np.searchsorted(items, [a.item for a in rows])
    wins, asked = np.zeros((2, len(people), len(items)))
    np.add.at(asked, (row, column), 1.0)
    np.add.at(wins, (row, column), [float(a.preferred == first) for a in rows])
    if asked.max() > 1:
        raise DeltaEditError(
            "a participant answered the same question about the same pair twice; "
            "were two studies joined into one table? Analyse each of them separately"
        )
    return Tally(question, first, second, wins, asked)


def _what_is_there(answers: Sequence[Answer]) -> str:
    found = {(a.question, *sorted((a.left, a.right))) for a in answers if not a.check}
    return "; ".join(f"{q}: {x} against {y}" for q, x, y in sorted(found)[:6]) or "none at all"
