"""Fast runs learn what the plain one learns, compiled or not."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from deltaedit_kit.labs.training import fast
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.support.errors import DeltaEditError
from tests.training.tiny import SHORT, TINY, linear_codes, trained

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
