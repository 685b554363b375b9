"""Training: the loss against plain arithmetic, learning, exact resume, and no text in sight."""

import ast
import math
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from deltaedit_kit.codes import Codes
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.training import (
    Report,
    TrainingConfig,
    delta_loss,
    draw_indices,
    loop,
    pairs_at,
    split_rows,
    train_mapper,
)
from deltaedit_kit.training.state import FILE
from tests.training.tiny import LESSON, TOY, linear_codes

SHORT = TrainingConfig(
    steps=12, batch=16, held_out=0.1, seed=5, report_every=5, save_every=4, ema=0.9
)


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
    one, two = TrainingConfig(batch=8, seed=1), TrainingConfig(batch=8, seed=2)
    first = draw_indices(100, one, 7, device)
    torch.rand(5)
    assert torch.equal(first, draw_indices(100, one, 7, device))
    assert not torch.equal(first, draw_indices(100, one, 8, device))
    assert not torch.equal(first, draw_indices(100, two, 7, device))


def test_split_keeps_every_code_once():
    config = TrainingConfig(held_out=0.2)
    known, unseen = split_rows(50, config)
    assert (len(known), len(unseen)) == (40, 10)
    assert sorted(torch.cat([known, unseen]).tolist()) == list(range(50))
    fewer, same = split_rows(50, replace(config, limit=20))
    assert torch.equal(fewer, known[:20])
    assert torch.equal(same, unseen)  # so that a table of few and many codes can be compared
    assert len(split_rows(50, replace(config, limit=50))[0]) == 40
    with pytest.raises(DeltaEditError, match="too few"):
        split_rows(5, replace(config, held_out=0.1))


def test_three_in_four_pairs_are_relatives_where_codes_lie_in_families():
    device, config = torch.device("cpu"), TrainingConfig(batch=16, family=4)
    met = set()
    for step in range(200):
        first, second, averaged = draw_indices(40, config, step, device)
        assert (first[:12] // 4 == second[:12] // 4).all()
        assert (first[:12] != second[:12]).all()
        assert averaged.tolist() == [1] * 10 + [0] * 6
        met |= {(int(a) % 4, int(b) % 4) for a, b in zip(first[:12], second[:12], strict=True)}
        assert torch.equal(first, draw_indices(40, TrainingConfig(batch=16), step, device)[0])
    assert len(met) == 12  # every relative meets every other


def test_an_averaged_direction_begins_at_the_average_of_the_family():
    codes, config = linear_codes(8), TrainingConfig(family=4)
    first, second = torch.tensor([0, 5]), torch.tensor([2, 7])
    pairs = pairs_at(codes, first, second, torch.tensor([1, 0]), config)
    plain = pairs_at(codes, first, second)
    clip = F.normalize(codes.clip.float(), dim=1)
    torch.testing.assert_close(pairs.direction[0], F.normalize(clip[2] - clip[:4].mean(0), dim=0))
    assert torch.equal(pairs.direction[1], plain.direction[1])
    for part in ("s", "clip", "delta_s"):  # whatever the direction, the way is s1 to s2
        assert torch.equal(getattr(pairs, part), getattr(plain, part))


def test_held_out_codes_are_whole_families():
    config = TrainingConfig(held_out=0.2, family=4)
    known, unseen = split_rows(40, config)
    assert len(known) == 32
    for family in unseen.reshape(2, 4):
        assert torch.equal(family, family[0] + torch.arange(4))
        assert family[0] % 4 == 0
    with pytest.raises(DeltaEditError, match="whole number of families"):
        split_rows(40, replace(config, family=3))
    with pytest.raises(DeltaEditError, match=r"limit is 6.*whole families"):
        split_rows(40, replace(config, limit=6))


def test_the_published_recipe_learns_a_linear_lesson():
    reports = []
    config = TrainingConfig(steps=300, schedule="cosine", held_out=0.1, report_every=100)
    train_mapper(LESSON, linear_codes(2000), config, on_report=reports.append)
    assert [report.step for report in reports] == [100, 200, 300]
    assert reports[0].validation > reports[1].validation > reports[2].validation
    # Eight numbers a token leave coarse and medium far from perfect; chance would be 0.
    assert 0.3 < reports[-1].coarse <= 1
    assert 0.3 < reports[-1].medium <= 1
    assert 0.6 < reports[-1].fine <= 1


def test_a_short_lesson_is_learned_better_from_an_orthogonal_start_that_warms_up():
    short = TrainingConfig(steps=60, schedule="cosine", held_out=0.1, report_every=60)
    quick = replace(short, orthogonal=True, warm_up=20, beta2=0.99, learning_rate=2.0)
    ends: list[float] = []
    for config in (short, quick):
        reports: list[Report] = []
        train_mapper(LESSON, linear_codes(), config, on_report=reports.append)
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
    unbroken = train_mapper(LESSON, codes, config).state_dict()

    class Cut(Exception):
        pass

    def cut(report):
        raise Cut

    with pytest.raises(Cut):  # the report of step 5 comes after the checkpoint of step 4
        train_mapper(LESSON, codes, config, tmp_path, on_report=cut)
    assert (tmp_path / FILE).exists()
    torch.rand(3)  # somebody else's random numbers must not matter
    resumed = train_mapper(LESSON, codes, config, tmp_path).state_dict()
    for name, value in unbroken.items():
        assert torch.equal(value, resumed[name]), name


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_checkpoint(tmp_path):
    codes = linear_codes()
    train_mapper(LESSON, codes, replace(SHORT, steps=4), tmp_path / "healthy")
    good = (tmp_path / "healthy" / FILE).read_bytes()
    sick = Codes(codes.s.clone(), codes.clip, "tiny")
    sick.s[:] = float("nan")
    with pytest.raises(
        DeltaEditError, match=r"stopped being a number.*nothing was saved; lower learning_rate"
    ):
        train_mapper(LESSON, sick, SHORT, tmp_path / "sick")
    assert not (tmp_path / "sick" / FILE).exists()
    assert (tmp_path / "healthy" / FILE).read_bytes() == good


def test_a_checkpoint_of_other_settings_or_codes_is_refused(tmp_path):
    train_mapper(LESSON, linear_codes(), SHORT, tmp_path)
    with pytest.raises(DeltaEditError, match="other settings"):
        train_mapper(LESSON, linear_codes(), replace(SHORT, learning_rate=0.1), tmp_path)
    with pytest.raises(DeltaEditError, match="other settings"):
        train_mapper(LESSON, linear_codes(300), SHORT, tmp_path)
    codes = linear_codes()
    looked_at_by_another_clip = Codes(codes.s, codes.clip.flip(1), codes.domain)
    with pytest.raises(DeltaEditError, match="other settings"):
        train_mapper(LESSON, looked_at_by_another_clip, SHORT, tmp_path)
    (tmp_path / FILE).write_bytes(b"cut")
    with pytest.raises(DeltaEditError, match="cannot read"):
        train_mapper(LESSON, linear_codes(), SHORT, tmp_path)


def test_settings_that_make_no_sense_are_refused():
    for wrong in (
        {"schedule": "linear"},
        {"batch": 0},
        {"batch": 8.5},
        {"seed": 2**70},
        {"l2_weight": math.nan},
        {"learning_rate": math.inf},
        {"limit": 1},
        {"ema": 1.0},
        {"warm_up": -1},
        {"beta2": 1.0},
        {"held_out": 0.0},
    ):
        with pytest.raises(DeltaEditError):
            TrainingConfig(**wrong)


ROOT = Path(__file__).parents[2]
TEXTUAL = ("clip_space", "captions", "attributes", "open_clip", "clip", "token_table", "tokenizer")


def source_of(module: str) -> Path | None:
    """The kit's file of a module name; None for other packages and for names inside a module."""
    path = Path(*module.split("."))
    candidates = (ROOT / path.with_suffix(".py"), ROOT / path / "__init__.py")
    return next((file for file in candidates if file.exists()), None)


def imported_modules(start: str) -> set[str]:
    """Every name that `start` imports, inside functions too, followed through the kit's files."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        file = source_of(waiting.pop())
        for node in ast.walk(ast.parse(file.read_text())) if file else ():
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            waiting += [name for name in names if name not in found]
            found |= set(names)
    return found


def test_text_cannot_enter_training():
    found = imported_modules("deltaedit_kit.training")
    assert "deltaedit_kit.mapper" in found
    assert "deltaedit_kit.stylegan2.layers" in found  # the walk does go deep
    parts = {part for name in found for part in name.split(".")}
    assert not parts & set(TEXTUAL)

    # And by running: nothing textual is loaded, not even by a package's __init__.
    check = (
        "import sys, deltaedit_kit.training, deltaedit_kit.codes;"
        f"print([m for m in sys.modules if set(m.split('.')) & set({TEXTUAL!r})])"
    )
    run = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def measure_memory() -> None:
    """Print how many MiB a run adds to codes of 82 MiB."""
    n = 600_000
    s, clip = (torch.empty(n, width, dtype=torch.float16) for width in (TOY.total, 6))
    codes = Codes(s.normal_(), clip.normal_(), "tiny")
    config = TrainingConfig(steps=2, batch=8)
    train_mapper(LESSON, linear_codes(), config, on_report=lambda _: None)  # libraries come in here
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    train_mapper(LESSON, codes, config, on_report=lambda _: None)
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts kilobytes on Linux only")
def test_a_run_keeps_one_set_of_codes_in_memory():
    call = "from tests.training.test_training import measure_memory; measure_memory()"
    run = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, check=True)
    assert float(run.stdout) < 40


def test_the_callers_random_numbers_stay_untouched():
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    train_mapper(LESSON, linear_codes(), SHORT, on_report=lambda _: None)
    assert torch.equal(torch.rand(3), wanted)


def test_the_pace_counts_steps_and_no_rest(monkeypatch):
    """A clock that moves only where this test moves it: 1 s a step, 100 s in every other place."""
    clock = [0.0]
    monkeypatch.setattr(loop, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(loop, "gemm_peak", lambda *_: 1e9)
    draw, judge = loop.draw_indices, loop.validate

    def drawn(*arguments):
        clock[0] += 1
        return draw(*arguments)

    def judged(*arguments):
        clock[0] += 100
        return judge(*arguments)

    def wait(*_) -> bool:
        clock[0] += 100
        return True

    reports: list[Report] = []

    def tell(report: Report) -> None:
        reports.append(report)
        wait()

    monkeypatch.setattr(loop, "draw_indices", drawn)
    monkeypatch.setattr(loop, "validate", judged)
    train_mapper(LESSON, linear_codes(), SHORT, on_report=tell, keep_going=wait)
    assert [report.pairs_per_second for report in reports] == [SHORT.batch] * 3


@pytest.mark.parametrize("accumulate", [1, 2])
def test_compiling_changes_the_lesson_only(monkeypatch, accumulate):
    """What is saved, averaged and validated is the network itself; the graph has its weights."""
    compiled, eager = [], torch.compile

    def traced(network, mode):
        compiled.append(mode)
        return eager(network, backend="eager")  # the compiler's own work is not ours to test

    monkeypatch.setattr(torch, "compile", traced)
    plain = replace(SHORT, accumulate=accumulate)
    reports: dict[bool, list] = {False: [], True: []}
    ends = [
        train_mapper(LESSON, linear_codes(), replace(plain, compile=yes), on_report=told.append)
        for yes, told in reports.items()
    ]
    assert compiled == ["default"]  # graphs are for a GPU
    assert ends[0].state_dict().keys() == ends[1].state_dict().keys()
    torch.testing.assert_close(ends[0].state_dict(), ends[1].state_dict())
    assert [r.step for r in reports[False]] == [r.step for r in reports[True]]
