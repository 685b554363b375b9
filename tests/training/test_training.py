"""A plain run: the loss against plain arithmetic, learning, and no text in sight."""

import math
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.train import (
    Report,
    Run,
    TrainingConfig,
    delta_loss,
    pairs_at,
    split_rows,
    train_mapper,
)
from tests.training.tiny import SHORT, TINY, linear_codes, trained

pytestmark = pytest.mark.slow


def test_loss_and_gradient_equal_a_plain_reference():
    predicted = torch.randn(7, 11, dtype=torch.float64, requires_grad=True)
    wanted = torch.randn(7, 11, dtype=torch.float64)
    loss = delta_loss(predicted, wanted, l2_weight=2.0, cosine_weight=3.0)

    squares, cosines = 0.0, 0.0
    for p, w in zip(predicted, wanted, strict=True):
        squares = squares + ((p - w) ** 2).sum() / (7 * 11)
        cosines = cosines + (p * w).sum() / (p.pow(2).sum() * w.pow(2).sum()).sqrt() / 7
    plain = 2.0 * squares + 3.0 * (1 - cosines)
    torch.testing.assert_close(loss.total, plain)
    torch.testing.assert_close(loss.cosine, cosines)
    (ours,) = torch.autograd.grad(loss.total, predicted, retain_graph=True)
    (reference,) = torch.autograd.grad(plain, predicted)
    torch.testing.assert_close(ours, reference)


def test_a_pair_is_the_way_from_the_first_to_the_second():
    codes = linear_codes(20)
    pairs = pairs_at(codes, torch.tensor([3, 4]), torch.tensor([9, 4]))
    torch.testing.assert_close(pairs.s + pairs.delta_s, codes.s[[9, 4]].float())
    wanted = F.normalize(codes.clip[9].float() - codes.clip[3].float(), dim=0)
    torch.testing.assert_close(pairs.direction[0], wanted, atol=2e-3, rtol=0)
    assert pairs.direction[1].norm() == 0  # the same code twice: no direction, and no NaN


def test_random_numbers_follow_from_seed_and_step_alone():
    codes = linear_codes()
    one, other = Run(TINY, codes, SHORT), Run(TINY, codes, replace(SHORT, seed=6))

    def drawn(run, step):
        return run.pairs(torch.arange(400), step, 8).s

    first = drawn(one, 7)
    torch.rand(5)
    assert torch.equal(first, drawn(one, 7))
    assert not torch.equal(first, drawn(one, 8))
    assert not torch.equal(first, drawn(other, 7))


def test_split_keeps_every_code_once():
    known, unseen = split_rows(50, 0.2, seed=0)
    assert (len(known), len(unseen)) == (40, 10)
    assert sorted(torch.cat([known, unseen]).tolist()) == list(range(50))
    with pytest.raises(DeltaEditError, match="too few"):
        split_rows(5, 0.1, seed=0)


def test_the_published_recipe_learns_a_linear_map():
    reports = []
    config = TrainingConfig(steps=300, held_out=0.1, report_every=100)
    trained(linear_codes(2000), config, on_report=reports.append)
    assert [report.step for report in reports] == [100, 200, 300]
    assert reports[0].validation > reports[1].validation > reports[2].validation
    # Eight numbers a token leave coarse and medium far from perfect; chance would be 0.
    assert 0.3 < reports[-1].coarse <= 1
    assert 0.3 < reports[-1].medium <= 1
    assert 0.6 < reports[-1].fine <= 1


@pytest.mark.parametrize(
    "change",
    [
        lambda s, clip: (torch.full_like(s, float("nan")), clip),
        lambda s, clip: (s.float() * 1e6, clip),  # more than float16 holds
        lambda s, clip: (s, clip * 3),
        lambda s, clip: (s, clip * float("inf")),
    ],
    ids=["nan", "overflow", "not unit", "infinite"],
)
def test_codes_that_are_no_codes_are_refused(change):
    codes = linear_codes()
    s, clip = change(codes.s, codes.clip)
    with pytest.raises(DeltaEditError, match=r"float16|unit|NaN"):
        trained(replace(codes, s=s.half(), clip=clip), SHORT)


def test_codes_of_other_networks_are_refused():
    with pytest.raises(DeltaEditError, match="networks"):
        trained(replace(linear_codes(), networks="00000000"), SHORT)
    with pytest.raises(DeltaEditError, match="other"):
        trained(replace(linear_codes(), domain="other"), SHORT)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (TrainingConfig, {"batch": 0}),
        (TrainingConfig, {"batch": 8.5}),
        (TrainingConfig, {"seed": 2**70}),
        (TrainingConfig, {"l2_weight": math.nan}),
        (TrainingConfig, {"learning_rate": math.inf}),
        (TrainingConfig, {"learning_rate": 0}),
        (TrainingConfig, {"held_out": 0.0}),
        (ExperimentConfig, {"schedule": "linear"}),
        (ExperimentConfig, {"ema": 1.0}),
        (ExperimentConfig, {"warm_up": -1}),
        (ExperimentConfig, {"beta2": 1.0}),
        (ExperimentConfig, {"accumulate": 5}),
        (ExperimentConfig, {"limit": 1}),
        (ExperimentConfig, {"space": "z"}),
        (ExperimentConfig, {"group": "all"}),
        (ExperimentConfig, {"correlated": 0}),
    ],
)
def test_settings_that_make_no_sense_are_refused(kind, wrong):
    with pytest.raises(DeltaEditError):
        kind(**wrong)


TEXTUAL = ("clip_space", "captions", "open_clip", "tokenizer", "labs", "io")


def test_text_cannot_enter_training():
    """Nothing textual is loaded with the training, and a domain without texts will do (tiny.py)."""
    check = (
        "import sys, deltaedit_kit.train;"
        f"print([m for m in sys.modules if 'deltaedit' in m or 'clip' in m"
        f" if set(m.split('.')) & set({TEXTUAL!r})])"
    )
    run = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_run_keeps_one_set_of_codes_in_memory():
    codes = linear_codes()
    run = Run(TINY, codes, SHORT)
    assert run.codes.s.data_ptr() == codes.s.data_ptr()
    assert run.codes.clip.data_ptr() == codes.clip.data_ptr()
    assert len(run.train_rows) + 40 == len(codes.s)  # rows of the one set, no copies


def test_the_callers_random_numbers_stay_untouched():
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    trained(linear_codes(), SHORT, on_report=lambda _: None)
    assert torch.equal(torch.rand(3), wanted)


def rough() -> torch.autocast:
    """As a notebook may have set it around everything."""
    return torch.autocast("cpu", torch.bfloat16)


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad, rough])
def test_the_callers_mode_changes_no_training(mode):
    plain, fast = (
        kind(steps=3, batch=8, held_out=0.1) for kind in (TrainingConfig, ExperimentConfig)
    )
    codes = linear_codes()
    wanted = [trained(codes, plain).state_dict(), train_fast(TINY, codes, fast).state_dict()]
    with mode():
        with torch.autocast("cpu", enabled=False):
            codes = linear_codes()
        found = [trained(codes, plain).state_dict(), train_fast(TINY, codes, fast).state_dict()]
    for one, other in zip(wanted, found, strict=True):
        assert all(torch.equal(other[name], x) for name, x in one.items())


@pytest.mark.parametrize("around", [nullcontext, rough])
def test_a_step_in_a_low_precision_sees_what_the_last_one_learned(monkeypatch, around):
    """Autocast keeps its casts of weights until the outermost context ends."""
    monkeypatch.setenv("DELTAEDIT_PRECISION", "bfloat16")
    config = ExperimentConfig(steps=4, batch=8, held_out=0.1, report_every=1, fast=True)
    with around():
        reports: list[Report] = []
        train_fast(TINY, linear_codes(), config, on_report=reports.append)
    monkeypatch.setenv("DELTAEDIT_PRECISION", "float32")
    exact: list[Report] = []
    train_fast(TINY, linear_codes(), config, on_report=exact.append)
    for one, other in zip(reports, exact, strict=True):
        assert one.validation == pytest.approx(other.validation, rel=0.02)
    assert abs(exact[-1].validation / exact[0].validation - 1) > 0.1


def test_the_pace_counts_steps_and_no_rest(monkeypatch):
    """A clock that moves only where this test moves it: 1 s a step, 100 s in every other place."""
    from deltaedit_kit import train

    clock = [0.0]
    monkeypatch.setattr(train, "perf_counter", lambda: clock[0])

    class Slow(Run):
        def pairs(self, *arguments):
            clock[0] += 1
            return super().pairs(*arguments)

        def report(self, *arguments):
            report = super().report(*arguments)
            clock[0] += 100
            return report

    def wait(*_) -> bool:
        clock[0] += 100
        return True

    reports: list[Report] = []

    def hear(report: Report) -> None:
        reports.append(report)
        wait()

    run = Slow(TINY, linear_codes(), SHORT)
    clock[0] = 0.0
    train_mapper(run, on_report=hear, keep_going=wait)
    assert [report.pairs_per_second for report in reports] == [SHORT.batch] * 3
