"""Kills, interruptions, full disks: what was learned stays, and goes on bit for bit."""

import os
import signal
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.training import state as states
from deltaedit_kit.training import train_mapper
from deltaedit_kit.training.state import FILE
from tests.killing import kill_repeatedly
from tests.training.runs import KILLED, killed_run
from tests.training.tiny import LESSON, linear_codes


def equal_files(a, b) -> bool:
    one, two = load_file(a), load_file(b)
    return one.keys() == two.keys() and all(torch.equal(one[key], two[key]) for key in one)


def test_twenty_kills_change_not_one_bit(tmp_path):
    kill_repeatedly(killed_run, (str(tmp_path / "unbroken"),), kills=0, seed=3, longest=0.0)
    hits = kill_repeatedly(killed_run, (str(tmp_path / "killed"),), kills=20, seed=3, longest=0.12)
    assert hits >= 10  # the rest were fast enough to finish first
    assert equal_files(tmp_path / "unbroken" / FILE, tmp_path / "killed" / FILE)
    assert [path.name for path in (tmp_path / "killed").iterdir()] == [FILE]  # no leftovers


def test_an_interruption_is_saved_and_goes_on_exactly(tmp_path):
    config = replace(KILLED, steps=10, save_every=100, report_every=4)
    codes = linear_codes()
    unbroken = train_mapper(LESSON, codes, config).state_dict()
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train_mapper(LESSON, codes, config, tmp_path, lambda _: os.kill(os.getpid(), signal.SIGINT))
    assert signal.getsignal(signal.SIGINT) is before
    assert (tmp_path / FILE).exists()
    resumed = train_mapper(LESSON, codes, config, tmp_path).state_dict()
    assert all(torch.equal(unbroken[key], resumed[key]) for key in unbroken)


def test_a_caller_can_stop_and_go_on(tmp_path):
    config = replace(KILLED, steps=10, save_every=100)
    codes = linear_codes()
    stopped = train_mapper(LESSON, codes, config, tmp_path, keep_going=lambda state: state.step < 6)
    six = train_mapper(LESSON, codes, replace(config, steps=6)).state_dict()
    assert all(torch.equal(six[key], value) for key, value in stopped.state_dict().items())
    steps = []
    train_mapper(
        LESSON, codes, config, tmp_path, keep_going=lambda state: steps.append(state.step) is None
    )
    assert steps == [6, 7, 8, 9]
    reports = []
    train_mapper(LESSON, codes, config, tmp_path, reports.append)  # done: it only reports
    assert [report.step for report in reports] == [10]


def test_a_full_disk_is_a_clear_error_and_keeps_the_last_checkpoint(tmp_path, monkeypatch):
    config = replace(KILLED, steps=8, save_every=4)
    codes = linear_codes()
    train_mapper(LESSON, codes, config, tmp_path, keep_going=lambda state: state.step < 4)
    good = (tmp_path / FILE).read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(states, "save_tensors", full)
    with pytest.raises(DeltaEditError, match=r"cannot save step 8.*No space.*still there"):
        train_mapper(LESSON, codes, config, tmp_path)
    assert (tmp_path / FILE).read_bytes() == good


def test_patience_ends_a_run_that_no_longer_learns_and_survives_a_stop(tmp_path):
    # A rate that can learn nothing: the first validation stays the best.
    config = replace(
        KILLED, steps=60, ema=0.0, learning_rate=1e-30, report_every=5, patience=3, save_every=100
    )
    reports = []
    train_mapper(LESSON, linear_codes(), config, on_report=reports.append)
    assert [report.step for report in reports] == [5, 10, 15, 20]
    train_mapper(LESSON, linear_codes(), config, tmp_path, keep_going=lambda state: state.step < 12)
    resumed = []
    train_mapper(LESSON, linear_codes(), config, tmp_path, resumed.append)
    assert [report.step for report in resumed] == [15, 20]
    ended = (tmp_path / FILE).read_bytes()
    again = []
    train_mapper(LESSON, linear_codes(), config, tmp_path, again.append)  # over: it only reports
    assert [report.step for report in again] == [20]
    assert (tmp_path / FILE).read_bytes() == ended
