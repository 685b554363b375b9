"""Fréchet distance between two clouds of feature vectors: do the pictures look alike as a set?

Idea: describe each cloud by its mean μ and covariance C as if it were normal; the distance between
two normals has a closed form:

    d² = |μ₁ - μ₂|² + tr(C₁ + C₂ - 2 (C₁^½ C₂ C₁^½)^½)

The number depends on the features and on how many pictures there are, so it only means something
beside the same distance between two disjoint sets of real pictures. With Inception's features it is
the FID. Means and covariances add up, so that runs are stored by their moments, pooled, and left
out one by one for an interval; torchmetrics gives the same distance (a test compares them), but
keeps the moments to itself.

Citation: Heusel et al., arXiv:1706.08500, equation 6; Dowson & Landau 1982 for the formula.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import torch
from torch import Tensor

from deltaedit_kit.labs.metrics.features import check_clouds
from deltaedit_kit.labs.metrics.interval import FewSamples, Interval, student_reach
from deltaedit_kit.support.errors import DeltaEditError

ENOUGH = 1000  # pictures below which a warning says that the distance is too high


@dataclass(frozen=True)
class Moments:
    """A cloud of features as its count, mean [E] and scatter [E, E] (covariance times n - 1)."""

    n: int
    mean: Tensor
    scatter: Tensor

    @classmethod
    def of(cls, features: Tensor) -> Moments:
        """The moments of features [n, E], n >= 1. DeltaEditError for other shapes and NaN."""
        check_clouds(features)
        features = features.detach().cpu().double()  # some GPUs have no float64
        mean = features.mean(0)
        centred = features - mean
        return cls(len(features), mean, centred.T @ centred)

    def __add__(self, other: Moments) -> Moments:
        """The moments of both clouds together (Chan et al. 1979): no sum of squares to cancel."""
        n, gap = self.n + other.n, other.mean - self.mean
        mean = self.mean + gap * (other.n / n)
        shift = torch.outer(gap, gap) * (self.n * other.n / n)
        return Moments(n, mean, self.scatter + other.scatter + shift)

    @property
    def covariance(self) -> Tensor:
        """C [E, E], unbiased."""
        return self.scatter / (self.n - 1)


def frechet_distance(first: Tensor, second: Tensor) -> float:
    """d² between clouds [n, E] and [m, E]; 0 for equal means and covariances.

    Raises DeltaEditError for other shapes, differing widths, NaN or fewer than two rows.
    """
    check_clouds(first, second, rows=2)
    return frechet_of_moments(Moments.of(first), Moments.of(second))


def frechet_of_moments(first: Moments, second: Moments) -> float:
    """d² between two clouds whose moments are known. DeltaEditError for clouds of one row."""
    if min(first.n, second.n) < 2:
        raise DeltaEditError("a cloud of features needs at least two rows")
    gap = (first.mean - second.mean).square().sum()
    c1, c2 = first.covariance, second.covariance
    root = _root(c1)
    # The product is symmetric only up to rounding; its eigenvalues are those of C₁ C₂.
    shared = torch.linalg.eigvalsh(root @ c2 @ root).clamp(min=0).sqrt().sum()
    return float((gap + c1.trace() + c2.trace() - 2 * shared).clamp(min=0))


def frechet_interval(groups: Sequence[Moments], reference: Moments) -> Interval:
    """d² of all groups together, with a delete-one-group jackknife interval.

    A plain bootstrap would raise the distance, since a resample has fewer different pictures; the
    jackknife (Tukey 1958) leaves out a group at a time: a sentence, say. Its standard error is
    taken Student's number of times. Warns with `FewSamples` below 1,000 pictures; the interval is
    nan with fewer than three groups.
    """
    if not groups:
        raise DeltaEditError("FID has no features yet; add some")
    whole = reduce(add, groups)
    value = frechet_of_moments(whole, reference)
    if whole.n < ENOUGH:
        text = f"FID from {whole.n} pictures is too high by an unknown amount; give {ENOUGH}"
        warnings.warn(text, FewSamples, stacklevel=2)
    count = len(groups)
    if count < 3:
        return Interval(value, float("nan"), float("nan"), whole.n)
    left_out = [
        frechet_of_moments(reduce(add, [*groups[:k], *groups[k + 1 :]]), reference)
        for k in range(count)
    ]
    spread = torch.tensor(left_out, dtype=torch.float64)
    error = ((count - 1) / count * (spread - spread.mean()).square().sum()).sqrt()
    reach = student_reach(count) * float(error)
    return Interval(value, max(0.0, value - reach), value + reach, whole.n)


def _root(covariance: Tensor) -> Tensor:
    """The symmetric square root of a covariance matrix."""
    values, vectors = torch.linalg.eigh(covariance)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors.T
