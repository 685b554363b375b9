"""Kills, interruptions, full disks: what was learned stays, and goes on bit for bit."""

import math
import os
import signal
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from deltaedit_kit import train
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.support.atomic import load_tensors, save_tensors
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.train import FILE, Run, train_mapper
from tests.killing import kill_repeatedly
from tests.training.runs import KILLED, killed_fast_run, killed_run
from tests.training.tiny import SHORT, TINY, linear_codes, trained


def equal_files(a, b) -> bool:
    one, two = load_file(a), load_file(b)
    return one.keys() == two.keys() and all(torch.equal(one[key], two[key]) for key in one)


@pytest.mark.slow
@pytest.mark.parametrize("short", [False, True], ids=["plain", "short"])
def test_a_run_cut_off_goes_on_bit_for_bit(tmp_path, short):
    codes = linear_codes()
    options = {"schedule": "cosine", "warm_up": 15, "orthogonal": True, "ema": 0.9}

    def run(folder=None, on_report=None):
        if short:
            config = ExperimentConfig(**vars(SHORT), **options)
            return train_fast(TINY, codes, config, folder, on_report).state_dict()
        return trained(codes, SHORT, folder, on_report).state_dict()

    class Cut(Exception):
        pass

    def cut(report):
        raise Cut

    unbroken = run()
    with pytest.raises(Cut):  # the report of step 5 comes after the checkpoint of step 4
        run(tmp_path, cut)
    assert (tmp_path / FILE).exists()
    torch.rand(3)  # somebody else's random numbers must not matter
    resumed = run(tmp_path)
    for name, value in unbroken.items():
        assert torch.equal(value, resumed[name]), name


@pytest.mark.slow
@pytest.mark.parametrize("run", [killed_run, killed_fast_run], ids=["plain", "fast"])
def test_kills_change_not_one_bit(tmp_path, run):
    """A process is killed at random moments until it has finished, however fast it is."""
    kill_repeatedly(run, (str(tmp_path / "unbroken"),), kills=0, seed=3, longest=0.0)
    kill_repeatedly(run, (str(tmp_path / "killed"),), kills=20, seed=3, longest=0.12)
    assert equal_files(tmp_path / "unbroken" / FILE, tmp_path / "killed" / FILE)
    left = {path.name for path in (tmp_path / "killed").iterdir()}
    assert not [name for name in left if name.endswith(".part")]


def test_an_interruption_is_saved_and_goes_on_exactly(tmp_path):
    config = ExperimentConfig(**vars(KILLED) | {"steps": 10, "save_every": 100, "report_every": 4})
    codes = linear_codes()
    unbroken = train_fast(TINY, codes, config).state_dict()
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train_fast(TINY, codes, config, tmp_path, lambda _: os.kill(os.getpid(), signal.SIGINT))
    assert signal.getsignal(signal.SIGINT) is before
    assert (tmp_path / FILE).exists()
    resumed = train_fast(TINY, codes, config, tmp_path).state_dict()
    assert all(torch.equal(unbroken[key], resumed[key]) for key in unbroken)


def test_a_caller_can_stop_and_go_on(tmp_path):
    config = replace(KILLED, steps=10, save_every=100)
    codes = linear_codes()
    stopped = trained(codes, config, tmp_path, keep_going=lambda state: state.step < 6)
    six = trained(codes, replace(config, steps=6)).state_dict()
    assert all(torch.equal(six[key], value) for key, value in stopped.state_dict().items())
    steps = []
    trained(codes, config, tmp_path, keep_going=lambda state: steps.append(state.step) is None)
    assert steps == [6, 7, 8, 9]
    reports = []
    trained(codes, config, tmp_path, reports.append)  # done: it only reports
    assert [report.step for report in reports] == [10]


def test_a_full_disk_is_a_clear_error_and_keeps_the_last_checkpoint(tmp_path, monkeypatch):
    config = replace(KILLED, steps=8, save_every=4)
    codes = linear_codes()
    trained(codes, config, tmp_path, keep_going=lambda state: state.step < 4)
    good = (tmp_path / FILE).read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(train, "save_tensors", full)
    with pytest.raises(DeltaEditError, match=r"cannot save step 8.*No space.*still good"):
        trained(codes, config, tmp_path)
    assert (tmp_path / FILE).read_bytes() == good


@pytest.mark.slow
def test_patience_ends_a_run_that_no_longer_learns_and_survives_a_stop(tmp_path):
    # A rate that can learn nothing: the first validation stays the best.
    quiet = {"steps": 60, "learning_rate": 1e-30, "report_every": 5, "save_every": 100}
    config = ExperimentConfig(**vars(KILLED) | quiet, patience=3)
    reports = []
    train_fast(TINY, linear_codes(), config, on_report=reports.append)
    assert [report.step for report in reports] == [5, 10, 15, 20, 5]  # at last the best
    train_fast(TINY, linear_codes(), config, tmp_path, keep_going=lambda state: state.step < 12)
    resumed = []
    train_fast(TINY, linear_codes(), config, tmp_path, resumed.append)
    assert [report.step for report in resumed] == [15, 20, 5]
    ended = (tmp_path / FILE).read_bytes()
    again = []
    train_fast(TINY, linear_codes(), config, tmp_path, again.append)  # over: it only reports
    assert [report.step for report in again] == [20, 5]
    assert (tmp_path / FILE).read_bytes() == ended


def test_early_stopping_returns_the_best_mapper_not_the_last(tmp_path):
    """A rate that destroys what the first steps learned: the lowest validation comes out."""
    wild = {"steps": 40, "learning_rate": 40.0, "report_every": 2, "save_every": 100}
    config = ExperimentConfig(**vars(KILLED) | wild, patience=4)
    reports = []
    train_fast(TINY, linear_codes(), config, on_report=reports.append)
    lowest = min(reports, key=lambda report: report.validation)
    assert reports[-1].step == lowest.step
    assert reports[-1].validation == pytest.approx(lowest.validation)


def test_two_trainings_in_one_folder_are_refused(tmp_path):
    codes = linear_codes()

    def second(_) -> bool:
        with pytest.raises(DeltaEditError, match=str(tmp_path.name)):
            trained(codes, KILLED, tmp_path)
        return False

    trained(codes, KILLED, tmp_path, keep_going=second)
    trained(codes, replace(KILLED, steps=3), tmp_path)  # nobody holds it any more


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_checkpoint(tmp_path):
    codes, wild = linear_codes(), replace(SHORT, learning_rate=1e30)
    with pytest.raises(DeltaEditError, match=r"stopped being a number.*lower learning_rate"):
        trained(codes, wild, tmp_path / "wild")
    assert not (tmp_path / "wild" / FILE).exists()

    run = Run(TINY, codes, SHORT)
    train_mapper(run, tmp_path / "tame", keep_going=lambda run: run.step < 4)
    good = (tmp_path / "tame" / FILE).read_bytes()
    run.last *= torch.nan
    with pytest.raises(DeltaEditError, match="still good"):
        run.save(tmp_path / "tame")
    assert (tmp_path / "tame" / FILE).read_bytes() == good


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
    tensors, header = load_tensors(tmp_path / FILE)
    name = next(name for name in tensors if name.endswith("/step"))
    for part, value in (
        (name, -5.0),
        (name, math.nan),
        ("network/" + name.split("/")[1], -math.inf),
    ):
        spoilt = tensors | {part: torch.full_like(tensors[part], value)}
        save_tensors(tmp_path / FILE, spoilt, header)  # with the right checksum
        with pytest.raises(DeltaEditError, match="no state of a training"):
            trained(linear_codes(), SHORT, tmp_path)
    (tmp_path / FILE).write_bytes(b"cut")
    with pytest.raises(DeltaEditError, match="cannot read"):
        trained(linear_codes(), SHORT, tmp_path)
