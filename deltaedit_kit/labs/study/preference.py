"""Which method do people prefer, how sure is that, and could it be chance?

    share       = wins / answers
    interval    bootstrap over participants: draw P of the P participants with replacement, B times
    p_answers   exact binomial test of `share = 1/2` over all answers, as if each stood alone
    p_people    the same over participants: how many prefer `first` in most of their answers

Idea: 800 answers of 40 people are not 800 independent facts, for those of one person are alike. So
intervals resample *people*, and the test over people is the one to trust; the test over answers is
what papers print. To speak about other sentences than those of the study, resample the pairs as
well (`over="both"`). Percentile intervals of few people are a little too short: their ends are
moved out so that they are as wide as Student's t asks.

Citation: Hesterberg, "What teachers should know about the bootstrap", arXiv:1411.5279, section 4.4
(the expanded percentile interval); Owen, "The pigeonhole bootstrap", 2007 (people and pairs);
Clopper & Pearson 1934 for the exact interval.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from deltaedit_kit.labs.metrics.interval import LEVEL, expanded_tail
from deltaedit_kit.support.errors import DeltaEditError

SEED = 0
DRAWS = 4000  # bootstrap samples: the ends of an interval then move by about .001 with the seed
CHUNK = 500  # of them at a time, so that memory stays flat; DRAWS is a multiple


class Preference(NamedTuple):
    """The answer to one question about two methods."""

    share: float  # of answers that preferred `first`
    low: float  # the 95 % interval for it
    high: float
    p_people: float
    p_answers: float  # two-sided; too small when the answers of a person are alike


def preference(counts: pd.DataFrame, over: str = "participants") -> Preference:
    """Share, interval and tests of a `tally`; `over` is what the interval resamples.

    Raises `DeltaEditError` as `bootstrap_interval` does.
    """
    wins, answers = float(counts.sum().sum()), float(counts.count().sum())
    interval = bootstrap_interval(counts, over)
    return Preference(wins / answers, *interval, sign_test(counts), exact_binomial(wins, answers))


def exact_binomial(wins: float, answers: float) -> float:
    """Two-sided exact p-value of `wins` out of `answers` (>= 1) if both were equally likely."""
    return float(stats.binomtest(round(wins), round(answers), 0.5).pvalue)


def sign_test(counts: pd.DataFrame) -> float:
    """Exact binomial over participants: does each one's majority go to `first`? Ties abstain."""
    margin = counts.mean(axis=1) - 0.5
    decided = int((margin != 0).sum())
    return exact_binomial(int((margin > 0).sum()), decided) if decided else 1.0


def bootstrap_interval(counts: pd.DataFrame, over: str = "participants") -> tuple[float, float]:
    """Low and high end of the share, resampling `over` "participants" or "both" (and pairs).

    When all participants have the same share (with "both": when all answers are the same),
    resampling shows no spread although there may be some: then it is the exact interval of as many
    yes-or-no answers as there are participants (or pairs, if fewer).
    Raises `DeltaEditError` for fewer than two participants, who say nothing about people, or, with
    "both", two pairs.
    """
    if over not in ("participants", "both"):
        raise DeltaEditError(f"over is {over!r}; give 'participants' or 'both'")
    people, items = counts.shape
    if people < 2 or (over == "both" and items < 2):
        raise DeltaEditError(
            f"{people} participants and {items} pairs are too few for an interval; collect more"
        )
    fewest = people if over == "participants" else min(people, items)
    shares, share = counts.mean(axis=1), float(np.nanmean(counts))
    alike = np.ptp(shares) == 0.0 if over == "participants" else share in (0.0, 1.0)
    if alike:
        return _clopper_pearson(share * fewest, fewest)
    drawn = _drawn_shares(counts, over)
    tail = expanded_tail(fewest)
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def _drawn_shares(counts: pd.DataFrame, over: str) -> NDArray[np.float64]:
    """Shares of resampled studies, [B]: wᵀ wins v / wᵀ asked v with multinomial w and v."""
    won, given = counts.fillna(0.0).to_numpy(), counts.notna().to_numpy(float)  # [P, I]
    people, items = counts.shape
    chance, parts = np.random.default_rng(SEED), []
    for _ in range(DRAWS // CHUNK):
        who = chance.multinomial(people, np.full(people, 1 / people), size=CHUNK)  # [C, P]
        which = np.ones((CHUNK, items))
        if over == "both":
            which = chance.multinomial(items, np.full(items, 1 / items), size=CHUNK)  # [C, I]
        wins, asked = (((who @ table) * which).sum(1) for table in (won, given))
        parts.append(wins[asked > 0] / asked[asked > 0])  # sparse tables can leave nothing asked
    return np.concatenate(parts)


def _clopper_pearson(wins: float, count: int) -> tuple[float, float]:
    """The exact interval of a binomial share; `wins` may be a fraction."""
    tail = (1 - LEVEL) / 2
    low = stats.beta.ppf(tail, wins, count - wins + 1) if wins > 0 else 0.0
    high = stats.beta.ppf(1 - tail, wins + 1, count - wins) if wins < count else 1.0
    return float(low), float(high)
