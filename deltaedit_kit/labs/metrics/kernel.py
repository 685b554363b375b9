"""KID: do two sets of pictures look alike, without the assumption that features are normal?

    MMD² = mean_{i≠j} k(x_i, x_j) + mean_{i≠j} k(y_i, y_j) - 2 mean k(x_i, y_j)
    k(x, y) = (x · y / E + 1)³

Unlike the Fréchet distance this estimate is right on average however few pictures there are, so
it may be a little below zero. torchmetrics gives the same number (a test compares them), but only
from pictures and its own pool of subsets.

Source: Binkowski et al., arXiv:1801.01401.
"""

from __future__ import annotations

import torch
from torch import Tensor

from deltaedit_kit.labs.metrics.features import check_widths
from deltaedit_kit.support.errors import DeltaEditError


def kernel_distance(first: Tensor, second: Tensor) -> float:
    """Unbiased MMD² between features [n, E] and [m, E].

    Raises DeltaEditError for other shapes, NaN, or fewer than two rows.
    """
    check_widths(first, second)
    if min(len(first), len(second)) < 2:
        raise DeltaEditError("a cloud of features needs at least two rows")
    first, second = first.cpu().double(), second.cpu().double()  # some GPUs have no float64
    if not bool(torch.isfinite(first).all() and torch.isfinite(second).all()):
        raise DeltaEditError("features hold NaN or infinity; look at the pictures")
    within = _mean_of_pairs(first) + _mean_of_pairs(second)
    return float(within - 2 * _kernel(first, second).mean())


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    return (x @ y.T / x.shape[1] + 1).pow(3)


def _mean_of_pairs(x: Tensor) -> Tensor:
    values = _kernel(x, x)
    return (values.sum() - values.trace()) / (len(x) * (len(x) - 1))
