"""Checks at the door, and the controls: centring, shuffling, random differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.delta_space.alignment import (
    Pair,
    centred,
    random_differences,
    shuffled,
    unit,
)
from tests.delta_space.small_clouds import gaussian, related

NAN = np.array([[1.0, 2.0], [np.nan, 0.0], [3.0, np.inf]])


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.ones((3, 2)), np.ones((4, 2)), "rows do not pair up"),
        (np.ones((3, 2)), np.ones((3, 5)), "embed both with the same CLIP"),
        (np.ones(3), np.ones(3), r"has the shape \[3\]; give \[n, E\]"),
        (np.ones((3, 0)), np.ones((3, 0)), r"has the shape \[3, 0\]"),
        (NAN, np.ones((3, 2)), r"NaN or infinity in 2 of 3 rows \(first: row 1\)"),
        (np.ones((1, 2)), np.ones((1, 2)), "at least 2 pairs, got 1"),
        ([["a", "b"]], [["c", "d"]], "holds no table of numbers"),
    ],
)
def test_wrong_clouds_are_one_line(first, second, message: str) -> None:
    with pytest.raises(DeltaEditError, match=message) as caught:
        Pair.of(first, second)
    assert "\n" not in str(caught.value)


def test_torch_and_lists_are_welcome() -> None:
    pair = Pair.of(torch.ones(2, 3), [[1, 2, 3], [4, 5, 6]])
    assert pair.first.dtype == pair.second.dtype == np.float64


def test_unit_and_centred() -> None:
    rows = gaussian(20, 5, 0, shift=2.0)
    assert np.linalg.norm(unit(rows), axis=1) == pytest.approx(np.ones(20))
    assert centred(rows).mean(axis=0) == pytest.approx(np.zeros(5), abs=1e-12)
    with pytest.raises(DeltaEditError, match="row 0 is all zeros and has no direction"):
        unit(np.zeros((2, 3)))


@settings(max_examples=40, deadline=None)
@given(n=st.integers(2, 50), seed=st.integers(0, 2**32 - 1))
def test_shuffling_leaves_nobody_with_their_partner(n: int, seed: int) -> None:
    pair = Pair(np.arange(n)[:, None] * 1.0, np.arange(n)[:, None] * 1.0)
    order = shuffled(pair, seed).second[:, 0]
    assert sorted(order) == list(range(n))
    assert (order != np.arange(n)).all()
    assert (shuffled(pair, seed).second == shuffled(pair, seed).second).all()


def test_random_differences_use_every_row_twice_and_both_clouds_alike() -> None:
    pair = related(30, noise=0.0)
    differences = random_differences(pair, seed=4)
    assert differences.first.shape == pair.first.shape
    assert differences.first == pytest.approx(differences.second)
    assert differences.first.sum(axis=0) == pytest.approx(np.zeros(16), abs=1e-9)
    assert not np.allclose(differences.first, random_differences(pair, seed=5).first)


def test_shuffled_differences_share_no_row_more_often_than_chance() -> None:
    """The same cycle twice would put x_b - x_a beside y_c - y_b: opposed, not unrelated."""
    differences = random_differences(related(400, width=8, noise=0.0), seed=0)
    strangers = shuffled(differences, seed=0)
    cosines = (unit(strangers.first) * unit(strangers.second)).sum(axis=1)
    assert abs(cosines.mean()) < 0.1
