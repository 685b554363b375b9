"""The streaming mean and its interval, against NumPy and by how often it covers the truth."""

import math

import numpy as np
import pytest
import torch

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.metrics import METRICS, metric
from deltaedit_kit.metrics.interval import FewSamples, Interval, RunningMean, mean_interval


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


def test_interval_covers_the_truth_about_as_often_as_it_says():
    covered = 0
    for seed in range(200):
        values = torch.randn(60, generator=torch.Generator().manual_seed(seed)) + 1
        found = mean_interval(values, seed=seed)
        covered += found.low <= 1 <= found.high
    assert 175 <= covered <= 200


def test_a_stream_in_parts_gives_the_mean_of_the_whole():
    values = torch.rand(1000)
    running = RunningMean()
    for part in values.split(37):
        running.add(part)
    found = running.result()
    assert found.value == pytest.approx(float(values.double().mean()), abs=1e-9)
    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(4 * 0.2887 / math.sqrt(1000), rel=0.25)


def test_equal_values_have_no_width_and_infinity_no_interval():
    assert mean_interval(torch.full((50,), 3.0)) == Interval(3.0, 3.0, 3.0, 50)
    found = mean_interval(torch.tensor([1.0, math.inf]), minimum=1)
    assert found.value == math.inf
    assert math.isnan(found.low)


def test_few_values_are_warned_of_and_none_refused():
    with pytest.warns(FewSamples, match="from 5 values"):
        mean_interval(torch.rand(5), "IDS")
    with pytest.warns(FewSamples):
        assert math.isnan(mean_interval(torch.tensor([0.5])).low)
    with pytest.raises(DeltaEditError, match="no values yet"):
        RunningMean("IDS").result()
    with pytest.raises(DeltaEditError, match="NaN"):
        RunningMean("IDS").add(torch.tensor([math.nan]))


def test_every_metric_says_which_way_is_better():
    assert {m.better for m in METRICS.values()} == {"higher", "lower"}
    assert metric("ids").label == "IDS ↑"
    assert metric("fid:clip-toyfaces").label == "FID [clip-toyfaces] ↓"
    assert metric("psnr").label == "PSNR (dB) ↑"
    with pytest.raises(DeltaEditError, match="no metric is called 'fit'"):
        metric("fit")
