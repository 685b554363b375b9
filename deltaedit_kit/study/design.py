"""Who sees which pair when, and on which side: random, and balanced by construction.

Idea: people prefer what is on the left, what comes first, what they are used to. None of it can
be asked away, so every such habit must meet both methods equally often. Participants come as twins:

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

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from deltaedit_kit.checks import whole_number
from deltaedit_kit.errors import DeltaEditError

QUESTIONS: dict[str, str] = {
    "accuracy": "Which picture does what the sentence says?",
    "realism": "Which picture looks more natural, less broken?",
}
SEED_LIMIT = 2**32 - 1


@dataclass(frozen=True)
class Design:
    """The numbers of a study. Raises `DeltaEditError` for numbers that make no study."""

    participants: int = 40  # places; the defaults are those of DeltaEdit's own study
    rounds: int = 20  # pairs that each participant compares
    checks: int = 3  # attention checks on top of the rounds
    seed: int = 0
    questions: tuple[str, ...] = ("accuracy", "realism")

    def __post_init__(self) -> None:
        whole_number("participants", self.participants, 1)
        whole_number("rounds", self.rounds, 1)
        whole_number("checks", self.checks, 0, self.rounds)
        whole_number("seed", self.seed, 0, SEED_LIMIT)
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

    With more pairs than rounds, twins see a window of the shuffled pairs that moves on from twins
    to twins. Raises `DeltaEditError` when there are fewer pairs than rounds.
    """
    count = design.rounds
    if items < count:
        raise DeltaEditError(
            f"{items} pairs are too few for {count} rounds a participant, none twice; "
            f"give {count} pairs, or Design(rounds={max(items, 1)})"
        )
    twins, twin = divmod(whole_number("participant", participant, 0), 2)
    deck = _random(design, "deck").permutation(items)
    shown = deck[(twins * count + np.arange(count)) % items]

    sides = _random(design, "sides", twins).permutation(np.arange(count) % 2 == 0)
    swapped = sides if twin == 0 else ~sides
    rounds = [(int(shown[k]), False, bool(swapped[k])) for k in _order(design, participant)]

    # Checks: never first, since the first round teaches what a round is.
    chance = _random(design, "checks", participant)
    places = np.sort(1 + chance.permutation(count)[: design.checks])
    checked = chance.permutation(shown)[: design.checks]
    mirrored = chance.permutation(np.arange(design.checks) % 2 == twin)
    for shift, (place, item, side) in enumerate(zip(places, checked, mirrored, strict=True)):
        rounds.insert(int(place) + shift, (int(item), True, bool(side)))

    flipped = (twins + int(_random(design, "questions", twins // 2).integers(2))) % 2
    asked = design.questions[::-1] if flipped else design.questions
    return Plan(asked, tuple(Round(position, *row) for position, row in enumerate(rounds)))


def williams_square(count: int) -> NDArray[np.int64]:
    """Orders of `count` things, one a row: `count` rows, or twice as many if `count` is odd.

    Every thing stands in every column equally often, and stands right before every other equally
    often. int64, [rows, count].
    """
    zigzag = [0]
    for step in range(1, count):  # 0, 1, count - 1, 2, count - 2, ...
        zigzag.append((step + 1) // 2 if step % 2 else count - step // 2)
    square = (np.array(zigzag) + np.arange(count)[:, None]) % count
    return square if count % 2 == 0 else np.concatenate([square, square[:, ::-1]])


def _order(design: Design, participant: int) -> NDArray[np.int64]:
    """In which order a participant meets the pairs shown: a row of a square with random labels."""
    square = _cached_square(design.rounds)
    block, row = divmod(participant, len(square))
    chance = _random(design, "order", block)
    labels, rows = chance.permutation(design.rounds), chance.permutation(len(square))
    return labels[square[rows[row]]]


@lru_cache(maxsize=8)
def _cached_square(count: int) -> NDArray[np.int64]:
    return williams_square(count)


def _random(design: Design, purpose: str, number: int = 0) -> np.random.Generator:
    """Random numbers of their own for each purpose: one more check moves nobody's sides."""
    return np.random.default_rng([design.seed, *purpose.encode(), number])
