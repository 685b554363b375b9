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

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from deltaedit_kit.labs.metrics.interval import expanded_tail
from deltaedit_kit.labs.study.tally import Tally
from deltaedit_kit.support.errors import DeltaEditError

DRAWS = 4000  # bootstrap samples: the ends of an interval then move by about .001 with the seed
CHUNK = 500  # of them at a time, so that memory stays flat; DRAWS is a multiple


@dataclass(frozen=True)
class Preference:
    """The answer to one question about one pair of methods."""

    question: str
    first: str
    second: str
    share: float  # of answers that preferred `first`
    low: float  # the interval for it
    high: float
    confidence: float
    p_answers: float  # two-sided; too small when the answers of a person are alike
    p_people: float
    answers: int
    participants: int


def preference(
    counts: Tally, confidence: float = 0.95, over: str = "participants", seed: int = 0
) -> Preference:
    """Share, interval and tests of a tally.

    Raises `DeltaEditError` for a single participant, who says nothing about people, and for a
    confidence outside (0, 1).
    """
    low, high = bootstrap_interval(counts, confidence, over, seed)
    return Preference(
        question=counts.question,
        first=counts.first,
        second=counts.second,
        share=counts.share,
        low=low,
        high=high,
        confidence=confidence,
        p_answers=exact_binomial(counts.wins.sum(), counts.asked.sum()),
        p_people=sign_test(counts),
        answers=int(counts.asked.sum()),
        participants=len(counts.wins),
    )


def exact_binomial(wins: float, answers: float) -> float:
    """Two-sided exact p-value of `wins` out of `answers` (>= 1) if both were equally likely."""
    return float(stats.binomtest(round(wins), round(answers), 0.5).pvalue)


def sign_test(counts: Tally) -> float:
    """Exact binomial over participants: does each one's majority go to `first`? Ties abstain."""
    margin = counts.shares - 0.5
    decided = int((margin != 0).sum())
    return exact_binomial(int((margin > 0).sum()), decided) if decided else 1.0


def bootstrap_interval(
    counts: Tally, confidence: float = 0.95, over: str = "participants", seed: int = 0
) -> tuple[float, float]:
    """Low and high end of the share, resampling `over` "participants" or "both" (and pairs).

    When all participants have the same share (with "both": when all answers are the same),
    resampling shows no spread although there may be some: then it is the exact interval of as many
    yes-or-no answers as there are participants (or pairs, if fewer).
    Raises `DeltaEditError` for fewer than two participants or, with "both", two pairs.
    """
    if not 0.0 < confidence < 1.0:
        raise DeltaEditError(f"confidence is {confidence}; give a number between 0 and 1, say 0.95")
    if over not in ("participants", "both"):
        raise DeltaEditError(f"over is {over!r}; give 'participants' or 'both'")
    people, items = counts.wins.shape
    if people < 2 or (over == "both" and items < 2):
        raise DeltaEditError(
            f"{people} participants and {items} pairs are too few for an interval; collect more"
        )
    fewest = people if over == "participants" else min(people, items)
    alike = np.ptp(counts.shares) == 0.0 if over == "participants" else counts.share in (0.0, 1.0)
    if alike:
        return _clopper_pearson(counts.share * fewest, fewest, confidence)
    drawn = _drawn_shares(counts, over, np.random.default_rng(seed))
    tail = expanded_tail(fewest, confidence)
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def _drawn_shares(counts: Tally, over: str, chance: np.random.Generator) -> NDArray[np.float64]:
    """Shares of resampled studies, [B]: wᵀ wins v / wᵀ asked v with multinomial w and v."""
    people, items = counts.wins.shape
    parts = []
    for _ in range(DRAWS // CHUNK):
        who = chance.multinomial(people, np.full(people, 1 / people), size=CHUNK)  # [C, P]
        which = np.ones((CHUNK, items))
        if over == "both":
            which = chance.multinomial(items, np.full(items, 1 / items), size=CHUNK)  # [C, I]
        wins = ((who @ counts.wins) * which).sum(1)
        asked = ((who @ counts.asked) * which).sum(1)
        parts.append(wins[asked > 0] / asked[asked > 0])  # sparse tables can leave nothing asked
    return np.concatenate(parts)


def _clopper_pearson(wins: float, count: int, confidence: float) -> tuple[float, float]:
    """The exact interval of a binomial share; `wins` may be a fraction."""
    tail = (1 - confidence) / 2
    low = stats.beta.ppf(tail, wins, count - wins + 1) if wins > 0 else 0.0
    high = stats.beta.ppf(1 - tail, wins + 1, count - wins) if wins < count else 1.0
    return float(low), float(high)
