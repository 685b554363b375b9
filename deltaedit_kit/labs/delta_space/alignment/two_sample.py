"""Two-sample tests: if no classifier, neighbour or kernel tells the clouds apart, they are alike.

    accuracy of a classifier "which cloud does this row come from?" on rows it was not trained on;
    chance is 1/2, and under the null the number of hits is Binomial(2n, 1/2)

    mixing = mean over all 2n points of  (neighbours from the other cloud among the k nearest) / k

Two classifiers see different things: a linear one sees means and directions of spread, k nearest
neighbours see density and shape. Differences d of exchangeable pairs defeat every linear one that
passes through the origin, as d and -d are equally likely; kNN is not fooled.

A pair stays together, in training or in test: a row's own partner is never its teacher.

Two clouds that coincide mix like shuffled cards: n of a point's 2n - 1 fellows are of the other
kind, so the ideal is n / (2n - 1), a little above one half. Clouds apart give 0, which a flat
picture of them can hide. One twist is worth knowing: pairs that all coincide *exactly* give more
than the ideal, since each point's nearest fellow is then its partner.

Maximum mean discrepancy asks a kernel: with k(a, b) = exp(-|a - b|² / 2σ²), σ the median distance,

    MMD²_u = 1 / (n (n - 1)) Σ_{k≠l} h_kl
    h_kl   = k(x_k, x_l) + k(y_k, y_l) - k(x_k, y_l) - k(y_k, x_l)

is unbiased, so it may be a little below 0 for equal clouds. The null comes from permutations that
swap x_k and y_k inside pairs. Such a swap turns the sign of row and column k of h, so a whole
permutation is a vector of signs s and its MMD² is sᵀ h s / (n (n - 1)): all of them are one product
of matrices. The p-value is exact whether or not partners resemble one another.

Source: Lopez-Paz & Oquab, Revisiting Classifier Two-Sample Tests, ICLR 2017 (arXiv:1610.06545);
interval: Wilson, JASA 22 (1927); mixing: the k-nearest-neighbour test of Schilling, JASA 81 (1986),
turned round; MMD: Gretton et al., A Kernel Two-Sample Test, JMLR 13 (2012), equation 4, section 8.
"""

from __future__ import annotations

from itertools import count
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.stats import binomtest
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from deltaedit_kit.labs.delta_space.alignment.measure import Measure
from deltaedit_kit.labs.delta_space.alignment.pairs import Pair
from deltaedit_kit.support.errors import DeltaEditError, check_number, check_whole_number

Kind = Literal["knn", "linear"]


def classifier_test(
    first: ArrayLike,
    second: ArrayLike,
    kind: Kind = "knn",
    k: int = 10,
    folds: int = 5,
    seed: int = 0,
) -> Measure:
    """Cross-validated accuracy with Wilson's 95 % interval; null 1/2, p one-sided (binomial).

    "knn" votes among the k nearest rows (Euclidean), "linear" is least squares with a ridge of 1.
    The folds share their training rows, so the interval is slightly too narrow. An accuracy
    *below* 1/2 is no evidence of a difference: it is what centring on the mean of all rows does.
    Raises DeltaEditError as `Pair.of` does, for an unknown kind, and for too few rows.
    """
    k, folds = check_whole_number("k", k, 1), check_whole_number("folds", folds, 2)
    if kind not in get_args(Kind):
        raise DeltaEditError(f"no classifier is called {kind!r}; use 'knn' or 'linear'")
    # The largest fold takes ⌈n / folds⌉ pairs; two rows of each other pair teach, and kNN needs k.
    needed = next(n for n in count(folds) if 2 * (n - -(-n // folds)) >= k)
    pair = Pair.of(first, second, at_least=needed)
    n = len(pair.first)
    labels = np.repeat([0, 1], n)
    nearest = KNeighborsClassifier(k, algorithm="brute")
    predicted = cross_val_predict(
        RidgeClassifier(alpha=1.0) if kind == "linear" else nearest,
        pair.pooled(),
        labels,
        groups=np.tile(np.arange(n), 2),
        cv=GroupKFold(folds, shuffle=True, random_state=seed),
    )
    test = binomtest(int(np.count_nonzero(predicted == labels)), 2 * n, 0.5, alternative="greater")
    interval = binomtest(test.k, test.n).proportion_ci(0.95, method="wilson")
    return Measure(
        f"{'kNN' if kind == 'knn' else 'linear'} two-sample accuracy",
        test.k / test.n,
        0.5,
        "null",
        "lower",
        float(interval.low),
        float(interval.high),
        float(test.pvalue),
    )


def mixing(first: ArrayLike, second: ArrayLike, k: int = 10) -> Measure:
    """Share of the k nearest (Euclidean) that belong to the other cloud; ideal n / (2n - 1).

    Raises DeltaEditError as `Pair.of` does, and for k < 1 or clouds of fewer than k + 1 rows.
    """
    k = check_whole_number("k", k, 1)
    pair = Pair.of(first, second, at_least=k + 1)
    n = len(pair.first)
    search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(pair.pooled())
    found = search.kneighbors(return_distance=False)  # without the point itself
    from_second = found >= n
    foreign = np.concatenate((from_second[:n], ~from_second[n:]))
    return Measure(f"kNN mixing (k={k})", float(foreign.mean()), n / (2 * n - 1), "ideal", "nearer")


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
