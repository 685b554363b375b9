"""Fast runs: what the plain one learns, compiled or not; rate, orthogonal start, average."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from deltaedit_kit.labs.training import fast
from deltaedit_kit.labs.training.experiment import ExperimentConfig, ExperimentRun
from deltaedit_kit.labs.training.fast import FastConfig, orthogonalize
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.train import Report
from tests.training.tiny import SHORT, TINY, TOY, linear_codes, trained

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("changed", [{}, {"correlated": 4}, {"condition_on_image": False}])
def test_the_fast_run_learns_what_the_plain_one_learns(changed):
    """Effective weights and fused Adam: the same mapper but for rounding."""
    codes = linear_codes()
    config = ExperimentConfig(**vars(SHORT) | {"learning_rate": 0.05}, **changed)
    quick = train_fast(TINY, codes, config)
    if changed:
        assert all(bool(value.isfinite().all()) for value in quick.state_dict().values())
        return
    plain = trained(codes, replace(SHORT, learning_rate=0.05))
    s, clip = codes.s[:20].float(), F.normalize(codes.clip[:20].float(), dim=1)
    torch.testing.assert_close(quick(s, clip, clip), plain(s, clip, clip), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_compiling_changes_the_steps_only(monkeypatch, accumulate):
    """What is saved, averaged and validated is the network itself; the graph has its weights."""
    monkeypatch.setattr(fast, "compiled", lambda network, device, passes: traced(network, passes))
    passed: list[int] = []

    def traced(network, passes):
        passed.append(passes)
        return torch.compile(network, backend="eager")  # the compiler's own work is not ours

    plain = ExperimentConfig(**vars(SHORT), ema=0.9, accumulate=accumulate)
    reports: dict[bool, list] = {False: [], True: []}
    ends = [
        train_fast(TINY, linear_codes(), replace(plain, compile=yes), on_report=heard.append)
        for yes, heard in reports.items()
    ]
    assert passed == [accumulate]
    assert ends[0].state_dict().keys() == ends[1].state_dict().keys()
    torch.testing.assert_close(ends[0].state_dict(), ends[1].state_dict())
    assert [r.step for r in reports[False]] == [r.step for r in reports[True]]


def test_a_missing_compiler_is_told_in_a_line(monkeypatch):
    def missing(*_, **__):
        raise RuntimeError("no C++ compiler")

    monkeypatch.setattr(torch, "compile", missing)
    config = ExperimentConfig(**vars(SHORT), compile=True)
    with pytest.raises(DeltaEditError, match="compiler"):
        train_fast(TINY, linear_codes(), config)


def test_the_rate_warms_up_and_then_follows_its_schedule():
    config = FastConfig(steps=100, learning_rate=2.0, warm_up=10)
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
