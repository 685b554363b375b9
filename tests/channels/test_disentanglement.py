"""The readout of factors: 1 on a code that spells them, less on one that mixes or hides them."""

from __future__ import annotations

import numpy as np
import pytest

from deltaedit_kit.labs.style_space.disentanglement import Readout, read_linearly
from deltaedit_kit.support.errors import DeltaEditError

RANDOM = np.random.default_rng(0)
FACTORS = RANDOM.random((600, 4))


def test_a_code_that_is_the_factors_scores_one() -> None:
    read = read_linearly(FACTORS * [1, 5, -2, 0.1], FACTORS)
    assert read.informativeness.min() > 0.99
    assert read.disentanglement > 0.99
    assert read.completeness > 0.99


def test_a_rotated_code_keeps_the_information_and_loses_the_rest() -> None:
    turn, _ = np.linalg.qr(RANDOM.normal(size=(4, 4)))
    read = read_linearly(FACTORS @ turn, FACTORS)
    assert read.informativeness.min() > 0.95
    assert read.disentanglement < 0.6
    assert read.completeness < 0.6


def test_spreading_a_factor_over_entries_costs_completeness_alone() -> None:
    noise = 0.3 * RANDOM.normal(size=(600, 8))
    read = read_linearly(np.concatenate([FACTORS, FACTORS], axis=1) + noise, FACTORS)
    assert read.disentanglement > 0.75
    assert 0.4 < read.completeness < 0.8


def test_noise_tells_nothing() -> None:
    read = read_linearly(RANDOM.normal(size=(600, 6)), FACTORS)
    assert read.informativeness.max() < 0.05


def test_the_definition_by_hand() -> None:
    importance = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    read = Readout(importance, np.zeros(2))
    assert read.disentanglement == pytest.approx(1 / 3)  # (1 * 1 + 2 * 0) / 3
    first = 1 - np.log(2) / np.log(3)
    assert read.completeness == pytest.approx((2 * first + 1) / 3)


@pytest.mark.parametrize(
    ("codes", "factors"),
    [
        (FACTORS[:30], FACTORS[:30]),
        (FACTORS[:50], FACTORS[:60]),
        (FACTORS, np.ones((600, 2))),
        (FACTORS[:, 0], FACTORS),
    ],
)
def test_what_cannot_be_read_is_refused(codes: np.ndarray, factors: np.ndarray) -> None:
    with pytest.raises(DeltaEditError):
        read_linearly(codes, factors)
