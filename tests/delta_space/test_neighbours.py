"""kNN mixing: nothing for clouds apart, one half for one cloud split in two."""

from __future__ import annotations

import numpy as np
import pytest

from deltaedit_kit.labs.delta_space.alignment import mixing
from deltaedit_kit.support.errors import DeltaEditError
from tests.delta_space.small_clouds import gaussian, unrelated


def mixing_by_hand(first: np.ndarray, second: np.ndarray, k: int) -> float:
    rows, n = np.concatenate((first, second)), len(first)
    shares = []
    for row in range(2 * n):
        distances = np.linalg.norm(rows - rows[row], axis=1)
        distances[row] = np.inf
        nearest = np.argsort(distances)[:k]
        shares.append(np.mean((nearest >= n) != (row >= n)))
    return float(np.mean(shares))


def test_as_counted_by_hand() -> None:
    first, second = unrelated(40, 5).first, gaussian(40, 5, seed=9, shift=0.8)
    assert mixing(first, second, 7).value == pytest.approx(mixing_by_hand(first, second, 7))


def test_apart_together_and_paired_too_well() -> None:
    first = gaussian(200, 5, seed=0)
    assert mixing(first, first + 50.0).value == 0.0
    together = mixing(*unrelated(200, 5))
    assert together.value == pytest.approx(together.reference, abs=0.03)
    assert together.reference == pytest.approx(200 / 399)
    partners = mixing(first, first + 1e-6, k=1)
    assert partners.value == 1.0
    distances = [abs(one.value - one.reference) for one in (partners, together)]
    assert distances[0] > distances[1]  # more than the ideal is no better


def test_fewer_points_than_neighbours() -> None:
    with pytest.raises(DeltaEditError, match=r"at least 11 pairs, got 6; .* fewer neighbours"):
        mixing(gaussian(6, 3, 0), gaussian(6, 3, 1), k=10)
