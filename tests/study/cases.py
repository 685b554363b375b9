"""Small studies for the tests: pairs whose pictures are short texts, known preferences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from deltaedit_kit.labs.study.answers import Answer
from deltaedit_kit.labs.study.design import Design
from deltaedit_kit.labs.study.items import Item
from deltaedit_kit.labs.study.raters import Raters, simulated_answers

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
    logits = dict.fromkeys(design.questions, np.broadcast_to(advantage, (design.rounds,)))
    return simulated_answers(design, logits, raters, seed, (FIRST, SECOND))


def counts_of(ratings: np.ndarray) -> pd.DataFrame:
    """A tally of ratings [P, I] of 0, 1 and nan (not asked)."""
    return pd.DataFrame(ratings, dtype=float)
