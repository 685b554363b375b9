"""Do participants see the same thing? Krippendorff's alpha for two answers.

    alpha = 1 - D_observed / D_expected

D is the chance that two answers differ: D_observed for two answers about the same pair of pictures,
D_expected for two answers drawn from all of them. 1: everybody agrees on every pair. 0: as if each
answer were drawn blindly. A low alpha beside a clear share is no contradiction: it says that every
pair of pictures is a close call, and that people lean to the same side.

Alpha, not Fleiss' kappa, since participants may have seen different pairs; where all have seen all,
both are nearly the same number.

Citation: Krippendorff, "Computing Krippendorff's alpha-reliability", 2011.
"""

from __future__ import annotations

import math

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.study.tally import Tally


def krippendorff_alpha(counts: Tally) -> float:
    """Nominal alpha over the pairs that two participants or more have answered, at most 1.

    nan when every answer is the same: there is no disagreement to expect, so none to compare with.
    Raises `DeltaEditError` when no pair has two answers.
    """
    raters, wins = counts.asked.sum(0), counts.wins.sum(0)  # [I]
    shared = raters >= 2
    raters, wins = raters[shared], wins[shared]
    total = raters.sum()
    if not total:
        raise DeltaEditError("no pair was answered by two participants; agreement needs two")
    # Ordered pairs of answers that differ: within a pair of pictures, and over all answers.
    observed = (2 * wins * (raters - wins) / (raters - 1)).sum() / total
    ones = wins.sum()
    expected = 2 * ones * (total - ones) / (total * (total - 1))
    return float(1 - observed / expected) if expected > 0 else math.nan
