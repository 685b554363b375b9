"""Who sees which pair when, and on which side: random, and balanced by construction.

Idea: people prefer what is on the left, what comes first, what they are used to. None of it can
be asked away, so every such bias must meet both methods equally often. Participants come in
mirrored pairs:

    same pairs, every side mirrored      -> each method is left in half of all rounds of each pair
    order = row of a Williams square     -> each pair stands at each position equally often, and
                                            follows each other pair equally often
    question asked first: half and half

A plan is a pure function of (design, number of pairs, participant), so it can be made for any one
participant at the moment they join. Attention checks come on top of the rounds, never first.

Citation: Williams, "Experimental designs balanced for the estimation of residual effects of
treatments", 1949, for the square.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from deltaedit_kit.support.errors import HIGHEST_SEED, DeltaEditError, check_whole_number

QUESTIONS: dict[str, str] = {
    "accuracy": "Which picture does what the sentence says?",
    "realism": "Which picture looks more natural, less broken?",
}
MOST_PARTICIPANTS, MOST_ROUNDS = 1_000_000, 1_000  # a square of rounds is in memory

T = TypeVar("T")


@dataclass(frozen=True)
class Design:
    """The numbers of a study. Raises `DeltaEditError` for numbers that make no study."""

    participants: int = 40  # places; the defaults are those of DeltaEdit's own study
    rounds: int = 20  # pairs that each participant compares
    checks: int = 3  # attention checks on top of the rounds
    seed: int = 0
    questions: tuple[str, ...] = ("accuracy", "realism")

    def __post_init__(self) -> None:
        check_whole_number("participants", self.participants, 1, MOST_PARTICIPANTS)
        check_whole_number("rounds", self.rounds, 1, MOST_ROUNDS)
        check_whole_number("checks", self.checks, 0, self.rounds)
        check_whole_number("seed", self.seed, 0, HIGHEST_SEED)
        unknown = [name for name in self.questions if name not in QUESTIONS]
        if unknown or not self.questions or len(set(self.questions)) < len(self.questions):
            raise DeltaEditError(
                f"questions are {list(self.questions)}; give some of {list(QUESTIONS)}, each once"
            )


@dataclass(frozen=True)
class Round:
    """One comparison of one participant."""

    position: int  # counted from 0
    item: int  # row of the study's pairs
    check: bool  # an attention check: the item's picture against the same one with shuffled tiles
    swapped: bool  # True: the item's second picture (of a check: the shuffled one) stands left


@dataclass(frozen=True)
class Plan:
    """Everything that one participant will be asked, in order."""

    questions: tuple[str, ...]  # in every round, in this order
    rounds: tuple[Round, ...]


def plan(design: Design, items: int, participant: int) -> Plan:
    """The plan of participant 0, 1, 2, ... (there is one for every number), always the same.

    With more items than rounds, two mirrored participants see a window of the shuffled items, and
    the window moves on for the next two: sides stay balanced exactly, but how often an item is
    seen, where it stands and what it follows only as well as chance does it. Raises
    `DeltaEditError` when there are fewer items than rounds.
    """
    count = design.rounds
    if items < count:
        raise DeltaEditError(
            f"{items} pairs are too few for {count} different rounds for a participant; "
            f"give {count} pairs, or Design(rounds={max(items, 1)})"
        )
    couple, mirror = divmod(check_whole_number("participant", participant, 0), 2)
    deck = _shuffled(range(items), _random(design, "deck"))
    shown = [deck[(couple * count + k) % items] for k in range(count)]
    half = [k % 2 == 0 for k in range(count)]
    sides = [side != bool(mirror) for side in _shuffled(half, _random(design, "sides", couple))]
    order = _order(design, participant)
    rounds = [(shown[k], False, sides[k]) for k in order]

    # Checks: never first, since the first round teaches what a round is.
    chance = _random(design, "checks", participant)
    places = sorted(chance.sample(range(1, count + 1), design.checks))
    checked = chance.sample(shown, design.checks)
    mirrored = _shuffled([k % 2 == mirror for k in range(design.checks)], chance)
    for shift, (place, item, side) in enumerate(zip(places, checked, mirrored, strict=True)):
        rounds.insert(place + shift, (item, True, side))

    flipped = (couple + _random(design, "questions", couple // 2).randrange(2)) % 2
    asked = design.questions[::-1] if flipped else design.questions
    return Plan(asked, tuple(Round(position, *row) for position, row in enumerate(rounds)))


@lru_cache(maxsize=8)
def williams_square(count: int) -> tuple[tuple[int, ...], ...]:
    """Orders of 0 .. count - 1, one a row: `count` rows, or twice as many if `count` is odd.

    Every number stands in every column equally often, and right before every other equally often.
    """
    zigzag = [0]
    for step in range(1, count):  # 0, 1, count - 1, 2, count - 2, ...
        zigzag.append((step + 1) // 2 if step % 2 else count - step // 2)
    square = tuple(tuple((k + row) % count for k in zigzag) for row in range(count))
    return square if count % 2 == 0 else square + tuple(row[::-1] for row in square)


def _order(design: Design, participant: int) -> list[int]:
    """In which order a participant meets the pairs shown: a row of a square with random labels."""
    square = williams_square(design.rounds)
    block, row = divmod(participant, len(square))
    chance = _random(design, "order", block)
    labels = _shuffled(range(design.rounds), chance)
    rows = _shuffled(range(len(square)), chance)
    return [labels[k] for k in square[rows[row]]]


def _shuffled(things: Sequence[T], chance: random.Random) -> list[T]:
    return chance.sample(things, len(things))


def _random(design: Design, purpose: str, number: int = 0) -> random.Random:
    """Random numbers of their own for each purpose: one more check moves nobody's sides."""
    return random.Random(f"{design.seed} {purpose} {number}")
