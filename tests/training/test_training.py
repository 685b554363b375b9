"""Training: the loss against plain arithmetic, learning, exact resume, and no text in sight."""

import math
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from deltaedit_kit.codes import Codes
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.training import fast
from deltaedit_kit.labs.training.experiment import (
    ExperimentConfig,
    averaged_direction,
    draw_indices,
    split_groups,
)
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.train import (
    FILE,
    Report,
    Run,
    TrainingConfig,
    delta_loss,
    draw_pairs,
    pairs_at,
    split_rows,
    train_mapper,
)
from tests.training.tiny import TINY, linear_codes

pytestmark = pytest.mark.slow

SHORT = TrainingConfig(
    steps=12, batch=16, held_out=0.1, seed=5, report_every=5, save_every=4, ema=0.9
)


def trained(codes: Codes, config: TrainingConfig, *rest, **more):
    return train_mapper(Run(TINY, codes, config), *rest, **more)


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
    device = torch.device("cpu")
    first = draw_pairs(100, 8, 1, 7, device)
    torch.rand(5)
    assert torch.equal(first, draw_pairs(100, 8, 1, 7, device))
    assert not torch.equal(first, draw_pairs(100, 8, 1, 8, device))
    assert not torch.equal(first, draw_pairs(100, 8, 2, 7, device))


def test_split_keeps_every_code_once():
    known, unseen = split_rows(50, 0.2, seed=0)
    assert (len(known), len(unseen)) == (40, 10)
    assert sorted(torch.cat([known, unseen]).tolist()) == list(range(50))
    config = ExperimentConfig(held_out=0.2)
    fewer, same = split_groups(50, replace(config, limit=20))
    assert torch.equal(fewer, known[:20])
    assert torch.equal(same, unseen)  # so that a table of few and many codes can be compared
    assert len(split_groups(50, replace(config, limit=50))[0]) == 40
    with pytest.raises(DeltaEditError, match="too few"):
        split_rows(5, 0.1, seed=0)


def test_three_in_four_pairs_are_correlated_where_codes_lie_in_groups():
    device, config = torch.device("cpu"), ExperimentConfig(batch=16, correlated=4)
    met = set()
    for step in range(200):
        first, second, averaged = draw_indices(40, config, step, device)
        assert (first[:12] // 4 == second[:12] // 4).all()
        assert (first[:12] != second[:12]).all()
        assert averaged.tolist() == [1] * 10 + [0] * 6
        met |= {(int(a) % 4, int(b) % 4) for a, b in zip(first[:12], second[:12], strict=True)}
        assert torch.equal(first, draw_indices(40, ExperimentConfig(batch=16), step, device)[0])
    assert len(met) == 12  # every member of a group meets every other


def test_an_averaged_direction_begins_at_the_average_of_the_group():
    codes = linear_codes(8)
    directions = averaged_direction(codes, torch.tensor([2, 7]), size=4)
    clip = F.normalize(codes.clip.float(), dim=1)
    torch.testing.assert_close(directions[0], F.normalize(clip[2] - clip[:4].mean(0), dim=0))
    torch.testing.assert_close(directions[1], F.normalize(clip[7] - clip[4:].mean(0), dim=0))


def test_held_out_codes_are_whole_groups():
    config = ExperimentConfig(held_out=0.2, correlated=4)
    known, unseen = split_groups(40, config)
    assert len(known) == 32
    for group in unseen.reshape(2, 4):
        assert torch.equal(group, group[0] + torch.arange(4))
        assert group[0] % 4 == 0
    with pytest.raises(DeltaEditError, match="whole number of groups"):
        split_groups(40, replace(config, correlated=3))
    with pytest.raises(DeltaEditError, match=r"limit is 6.*whole groups"):
        split_groups(40, replace(config, limit=6))


def test_the_published_recipe_learns_a_linear_map():
    reports = []
    config = TrainingConfig(steps=300, schedule="cosine", held_out=0.1, report_every=100)
    trained(linear_codes(2000), config, on_report=reports.append)
    assert [report.step for report in reports] == [100, 200, 300]
    assert reports[0].validation > reports[1].validation > reports[2].validation
    # Eight numbers a token leave coarse and medium far from perfect; chance would be 0.
    assert 0.3 < reports[-1].coarse <= 1
    assert 0.3 < reports[-1].medium <= 1
    assert 0.6 < reports[-1].fine <= 1


def test_a_short_run_learns_better_from_an_orthogonal_start_that_warms_up():
    short = TrainingConfig(steps=60, schedule="cosine", held_out=0.1, report_every=60)
    quick = replace(short, orthogonal=True, warm_up=20, beta2=0.99, learning_rate=2.0)
    ends: list[float] = []
    for config in (short, quick):
        reports: list[Report] = []
        trained(linear_codes(), config, on_report=reports.append)
        ends.append(reports[-1].validation)
    assert ends[1] < ends[0]


def test_the_rate_warms_up_and_then_follows_its_schedule():
    config = TrainingConfig(steps=100, learning_rate=2.0, warm_up=10)
    assert [config.rate(step) for step in (0, 4, 9, 10, 99)] == [0.2, 1.0, 2.0, 2.0, 2.0]
    cosine = replace(config, schedule="cosine")
    assert cosine.rate(50) == pytest.approx(1.0)
    assert cosine.rate(0) == pytest.approx(0.2)


@pytest.mark.parametrize("changed", [{"schedule": "constant"}, {"warm_up": 15, "orthogonal": True}])
def test_a_run_cut_off_goes_on_bit_for_bit(tmp_path, changed):
    config = replace(SHORT, **{"schedule": "cosine", **changed})
    codes = linear_codes()
    unbroken = trained(codes, config).state_dict()

    class Cut(Exception):
        pass

    def cut(report):
        raise Cut

    with pytest.raises(Cut):  # the report of step 5 comes after the checkpoint of step 4
        trained(codes, config, tmp_path, on_report=cut)
    assert (tmp_path / FILE).exists()
    torch.rand(3)  # somebody else's random numbers must not matter
    resumed = trained(codes, config, tmp_path).state_dict()
    for name, value in unbroken.items():
        assert torch.equal(value, resumed[name]), name


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_checkpoint(tmp_path):
    codes, wild = linear_codes(), replace(SHORT, learning_rate=1e30)
    with pytest.raises(
        DeltaEditError, match=r"stopped being a number.*nothing was saved; lower learning_rate"
    ):
        trained(codes, wild, tmp_path / "wild")
    assert not (tmp_path / "wild" / FILE).exists()

    run = Run(TINY, codes, SHORT)
    train_mapper(run, tmp_path / "tame", keep_going=lambda run: run.step < 4)
    good = (tmp_path / "tame" / FILE).read_bytes()
    run.finite *= 0
    with pytest.raises(DeltaEditError, match="still good"):
        run.save(tmp_path / "tame")
    assert (tmp_path / "tame" / FILE).read_bytes() == good


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


def test_a_checkpoint_of_other_settings_or_codes_is_refused(tmp_path):
    trained(linear_codes(), SHORT, tmp_path)
    with pytest.raises(DeltaEditError, match="other settings"):
        trained(linear_codes(), replace(SHORT, learning_rate=0.1), tmp_path)
    with pytest.raises(DeltaEditError, match="other settings"):
        trained(linear_codes(300), SHORT, tmp_path)
    codes = linear_codes()
    looked_at_by_another_clip = replace(codes, clip=codes.clip.flip(1))
    with pytest.raises(DeltaEditError, match="other settings"):
        trained(looked_at_by_another_clip, SHORT, tmp_path)
    (tmp_path / FILE).write_bytes(b"cut")
    with pytest.raises(DeltaEditError, match="cannot read"):
        trained(linear_codes(), SHORT, tmp_path)


def test_settings_that_make_no_sense_are_refused():
    for wrong in (
        {"schedule": "linear"},
        {"batch": 0},
        {"batch": 8.5},
        {"seed": 2**70},
        {"l2_weight": math.nan},
        {"learning_rate": math.inf},
        {"ema": 1.0},
        {"warm_up": -1},
        {"beta2": 1.0},
        {"held_out": 0.0},
    ):
        with pytest.raises(DeltaEditError):
            TrainingConfig(**wrong)
    for wrong in (
        {"limit": 1},
        {"accumulate": 5},
        {"space": "z"},
        {"group": "all"},
        {"correlated": 0},
    ):
        with pytest.raises(DeltaEditError):
            ExperimentConfig(**wrong)


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


@pytest.mark.parametrize("accumulate", [1, 2])
def test_compiling_changes_the_steps_only(monkeypatch, accumulate):
    """What is saved, averaged and validated is the network itself; the graph has its weights."""
    monkeypatch.setattr(fast, "compiled", lambda network, device, passes: traced(network, passes))
    passed: list[int] = []

    def traced(network, passes):
        passed.append(passes)
        return torch.compile(network, backend="eager")  # the compiler's own work is not ours

    plain = ExperimentConfig(**vars(SHORT), accumulate=accumulate)
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


@pytest.mark.parametrize("changed", [{}, {"correlated": 4}, {"condition_on_image": False}])
def test_the_fast_run_learns_what_the_plain_one_learns(changed):
    """Effective weights and fused Adam: the same mapper but for rounding."""
    codes = linear_codes()
    config = ExperimentConfig(**vars(SHORT) | {"ema": 0.0, "learning_rate": 0.05}, **changed)
    quick = train_fast(TINY, codes, config)
    if changed:
        assert all(bool(value.isfinite().all()) for value in quick.state_dict().values())
        return
    plain = trained(codes, replace(SHORT, ema=0.0, learning_rate=0.05))
    s, clip = codes.s[:20].float(), F.normalize(codes.clip[:20].float(), dim=1)
    torch.testing.assert_close(quick(s, clip, clip), plain(s, clip, clip), rtol=1e-3, atol=1e-3)


def test_codes_of_other_networks_are_refused():
    with pytest.raises(DeltaEditError, match="networks"):
        trained(replace(linear_codes(), networks="00000000"), SHORT)
    with pytest.raises(DeltaEditError, match="other"):
        trained(replace(linear_codes(), domain="other"), SHORT)


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
def test_the_callers_mode_changes_no_training(mode):
    config = ExperimentConfig(steps=3, batch=8, held_out=0.1, report_every=2)
    plain = train_fast(TINY, linear_codes(), config).state_dict()
    slow = trained(linear_codes(), TrainingConfig(steps=3, batch=8, held_out=0.1)).state_dict()
    with mode():
        again = train_fast(TINY, linear_codes(), config).state_dict()
        codes, settings = linear_codes(), TrainingConfig(steps=3, batch=8, held_out=0.1)
        slowly = trained(codes, settings).state_dict()
    assert all(torch.equal(again[name], x) for name, x in plain.items())
    assert all(torch.equal(slowly[name], x) for name, x in slow.items())
