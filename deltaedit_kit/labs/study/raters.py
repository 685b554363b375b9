"""SIMULATED participants: to rehearse a study and its analysis, never to stand in for people.

    P(prefers first) = lapse / 2 + (1 - lapse) · σ( a_i + u_p ± side_bias )

a_i is how much better the first picture of pair i is, in logits; u_p ~ N(0, participant_sd²) makes
one person's answers alike; side_bias pulls to the left; with `lapse` the key is pressed blindly. A
careless participant always does that, and fails the attention checks.

Idea: an analysis that has never recovered a preference that was put in must not be trusted with one
that nobody knows. `expected_share` is the planted truth of this model.

Citation: Thurstone 1927 and Bradley & Terry 1952 for choices between two; Wichmann & Hill, "The
psychometric function", 2001, for lapses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from deltaedit_kit.labs.study.answers import INTACT, SHUFFLED, Answer
from deltaedit_kit.labs.study.design import Design, Plan, plan
from deltaedit_kit.labs.study.store import StudyStore
from deltaedit_kit.support.errors import (
    HIGHEST_SEED,
    DeltaEditError,
    check_number,
    check_whole_number,
)

PACE = 2.5  # seconds, the median time to an answer

Advantage = Mapping[str, NDArray[np.float64]]  # question -> logits [items] in favour of `first`


@dataclass(frozen=True)
class Raters:
    """How simulated participants differ from an ideal observer; see the equation above."""

    participant_sd: float = 0.4
    side_bias: float = 0.1
    lapse: float = 0.02
    careless: float = 0.0  # part of the participants who never look

    def __post_init__(self) -> None:
        for field in fields(self):
            value = check_number(field.name, getattr(self, field.name))
            if field.name != "side_bias" and value < 0:
                raise DeltaEditError(f"{field.name} is {value:g}; give a number >= 0")
        if self.lapse > 1 or self.careless > 1:
            raise DeltaEditError("lapse and careless are shares; give numbers up to 1")


def expected_share(advantage: NDArray[np.float64], raters: Raters) -> float:
    """The planted truth: the share of answers for `first`, over people and balanced sides.

    `advantage` [items] in logits, each pair asked equally often. Careless participants count as
    excluded. The integral over participants is Gauss-Hermite's with 64 points.
    """
    points, weights = np.polynomial.hermite_e.hermegauss(64)
    effects = raters.participant_sd * points[:, None]
    sides = [expit(advantage + effects + side * raters.side_bias) for side in (-1, 1)]  # [64, I]
    looked = (weights / weights.sum()) @ np.mean(sides, axis=0)  # [I]
    return float(raters.lapse / 2 + (1 - raters.lapse) * looked.mean())


def simulated_answers(
    design: Design,
    advantage: Advantage,
    raters: Raters,
    seed: int,
    methods: tuple[str, str] = ("A", "B"),
) -> list[Answer]:
    """The answers of a whole simulated study, without a file: for trying out an analysis."""
    items = max(map(len, advantage.values()), default=0)
    check_advantage(advantage, design.questions, items)
    found = []
    for participant in range(design.participants):
        planned = plan(design, items, participant)
        made = _presses(planned, advantage, raters, _random(seed, participant))
        for at, question in product(planned.rounds, planned.questions):
            choice, seconds = made[at.position, question]
            sides = (INTACT, SHUFFLED) if at.check else methods
            left, right = sides[::-1] if at.swapped else sides
            found.append(
                Answer(
                    participant=participant,
                    position=at.position,
                    item=at.item,
                    sentence=f"sentence {at.item}",
                    face=f"face {at.item}",
                    check=at.check,
                    question=question,
                    left=left,
                    right=right,
                    choice=choice,
                    seconds=seconds,
                    simulated=True,
                )
            )
    return found


def answer_study(store: StudyStore, advantage: Advantage, raters: Raters, seed: int) -> int:
    """Take every place of a SIMULATED study and answer all of it; how many answers were new.

    Goes on where it was interrupted. Raises `DeltaEditError` for a study of people, and when
    `advantage` does not fit the study's pairs or lacks a question.
    """
    check_advantage(advantage, store.design.questions, store.items)
    new = 0
    for participant in range(store.design.participants):
        number = store.join(f"simulated-{participant:04d}", simulated=True)
        planned = plan(store.design, store.items, number)
        made = _presses(planned, advantage, raters, _random(seed, number))
        asked = store.open_questions(number)
        new += store.answer_all([(ask, *made[ask.position, ask.question]) for ask in asked])
    return new


def _presses(
    planned: Plan, advantage: Advantage, raters: Raters, chance: np.random.Generator
) -> dict[tuple[int, str], tuple[str, float]]:
    """(position, question) -> (side, seconds), for one participant with one random effect."""
    rounds = planned.rounds
    items = np.array([r.item for r in rounds])
    check = np.array([r.check for r in rounds])
    left = np.where([r.swapped for r in rounds], -1.0, 1.0)  # +1: `first` stands left
    careless = chance.random() < raters.careless
    lapse = 1.0 if careless else raters.lapse
    made = {}
    for question in planned.questions:
        effect = raters.participant_sd * chance.standard_normal()
        logits = np.asarray(advantage[question])[items] + effect + left * raters.side_bias
        logits = np.where(check, np.inf, logits)  # intact against shuffled needs no preference
        first = chance.random(len(rounds)) < lapse / 2 + (1 - lapse) * expit(logits)
        seconds = PACE * np.exp(0.4 * chance.standard_normal(len(rounds)))
        for row, (one, time) in enumerate(zip(first == (left > 0), seconds, strict=True)):
            made[row, question] = ("left" if one else "right", float(time))
    return made


def check_advantage(advantage: Advantage, questions: Sequence[str], items: int) -> None:
    """Refuse advantages that lack a question, have another length, or are not finite."""
    for question in questions:
        values = np.asarray(advantage.get(question, ()), dtype=float)
        if values.shape != (items,) or not np.isfinite(values).all():
            raise DeltaEditError(
                f"advantage[{question!r}] has shape {list(values.shape)}; "
                f"give {items} finite numbers, one for each pair"
            )


def _random(seed: int, participant: int) -> np.random.Generator:
    return np.random.default_rng([check_whole_number("seed", seed, 0, HIGHEST_SEED), participant])
