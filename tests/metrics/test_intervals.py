"""A mean and its interval, against NumPy and by how often it covers the truth."""

import math

import numpy as np
import pytest
import torch

from deltaedit_kit.labs.metrics import METRICS, metric
from deltaedit_kit.labs.metrics.interval import (
    FewSamples,
    Interval,
    mean_interval,
    share_interval,
)
from deltaedit_kit.support.errors import DeltaEditError


def test_mean_and_interval_agree_with_the_ordinary_bootstrap():
    values = torch.randn(400).exp()
    found = mean_interval(values)
    assert found.value == pytest.approx(float(values.double().mean()), abs=1e-9)
    random = np.random.default_rng(0)
    drawn = random.choice(values.numpy(), (2000, 400)).mean(1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.25 * (high - low))
    assert found.high == pytest.approx(high, abs=0.25 * (high - low))
    assert found.n == 400


@pytest.mark.filterwarnings("ignore::deltaedit_kit.labs.metrics.interval.FewSamples")
@pytest.mark.slow
@pytest.mark.parametrize("n", [8, 24, 60])
def test_interval_covers_the_truth_about_as_often_as_it_says(n):
    """A plain percentile interval of 8 values holds the truth about 360 times of 400."""
    covered = 0
    for seed in range(400):
        values = torch.randn(n, generator=torch.Generator().manual_seed(seed)) + 1
        found = mean_interval(values, seed=seed)
        covered += found.low <= 1 <= found.high
    assert 372 <= covered <= 392  # 380 wanted


def test_a_share_has_wilsons_interval_also_where_all_are_alike():
    found = share_interval(torch.tensor([1.0, 0.0, 1.0, 1.0]))
    z, share = 1.959964, 0.75  # by Wilson's formula
    middle = (share + z**2 / 8) / (1 + z**2 / 4)
    reach = z / (1 + z**2 / 4) * math.sqrt(share * (1 - share) / 4 + z**2 / 64)
    assert (found.value, found.n) == (0.75, 4)
    assert (found.low, found.high) == pytest.approx((middle - reach, middle + reach), abs=1e-6)
    certain = share_interval(torch.ones(100))
    assert (certain.value, certain.high) == (1.0, 1.0)
    assert certain.low == pytest.approx(0.963, abs=1e-3)
    for wrong in (torch.tensor([]), torch.tensor([0.5]), torch.tensor([math.nan])):
        with pytest.raises(DeltaEditError, match="zeros and ones"):
            share_interval(wrong)


def test_equal_values_have_no_width_and_infinity_no_interval():
    assert mean_interval(torch.full((50,), 3.0)) == Interval(3.0, 3.0, 3.0, 50)
    found = mean_interval(torch.tensor([1.0] * 30 + [math.inf]))
    assert found.value == math.inf
    assert math.isnan(found.low)


def test_few_values_are_warned_of_and_none_refused():
    with pytest.warns(FewSamples, match="from 5 values"):
        mean_interval(torch.rand(5), "IDS")
    with pytest.warns(FewSamples):
        assert math.isnan(mean_interval(torch.tensor([0.5])).low)
    with pytest.raises(DeltaEditError, match="no values yet"):
        mean_interval(torch.tensor([]), "IDS")
    with pytest.raises(DeltaEditError, match="NaN"):
        mean_interval(torch.tensor([math.nan]), "IDS")


def test_every_metric_says_which_way_is_better():
    assert {m.better for m in METRICS.values()} == {"higher", "lower"}
    assert metric("ids").label == "IDS ↑"
    assert metric("fid:clip-toyfaces").label == "FID [clip-toyfaces] ↓"
    assert metric("psnr").label == "PSNR (dB) ↑"
    with pytest.raises(DeltaEditError, match="no metric is called 'fit'"):
        metric("fit")
