"""Mixing: among the nearest neighbours of a point, how many come from the other cloud?

    mixing = mean over all 2n points of  (neighbours from the other cloud among the k nearest) / k

Two clouds that coincide mix like shuffled cards: n of a point's 2n - 1 fellows are of the other
kind, so the ideal is n / (2n - 1), a little above one half. Clouds apart give 0, which a flat
picture of them can hide. One twist is worth knowing: pairs that all coincide *exactly* give more
than the ideal, since each point's nearest fellow is then its partner.

Source: the k-nearest-neighbour test of Schilling, JASA 81 (1986), turned round.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.neighbors import NearestNeighbors

from deltaedit_kit.errors import check_whole_number
from deltaedit_kit.labs.delta_space.alignment.measure import Measure
from deltaedit_kit.labs.delta_space.alignment.pairs import Pair


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
