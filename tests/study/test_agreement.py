"""Alpha against its definition, against published numbers, and at its ends."""

from __future__ import annotations

import math

import numpy as np
import pytest

from deltaedit_kit.labs.study.agreement import krippendorff_alpha
from deltaedit_kit.support.errors import DeltaEditError
from tests.study.cases import counts_of


def test_krippendorffs_own_example() -> None:
    """ "Computing Krippendorff's alpha-reliability" (2011), part A: two observers, ten units."""
    ratings = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]], float)
    assert krippendorff_alpha(counts_of(ratings)) == pytest.approx(0.095, abs=5e-4)


@pytest.mark.parametrize("seed", range(4))
def test_alpha_is_its_definition_with_answers_missing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ratings = (rng.random((4, 9)) < rng.random(9)).astype(float)
    ratings[rng.random(ratings.shape) < 0.4] = np.nan
    kept = [column[~np.isnan(column)] for column in ratings.T]
    kept = [column for column in kept if len(column) >= 2]
    values = np.concatenate(kept)
    # Chance that two answers differ: about one pair, weighted by its answers, and about any two.
    within = [2 * c.sum() * (1 - c).sum() / (len(c) - 1) for c in kept]
    total, ones = len(values), values.sum()
    expected = 2 * ones * (total - ones) / (total * (total - 1))
    wanted = 1 - sum(within) / total / expected
    assert krippendorff_alpha(counts_of(ratings)) == pytest.approx(wanted, abs=1e-9)


def test_the_ends_of_the_scale() -> None:
    rng = np.random.default_rng(0)
    agreed = np.tile(rng.random(30) < 0.5, (8, 1)).astype(float)
    assert krippendorff_alpha(counts_of(agreed)) == 1.0
    blind = (rng.random((8, 4000)) < 0.7).astype(float)
    assert abs(krippendorff_alpha(counts_of(blind))) < 0.02
    assert math.isnan(krippendorff_alpha(counts_of(np.ones((5, 5)))))


def test_answers_that_nobody_shares_are_refused() -> None:
    ratings = np.array([[1.0, np.nan], [np.nan, 0.0]])
    with pytest.raises(DeltaEditError, match="agreement needs two"):
        krippendorff_alpha(counts_of(ratings))
