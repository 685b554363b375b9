"""How many participants do you need?

    se(N)    = sqrt( p (1 - p) / (N n) · (1 + (n - 1) ρ) )       n answers each
    power(N) = P( |T| > t_crit ),   T ~ noncentral t(N - 1, (p - 1/2) / se)

Idea: more answers of the same people soon say nothing new. ρ is how alike the answers of one
person are (the intraclass correlation): with ρ = 0 every answer counts, with ρ = 1 only people do.
The bracket is Kish's design effect. The test is Student's on the participants' shares; N is the
smallest number whose power is enough. Ask before collecting; afterwards the interval says it all.

Citation: Kish, "Survey Sampling", 1965; Fleiss, "Statistical Methods for Rates and Proportions",
2003, section 15 (the analysis-of-variance estimate of ρ).
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import stats

from deltaedit_kit.labs.metrics.interval import student_reach
from deltaedit_kit.support.errors import DeltaEditError, check_number, check_whole_number

MOST = 100_000  # participants; a study that needs more asks for a difference nobody can see


def power(share: float, participants: int, rounds: int = 20, icc: float = 0.05) -> float:
    """Chance in [0, 1] that the study finds a true preference of `share` at the level of 5 %.

    `icc` is ρ. Raises `DeltaEditError` for shares outside (0, 1), an ICC outside [0, 1], fewer than
    2 participants.
    """
    check_whole_number("rounds", rounds, 1)
    _check_share("share", share)
    if not 0 <= check_number("icc", icc) <= 1:
        raise DeltaEditError(f"icc is {icc}; give a number from 0 to 1")
    people = check_whole_number("participants", participants, 2)
    effect = 1 + (rounds - 1) * icc
    error = math.sqrt(share * (1 - share) / (people * rounds) * effect)
    shift = (share - 0.5) / error
    bound = student_reach(people)
    truth = stats.nct(people - 1, abs(shift))
    return float(truth.sf(bound) + truth.cdf(-bound))


def participants_needed(
    share: float, rounds: int = 20, icc: float = 0.05, wanted: float = 0.8
) -> int:
    """The smallest number of participants whose power is at least `wanted`.

    Raises `DeltaEditError` as `power` does, for `wanted` outside (0, 1), and for a share so near to
    a half that more than 100,000 participants would be needed.
    """
    _check_share("wanted", wanted)
    few, many = 2, 4
    while power(share, many, rounds, icc) < wanted:
        few, many = many, many * 2
        if many > MOST:
            raise DeltaEditError(
                f"a share of {share:g} is too close to 0.5 for any study; name a larger difference"
            )
    while few < many:  # power grows with people: bisect
        middle = (few + many) // 2
        enough = power(share, middle, rounds, icc) >= wanted
        few, many = (few, middle) if enough else (middle + 1, many)
    return many


def intraclass_correlation(counts: pd.DataFrame) -> float:
    """ρ as a `tally` shows it, in [0, 1]: analysis-of-variance estimate, negative ones cut to 0.

    Raises `DeltaEditError` for fewer than two participants or one answer each.
    """
    asked, wins = counts.count(axis=1).to_numpy(), counts.sum(axis=1).to_numpy()  # [P]
    people, total = len(asked), asked.sum()
    if people < 2 or total <= people:
        raise DeltaEditError(
            "the intraclass correlation needs two participants with two answers each; collect more"
        )
    between = (asked * (wins / asked - wins.sum() / total) ** 2).sum() / (people - 1)
    within = (wins * (1 - wins / asked)).sum() / (total - people)
    size = (total - (asked**2).sum() / total) / (people - 1)
    spread = between + (size - 1) * within
    return float(np.clip((between - within) / spread, 0.0, 1.0)) if spread > 0 else 0.0


def _check_share(name: str, value: float) -> None:
    if not 0 < check_number(name, value) < 1:
        raise DeltaEditError(f"{name} is {value}; give a number between 0 and 1, say 0.8")
