"""MMD against a double loop, against the closed form of two Gaussians, and its p-values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from deltaedit_kit.labs.delta_space.alignment import mmd
from deltaedit_kit.support.errors import DeltaEditError
from tests.delta_space.small_clouds import gaussian, related, unrelated


def plain_mmd(first: np.ndarray, second: np.ndarray, sigma: float) -> float:
    """Equation 4 of Gretton et al. 2012 as it is written there."""

    def k(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.exp(-((a - b) ** 2).sum() / (2 * sigma**2)))

    n, total = len(first), 0.0
    for a in range(n):
        for b in range(n):
            if a != b:
                same = k(first[a], first[b]) + k(second[a], second[b])
                total += same - k(first[a], second[b]) - k(second[a], first[b])
    return total / (n * (n - 1))


def gaussian_mmd(width: int, shift: float, sigma: float) -> float:
    """MMD² of N(0, I) and N(shift·1, I) under a Gaussian kernel, by the convolution of normals."""
    factor = (sigma**2 / (sigma**2 + 2)) ** (width / 2)
    return 2 * factor * (1 - np.exp(-width * shift**2 / (2 * (sigma**2 + 2))))


def test_as_the_plain_double_sum() -> None:
    first, second = gaussian(25, 4, 0), gaussian(25, 4, 1, shift=0.5)
    one = mmd(first, second, bandwidth=1.7, permutations=5)
    assert one.value == pytest.approx(plain_mmd(first, second, 1.7), rel=1e-9)


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.5])
def test_closed_form_of_two_gaussians(shift: float) -> None:
    first, second = gaussian(1500, 3, 0), gaussian(1500, 3, 1, shift=shift)
    value = mmd(first, second, bandwidth=2.0, permutations=1).value
    assert value == pytest.approx(gaussian_mmd(3, shift, 2.0), abs=0.006)


def test_zero_on_equal_clouds_and_far_from_it_on_distant_ones() -> None:
    first = gaussian(60, 4, 0)
    same, apart = mmd(first, first), mmd(first, first + 100.0)
    assert same.value == pytest.approx(0, abs=1e-12)
    assert same.p == 1.0
    assert apart.value > 0.4
    assert apart.p == pytest.approx(1 / 501)


def test_swapping_inside_pairs_is_the_same_as_swapping_rows() -> None:
    """The sign trick: MMD² of really swapped clouds is s'hs."""
    pair = related(n=12, noise=0.5, gap=1.0)
    values = []
    for seed in range(20):
        swap = np.random.default_rng(seed).random(12) < 0.5
        first = np.where(swap[:, None], pair.second, pair.first)
        second = np.where(swap[:, None], pair.first, pair.second)
        values.append(mmd(first, second, bandwidth=2.0, permutations=1).value)
    observed = mmd(*pair, bandwidth=2.0, permutations=4000)
    share = np.mean([value >= observed.value - 1e-12 for value in values])
    assert observed.p == pytest.approx(share, abs=0.1)


@pytest.mark.parametrize("draw", [unrelated, lambda n, w, seed: _dependent(n, w, seed)])
def test_p_values_are_uniform_under_the_null(draw) -> None:
    """Independent clouds, and pairs whose partners resemble one another: exact for both."""
    p = [mmd(*draw(25, 3, seed), permutations=199, seed=seed).p for seed in range(200)]
    assert kstest(p, "uniform").pvalue > 0.01


def _dependent(n: int, width: int, seed: int):
    shared, own, other = (gaussian(n, width, 1000 + 3 * seed + k) for k in range(3))
    return shared + own, shared + other


def test_wrong_bandwidth_and_equal_rows() -> None:
    first = gaussian(10, 3, 0)
    with pytest.raises(DeltaEditError, match="bandwidth is 0; give a number above 0"):
        mmd(first, first, bandwidth=0.0)
    with pytest.raises(DeltaEditError, match="most rows are equal"):
        mmd(np.ones((5, 2)), np.ones((5, 2)))
