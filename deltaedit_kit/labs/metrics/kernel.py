"""KID: do two sets of pictures look alike, without the assumption that features are normal?

    MMD² = mean_{i≠j} k(x_i, x_j) + mean_{i≠j} k(y_i, y_j) - 2 mean k(x_i, y_j)
    k(x, y) = (x · y / E + 1)³

Unlike the Fréchet distance this estimate is right on average however few pictures there are, so
it may be a little below zero. torchmetrics gives the same number (a test compares them), but only
from pictures and its own pool of subsets.

Source: Binkowski et al., arXiv:1801.01401.
"""

from __future__ import annotations

from torch import Tensor

from deltaedit_kit.labs.metrics.features import check_clouds


def kernel_distance(first: Tensor, second: Tensor) -> float:
    """Unbiased MMD² between features [n, E] and [m, E].

    Raises DeltaEditError for other shapes, NaN, or fewer than two rows.
    """
    check_clouds(first, second, rows=2)
    first, second = first.cpu().double(), second.cpu().double()  # some GPUs have no float64
    within = _mean_of_pairs(first) + _mean_of_pairs(second)
    return float(within - 2 * _kernel(first, second).mean())


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    return (x @ y.T / x.shape[1] + 1).pow(3)


def _mean_of_pairs(x: Tensor) -> Tensor:
    values = _kernel(x, x)
    return (values.sum() - values.trace()) / (len(x) * (len(x) - 1))
