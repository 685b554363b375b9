"""A mean with its bootstrap interval, from a stream of any length in constant memory.

    replicate b:   m_b = Σ_i c_ib x_i / Σ_i c_ib,    c_ib ~ Poisson(1)
    interval       the middle 95 % of m_1 .. m_B

The ordinary bootstrap draws n of n values with replacement, so that each value is drawn about
Poisson(1) times; drawing these counts one by one needs no list of the values (the online bootstrap:
Chamandy et al. 2012, "Estimating uncertainty for massive data streams"; Efron 1979 for the idea).
The middle 95 % of few values is too short, so its ends are moved out until it is as wide as
Student's t asks (the expanded percentile interval: Hesterberg, arXiv:1411.5279, section 4.4).

A share of yes and no has Wilson's interval (JASA 22, 1927): 100 of 100 is not yet certainty.
"""

from __future__ import annotations

import math
import warnings
from typing import NamedTuple

import torch
from scipy import stats
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError

REPLICATES = 400
LEVEL = 0.95


def student_reach(n: int) -> float:
    """Half the width of a 95 % interval in standard errors that n >= 2 values tell of."""
    return float(stats.t.ppf(0.5 + LEVEL / 2, n - 1))


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


class RunningMean:
    """Feed values with `add`, read the mean and its interval with `result`."""

    def __init__(self, name: str = "the mean", minimum: int = 30, seed: int = 0) -> None:
        self.name, self.minimum = name, minimum
        self._random = torch.Generator().manual_seed(seed)
        self._sums = torch.zeros(REPLICATES, dtype=torch.float64)
        self._counts = torch.zeros(REPLICATES, dtype=torch.float64)
        self._total, self._n = 0.0, 0

    def add(self, values: Tensor) -> None:
        """Take values [n] in. Raises DeltaEditError for NaN; infinity (a PSNR) is allowed."""
        values = values.detach().flatten().cpu().double()  # some GPUs have no float64
        if bool(values.isnan().any()):
            raise DeltaEditError(f"{self.name} got a NaN; look at the pictures it comes from")
        counts = torch.poisson(torch.ones(len(values), REPLICATES), generator=self._random)
        counts = counts.double()
        # Infinity times a count of zero is no NaN here: it was not drawn.
        drawn = torch.where(counts > 0, values[:, None] * counts, 0.0)
        self._sums += drawn.sum(0)
        self._counts += counts.sum(0)
        self._total += float(values.sum())
        self._n += len(values)

    def result(self) -> Interval:
        """The mean of all values so far; warns with `FewSamples` below the minimum.

        Raises DeltaEditError when nothing was added.
        """
        if self._n == 0:
            raise DeltaEditError(f"{self.name} has no values yet; add some")
        if self._n < self.minimum:
            text = f"{self.name} from {self._n} values; its interval means little below"
            warnings.warn(f"{text} {self.minimum}", FewSamples, stacklevel=2)
        mean = self._total / self._n
        if self._n == 1 or math.isinf(mean):
            return Interval(mean, math.nan, math.nan, self._n)
        means = (self._sums / self._counts)[self._counts > 0]
        wide = student_reach(self._n) * math.sqrt(self._n / (self._n - 1))
        tail = float(stats.norm.sf(wide))  # a little below 2.5 %
        low, high = means.quantile(torch.tensor([tail, 1 - tail]).double())
        return Interval(mean, float(low), float(high), self._n)


def mean_interval(
    values: Tensor, name: str = "the mean", minimum: int = 30, seed: int = 0
) -> Interval:
    """The mean of values [n] and its interval, in one call; see `RunningMean`."""
    running = RunningMean(name, minimum, seed)
    running.add(values)
    return running.result()


def share_interval(values: Tensor) -> Interval:
    """The share of ones among zeros and ones [n], with Wilson's interval.

    Raises DeltaEditError for no values and for others.
    """
    if len(values) == 0 or not bool(((values == 0) | (values == 1)).all()):
        raise DeltaEditError("a share needs zeros and ones, at least one of them")
    found = stats.binomtest(int(values.sum()), len(values))
    ends = found.proportion_ci(LEVEL, method="wilson")
    return Interval(found.statistic, float(ends.low), float(ends.high), len(values))
