"""Runs of minutes: the rate, the orthogonal start, the average of the weights."""

from dataclasses import replace

import pytest
import torch

from deltaedit_kit.labs.training.experiment import ExperimentConfig, ExperimentRun
from deltaedit_kit.labs.training.short import ShortConfig, orthogonalize
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.train import Report
from tests.training.tiny import TINY, TOY, linear_codes

pytestmark = pytest.mark.slow


def test_the_rate_warms_up_and_then_follows_its_schedule():
    config = ShortConfig(steps=100, learning_rate=2.0, warm_up=10)
    assert [config.rate(step) for step in (0, 4, 9, 10, 99)] == [0.2, 1.0, 2.0, 2.0, 2.0]
    cosine = replace(config, schedule="cosine")
    assert cosine.rate(50) == pytest.approx(1.0)
    assert cosine.rate(0) == pytest.approx(0.2)


def test_orthogonal_matrices_are_as_large_as_the_normal_ones_they_replace():
    mapper = DeltaMapper(TOY, 6)
    sizes = {name: value.norm() for name, value in mapper.named_parameters() if value.dim() == 2}
    for name, matrix in orthogonalize(mapper).named_parameters():
        if name in sizes:
            torch.testing.assert_close(matrix.norm(), sizes[name])
            short = matrix if len(matrix) <= matrix.shape[1] else matrix.T
            product = short @ short.T
            torch.testing.assert_close(
                product / product[0, 0], torch.eye(len(short)), rtol=0, atol=1e-4
            )
        else:
            assert not matrix.any()  # biases


def test_a_short_run_learns_better_from_an_orthogonal_start_that_warms_up():
    short = ExperimentConfig(steps=60, schedule="cosine", held_out=0.1, report_every=60)
    quick = replace(short, orthogonal=True, warm_up=20, beta2=0.99, learning_rate=2.0)
    ends: list[float] = []
    for config in (short, quick):
        reports: list[Report] = []
        train_fast(TINY, linear_codes(), config, on_report=reports.append)
        ends.append(reports[-1].validation)
    assert ends[1] < ends[0]


def test_what_comes_out_is_the_running_average_of_the_weights():
    config = ExperimentConfig(steps=4, batch=8, held_out=0.1, learning_rate=0.05, ema=0.2)
    codes = linear_codes()
    mappers = [
        train_fast(TINY, codes, replace(config, steps=steps, ema=0.0)).state_dict()
        for steps in range(1, 5)
    ]
    start = ExperimentRun(TINY, codes, config).mapper().state_dict()
    averaged = train_fast(TINY, codes, config).state_dict()
    for name, average in start.items():
        for step, weights in enumerate(mappers, 1):
            keep = min(0.2, step / (step + 10))  # a young average forgets faster
            average = keep * average + (1 - keep) * weights[name]
        torch.testing.assert_close(averaged[name], average, rtol=1e-4, atol=1e-4)
