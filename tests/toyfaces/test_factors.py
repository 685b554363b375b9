"""Factors: names, ranges, seeds, and the two sources that must agree in distribution."""

import pytest
import torch
from scipy import stats

from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces.factors import (
    FACTORS,
    GLASSES_ABSENT,
    GLASSES_PRESENT,
    GLASSES_SHARES,
    check_factors,
    factors_from_z,
    index,
    sample_factors,
)


def test_names_are_unique_and_in_the_published_order():
    assert len(set(FACTORS)) == len(FACTORS)
    assert FACTORS[:6] == ("skin", "face_width", "jaw", "eye_size", "eye_gap", "eye_color")
    assert FACTORS[-2:] == ("age", "head_turn")


def test_samples_lie_in_the_unit_cube_and_follow_the_seed():
    first, again, other = sample_factors(500, 3), sample_factors(500, 3), sample_factors(500, 4)
    assert first.shape == (500, len(FACTORS))
    assert first.dtype == torch.float32
    assert first.min() >= 0
    assert first.max() <= 1
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_every_factor_but_glasses_is_uniform():
    drawn = sample_factors(4000, 0)
    for name in FACTORS:
        if name != "glasses":
            assert stats.kstest(drawn[:, index(name)].numpy(), "uniform").pvalue > 1e-4, name


def test_few_portraits_have_glasses_that_are_half_there():
    glasses = sample_factors(20_000, 0)[:, index("glasses")]
    shares = (
        (glasses < GLASSES_ABSENT).float().mean(),
        ((glasses >= GLASSES_ABSENT) & (glasses <= GLASSES_PRESENT)).float().mean(),
        (glasses > GLASSES_PRESENT).float().mean(),
    )
    for share, wanted in zip(shares, GLASSES_SHARES, strict=True):
        assert share.item() == pytest.approx(wanted, abs=0.012)


def test_z_and_uniform_draws_have_the_same_distribution():
    z = torch.randn(4000, 128, generator=torch.Generator().manual_seed(0))
    from_z, uniform = factors_from_z(z), sample_factors(4000, 1)
    for column in range(len(FACTORS)):
        same = stats.ks_2samp(from_z[:, column].numpy(), uniform[:, column].numpy())
        assert same.pvalue > 1e-4, FACTORS[column]


def test_length_of_z_does_not_matter():
    z = torch.randn(8, 128, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(factors_from_z(z), factors_from_z(3.7 * z), atol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sample_factors(0, 0), "n is 0; give a whole number >= 1"),
        (lambda: sample_factors(2.5, 0), "n is 2.5"),
        (lambda: sample_factors(1, -1), "seed is -1"),
        (lambda: sample_factors(1, 2**32), "seed is 4294967296"),
        (lambda: sample_factors(1, None), "seed is None"),
        (lambda: factors_from_z(torch.zeros(1, 3)), "one coordinate each"),
        (lambda: index("moustache"), "no factor is called 'moustache'"),
        (lambda: check_factors(torch.zeros(3)), "expected \\[n, 24\\]"),
        (lambda: check_factors(torch.full((1, len(FACTORS)), 1.5)), "outside \\[0, 1\\]"),
        (lambda: check_factors(torch.full((1, len(FACTORS)), float("nan"))), "NaN"),
        (lambda: check_factors(torch.zeros(1, len(FACTORS), dtype=torch.int64)), "\\.float\\(\\)"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(DeltaEditError, match=message):
        call()
