"""Checks at the door, and the controls: centring, shuffling, random differences."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deltaedit_kit.labs.delta_space.alignment import (
    Pair,
    centre,
    classifier_test,
    cosine_margin,
    mean_gap,
    measure_all,
    mixing,
    mmd,
    paired_cosine,
    random_differences,
    retrieval,
    rmse,
    shuffle,
    unit,
)
from deltaedit_kit.support.errors import DeltaEditError
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


@pytest.mark.parametrize(
    "rows",
    [
        torch.ones(2, 3),
        torch.ones(2, 3, requires_grad=True) * 1,
        torch.ones(2, 3, dtype=torch.bfloat16),
        torch.ones(2, 3, dtype=torch.float16),
        torch.ones(2, 3, dtype=torch.int64),
        torch.ones(2, 3).to_sparse(),
        np.ones((2, 3), np.float16),
        np.ones((2, 3), bool),
        [[1, 1, 1], [1, 1, 1]],
    ],
)
def test_rows_of_any_kind_are_welcome(rows) -> None:
    pair = Pair.of(rows, [[1, 2, 3], [4, 5, 6]])
    assert pair.first.dtype == pair.second.dtype == np.float64
    assert (pair.first == 1).all()


MEASURES = (
    mean_gap, rmse, paired_cosine, cosine_margin, retrieval, mixing, classifier_test, mmd,
    measure_all,
)  # fmt: skip


@pytest.mark.parametrize("measure", MEASURES, ids=lambda one: one.__name__)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (np.ones((30, 4)), np.ones((30, 4))),
        (np.zeros((30, 4)), np.zeros((30, 4))),
        (np.ones((30, 1)), -np.ones((30, 1))),
        (gaussian(30, 1, 0), gaussian(30, 1, 1)),
        (np.full((30, 4), 1e30), np.ones((30, 4))),
        (gaussian(30, 4, 0) * 1e11, gaussian(30, 4, 1)),
        (gaussian(30, 4, 0) * 1e-200, gaussian(30, 4, 1) * 1e-200),
        (np.full((30, 4), np.nan), np.ones((30, 4))),
        (gaussian(3, 4, 0), gaussian(3, 4, 1)),
        (gaussian(1, 4, 0), gaussian(1, 4, 1)),
        (np.ones((30, 0)), np.ones((30, 0))),
        (np.ones((30, 4), complex), np.ones((30, 4))),
        (np.ma.masked_greater(gaussian(30, 4, 0), 1), np.ones((30, 4))),
        (torch.eye(30, requires_grad=True), torch.eye(30).half()),
    ],
    ids=["equal", "zero", "opposed", "width 1", "1e30", "large", "small", "NaN", "three", "one",
         "width 0", "complex", "masked", "gradient"],
)  # fmt: skip
@pytest.mark.filterwarnings("error")
def test_poor_clouds_give_numbers_or_one_line(measure, first, second) -> None:
    """Whatever the clouds, no measure ends in another library's words, in NaN or in a warning."""
    with contextlib.suppress(DeltaEditError):
        found = measure(first, second)
        for one in found.values() if isinstance(found, dict) else [found]:
            assert np.isfinite([one.value, one.reference]).all()
            assert one.low is None or one.low <= one.value <= one.high
            assert one.p is None or 0 <= one.p <= 1


def test_unit_and_centred() -> None:
    rows = gaussian(20, 5, 0, shift=2.0)
    assert np.linalg.norm(unit(rows), axis=1) == pytest.approx(np.ones(20))
    assert centre(rows).mean(axis=0) == pytest.approx(np.zeros(5), abs=1e-12)
    with pytest.raises(DeltaEditError, match="row 0 is all zeros and has no direction"):
        unit(np.zeros((2, 3)))


@settings(max_examples=40, deadline=None)
@given(n=st.integers(2, 50), seed=st.integers(0, 2**32 - 1))
def test_shuffling_leaves_nobody_with_their_partner(n: int, seed: int) -> None:
    pair = Pair(np.arange(n)[:, None] * 1.0, np.arange(n)[:, None] * 1.0)
    order = shuffle(pair, seed).second[:, 0]
    assert sorted(order) == list(range(n))
    assert (order != np.arange(n)).all()
    assert (shuffle(pair, seed).second == shuffle(pair, seed).second).all()


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
    others = shuffle(differences, seed=0)
    cosines = (unit(others.first) * unit(others.second)).sum(axis=1)
    assert abs(cosines.mean()) < 0.1
