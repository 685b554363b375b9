"""A mean with its 95 % interval, and what an interval of few values is worth.

    replicate b:   m_b = mean of n values drawn with replacement from x_1 .. x_n
    interval       the middle 95 % of m_1 .. m_B

The middle 95 % of few values is too short, so its ends are moved out until it is as wide as
Student's t asks (the expanded percentile interval: Hesterberg, arXiv:1411.5279, section 4.4):
`scipy.stats.bootstrap` at a higher level. A share of yes and no has Wilson's interval (JASA 22,
1927): 100 of 100 is not yet certainty.
"""

from __future__ import annotations

import math
import warnings
from typing import NamedTuple

import numpy as np
from scipy import stats
from torch import Tensor

from deltaedit_kit.support.errors import DeltaEditError

REPLICATES = 1000
LEVEL = 0.95
ENOUGH = 30  # values below which a warning says that the interval is a guess


def student_reach(n: int) -> float:
    """Half the width of a 95 % interval in standard errors that n >= 2 values tell of."""
    return float(stats.t.ppf((1 + LEVEL) / 2, n - 1))


def expanded_tail(n: int) -> float:
    """Share beyond each end of a percentile interval over n values that is as wide as Student's."""
    return float(stats.norm.sf(student_reach(n) * math.sqrt(n / (n - 1))))


class FewSamples(UserWarning):
    """A number was computed from so few values that its interval is a guess."""


class Interval(NamedTuple):
    """A value, the ends of its 95 % interval (nan where there is none), and how many values."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def mean_interval(values: Tensor, name: str = "the mean", seed: int = 0) -> Interval:
    """The mean of values [n] and its bootstrap interval; warns with `FewSamples` below 30 values.

    Raises DeltaEditError for no values and NaN; infinity (a PSNR of equal pictures) is allowed.
    """
    data = values.detach().flatten().cpu().double().numpy()
    if len(data) == 0:
        raise DeltaEditError(f"{name} has no values yet; add some")
    if np.isnan(data).any():
        raise DeltaEditError(f"{name} got a NaN; look at the pictures it comes from")
    n, mean = len(data), float(data.mean())
    if n < ENOUGH:
        text = f"{name} from {n} values; its interval means little below {ENOUGH}"
        warnings.warn(text, FewSamples, stacklevel=2)
    if n == 1 or math.isinf(mean):
        return Interval(mean, math.nan, math.nan, n)
    found = stats.bootstrap(
        (data,),
        np.mean,
        n_resamples=REPLICATES,
        confidence_level=1 - 2 * expanded_tail(n),  # a little above 95 %
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(mean, float(found.low), float(found.high), n)


def share_interval(values: Tensor) -> Interval:
    """The share of ones among zeros and ones [n], with Wilson's interval.

    Raises DeltaEditError for no values and for others.
    """
    if len(values) == 0 or not bool(((values == 0) | (values == 1)).all()):
        raise DeltaEditError("a share needs zeros and ones, at least one of them")
    found = stats.binomtest(int(values.sum()), len(values))
    ends = found.proportion_ci(LEVEL, method="wilson")
    return Interval(found.statistic, float(ends.low), float(ends.high), len(values))
