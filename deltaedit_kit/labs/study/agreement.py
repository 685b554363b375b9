"""Do participants see the same thing? Krippendorff's alpha for two answers.

    alpha = 1 - D_observed / D_expected

D is the chance that two answers differ: D_observed for two answers about the same pair of pictures,
D_expected for two answers drawn from all of them. 1: everybody agrees on every pair. 0: as if each
answer were drawn blindly. A low alpha beside a clear share is no contradiction: it says that every
pair of pictures is a close call, and that people lean to the same side.

Alpha, not Fleiss' kappa, since participants may have seen different pairs; where all have seen all,
both are nearly the same number.

Citation: Krippendorff, "Computing Krippendorff's alpha-reliability", 2011; computed by the package
`krippendorff`.
"""

from __future__ import annotations

import math

import krippendorff
import numpy as np
import pandas as pd

from deltaedit_kit.support.errors import DeltaEditError


def krippendorff_alpha(counts: pd.DataFrame) -> float:
    """Nominal alpha of a `tally`, at most 1, over the pairs that at least two have answered.

    nan when every answer is the same: there is no disagreement to expect, so none to compare with.
    Raises `DeltaEditError` when no pair has two answers.
    """
    asked, wins = counts.count().to_numpy(), counts.sum().to_numpy()  # [I]
    answers = np.stack([asked - wins, wins], axis=1)  # [I, 2]: of each pair
    shared = answers[answers.sum(1) >= 2]
    if not len(shared):
        raise DeltaEditError("no pair was answered by two participants; agreement needs two")
    if not shared.sum(0).all():  # everybody gave one and the same answer
        return math.nan
    alpha = krippendorff.alpha(value_counts=shared, level_of_measurement="nominal")
    return float(alpha)
