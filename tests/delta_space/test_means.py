"""Gap of the means and RMSE: what they see, and how little it takes to fool the gap."""

from __future__ import annotations

import numpy as np
import pytest

from deltaedit_kit.labs.delta_space.alignment import (
    Pair,
    centre,
    mean_gap,
    random_differences,
    rmse,
)
from tests.delta_space.small_clouds import gaussian, related


def test_zero_on_equal_clouds() -> None:
    first = related().first
    assert mean_gap(first, first).value == 0.0
    assert rmse(first, first).value == 0.0


def test_gap_of_a_shifted_cloud_is_the_shift() -> None:
    first = gaussian(50, 4, seed=0)
    assert mean_gap(first, first + np.array([3.0, 0, 4.0, 0])).value == pytest.approx(5.0)
    assert rmse(first, first + 2.0).value == pytest.approx(2.0)


def test_rmse_by_hand() -> None:
    assert rmse([[0.0, 0.0]], [[3.0, 4.0]]).value == pytest.approx(np.sqrt(25 / 2))


def test_centring_alone_removes_any_gap() -> None:
    apart = Pair(gaussian(80, 6, seed=0), gaussian(80, 6, seed=1, shift=9.0, spread=3.0))
    assert mean_gap(*apart).value > 20
    assert mean_gap(centre(apart.first), centre(apart.second)).value == pytest.approx(0, abs=1e-12)


def test_differences_of_random_pairs_have_no_gap_in_any_two_spaces() -> None:
    apart = Pair(gaussian(500, 6, seed=0), np.exp(gaussian(500, 6, seed=1)) + 9.0)
    assert mean_gap(*random_differences(apart)).value == pytest.approx(0, abs=1e-10)
