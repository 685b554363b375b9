"""Small studies for the tests: pairs whose pictures are short texts, known preferences."""

from __future__ import annotations

import numpy as np

from deltaedit_kit.labs.study.answers import Answer
from deltaedit_kit.labs.study.design import Design
from deltaedit_kit.labs.study.items import Item
from deltaedit_kit.labs.study.raters import Pair, Raters, simulated_answers
from deltaedit_kit.labs.study.tally import Tally

FIRST, SECOND = "method-one", "method-two"


def fake_items(count: int) -> list[Item]:
    """Items whose "PNG files" say what they are, so that a test can read which one was shown."""
    return [
        Item(
            sentence=f"sentence {k}",
            face=f"face {k}",
            first=FIRST,
            second=SECOND,
            before_png=b"before %d" % k,
            first_png=b"first %d" % k,
            second_png=b"second %d" % k,
            intact_png=b"intact %d" % k,
            shuffled_png=b"shuffled %d" % k,
        )
        for k in range(count)
    ]


def simulated(
    advantage: float | np.ndarray, raters: Raters, design: Design, seed: int = 0
) -> list[Answer]:
    """Answers of a simulated study in which `first` has this advantage, in logits."""
    pairs = [Pair(f"sentence {k}", f"face {k}", FIRST, SECOND) for k in range(design.rounds)]
    logits = np.broadcast_to(np.asarray(advantage, dtype=float), (design.rounds,))
    return simulated_answers(design, pairs, dict.fromkeys(design.questions, logits), raters, seed)


def counts_of(ratings: np.ndarray) -> Tally:
    """Ratings [P, I] of 0, 1 and nan (not asked)."""
    ratings = ratings.astype(float)
    asked = ~np.isnan(ratings)
    return Tally("accuracy", "a", "b", np.where(asked, ratings, 0.0), asked.astype(float))
