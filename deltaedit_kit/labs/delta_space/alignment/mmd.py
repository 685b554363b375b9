"""Maximum mean discrepancy: a kernel's answer to "are these two clouds one?", with a p-value.

With a Gaussian kernel k(a, b) = exp(-|a - b|² / 2σ²) and σ the median distance of all rows,

    MMD²_u = 1 / (n (n - 1)) Σ_{k≠l} h_kl
    h_kl   = k(x_k, x_l) + k(y_k, y_l) - k(x_k, y_l) - k(y_k, x_l)

is unbiased, so it may be a little below 0 for equal clouds. The null comes from permutations that
swap x_k and y_k inside pairs. Such a swap turns the sign of row and column k of h, so a whole
permutation is a vector of signs s and its MMD² is sᵀ h s / (n (n - 1)): all of them are one product
of matrices. The p-value is exact whether or not partners resemble one another.

Source: Gretton et al., A Kernel Two-Sample Test, JMLR 13 (2012), equation 4 and section 8.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from sklearn.metrics.pairwise import euclidean_distances

from deltaedit_kit.labs.delta_space.alignment.measure import Measure
from deltaedit_kit.labs.delta_space.alignment.pairs import Pair
from deltaedit_kit.support.errors import DeltaEditError, check_number, check_whole_number


def mmd(
    first: ArrayLike,
    second: ArrayLike,
    bandwidth: float | None = None,
    permutations: int = 500,
    seed: int = 0,
) -> Measure:
    """MMD² of two clouds [n, E] with p from `permutations` swaps inside pairs; null 0.

    `bandwidth` is σ, None the median of the distances. Works on an [2n, 2n] table: 2×1,500 rows
    take 72 MB. Raises DeltaEditError as `Pair.of` does, for a bandwidth that is not above 0, and
    where all rows are equal.
    """
    pair = Pair.of(first, second)
    permutations = check_whole_number("permutations", permutations, 1)
    n = len(pair.first)
    if bandwidth is not None and check_number("bandwidth", bandwidth) <= 0:
        raise DeltaEditError(f"bandwidth is {bandwidth:g}; give a number above 0, or None")
    h = _h(pair, bandwidth)
    value = float(h.sum() / (n * (n - 1)))
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(permutations, n))
    null = ((signs @ h) * signs).sum(axis=1) / (n * (n - 1))
    # The identity is one of the permutations: p is never 0 and never too small.
    p = (1 + int((null >= value).sum())) / (1 + permutations)
    return Measure("MMD²", value, 0.0, "null", "lower", p=p)


def _median(squares: Float[np.ndarray, "m m"]) -> float:
    """The median distance of two different rows, from all squared distances."""
    median = float(np.sqrt(np.median(squares[np.triu_indices(len(squares), 1)])))
    if median == 0:
        raise DeltaEditError("most rows are equal, so no kernel width fits; give a bandwidth")
    return median


def _h(pair: Pair, bandwidth: float | None) -> Float[np.ndarray, "n n"]:
    """h without its diagonal, which the sum leaves out."""
    squares = euclidean_distances(pair.pooled(), squared=True)
    sigma = _median(squares) if bandwidth is None else bandwidth
    kernel = np.exp(squares / (-2 * sigma**2))
    n = len(pair.first)
    h = kernel[:n, :n] + kernel[n:, n:] - kernel[:n, n:] - kernel[n:, :n]
    np.fill_diagonal(h, 0.0)
    return h
