"""The session and the panel over it: start, rest, stop, go on, and what is shown meanwhile."""

import asyncio
import signal
import threading
import time
from dataclasses import replace

import pytest
import torch

from deltaedit_kit.codes import make_codes
from deltaedit_kit.labs.training import hearing
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.labs.training.session import TrainingSession
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.support.errors import DeltaEditError
from tests.tiny_domain import tiny_domain

GUARD = 1200  # seconds: against hangs, whatever else runs
SHORT = ExperimentConfig(steps=30, batch=8, held_out=0.2, report_every=10, save_every=1000)


@pytest.fixture(scope="module")
def domain():
    return tiny_domain()


@pytest.fixture(scope="module")
def codes(domain, tmp_path_factory):
    return make_codes(domain, tmp_path_factory.mktemp("codes"), 24).resident()


@pytest.fixture
def session_at():
    """Makes sessions; what still trains when a test ends, also a failed one, is stopped."""
    made: list[TrainingSession] = []

    def make(domain, codes, folder, steps=100_000, **settings) -> TrainingSession:
        config = ExperimentConfig(
            steps=steps, batch=8, held_out=0.2, report_every=10, save_every=10**6
        )
        made.append(TrainingSession(domain, codes, config, folder, **settings))
        return made[-1]

    yield make
    for session in made:
        if session.running:
            session.stop()
            session.wait(GUARD)


def until(condition) -> None:
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never happened")


@pytest.mark.slow
def test_a_watched_run_learns_what_an_unwatched_one_learns(domain, codes, tmp_path):
    seen = []
    session = TrainingSession(domain, codes, SHORT, tmp_path, look_every=0.0)
    session.on_change = lambda now: seen.append((now.step, now.mapper is not None))
    session.start()
    mapper = session.wait(GUARD)
    alone = train_fast(domain, codes, SHORT).state_dict()
    assert all(torch.equal(alone[key], value) for key, value in mapper.state_dict().items())
    assert [report.step for report in session.reports] == [10, 20, 30]
    assert session.done
    assert not session.running
    assert (5, True) in seen  # a mapper was shown between reports


@pytest.mark.slow
def test_rest_stop_and_go_on_lose_nothing(domain, codes, tmp_path, session_at):
    session = session_at(domain, codes, tmp_path)
    session.start()
    until(lambda: session.step > 3)
    session.pause()
    until(lambda: session.paused)
    time.sleep(0.1)
    at = session.step
    time.sleep(0.1)
    assert session.step == at
    assert session.seconds_left is None
    session.go_on()
    until(lambda: session.step > at + 1)
    with pytest.raises(DeltaEditError, match="is already running"):
        session.start()
    assert session.seconds_left > 0
    session.stop()
    session.wait(GUARD)
    at = session.step
    again = session_at(domain, codes, tmp_path)  # as after a restart of the kernel
    again.start()
    until(lambda: again.step > at)
    again.stop()
    again.wait(GUARD)


@pytest.mark.slow
def test_an_interrupted_wait_saves(domain, codes, tmp_path, session_at):
    session = session_at(domain, codes, tmp_path)
    session.start()
    until(lambda: session.step > 3)
    main = threading.main_thread().ident
    # A shell that starts a job in the background tells it to ignore interruptions.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    # Long enough that a busy machine has come to the wait by then.
    threading.Timer(2.0, signal.pthread_kill, (main, signal.SIGINT)).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            session.wait(GUARD)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not session.running
    assert (tmp_path / "training.safetensors").exists()


@pytest.mark.slow
def test_a_cell_that_awaits_and_is_interrupted_saves(domain, codes, tmp_path, session_at):
    session = session_at(domain, codes, tmp_path)

    async def interrupted() -> None:
        session.start()
        cell = asyncio.create_task(session.ended())
        await hearing.until(lambda: session.step > 3)
        cell.cancel()  # as the kernel does it
        await cell

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interrupted())
    assert not session.running
    assert (tmp_path / "training.safetensors").exists()


def test_a_run_whose_patience_ran_out_is_done(domain, codes):
    nothing = replace(SHORT, steps=60, learning_rate=1e-30, report_every=5, patience=2)
    session = TrainingSession(domain, codes, nothing, None)
    session.start()
    session.wait(GUARD)
    assert session.step < 60
    assert session.done


def test_errors_of_the_run_come_out_where_one_waits(domain, codes, tmp_path, session_at):
    with pytest.raises(DeltaEditError, match="never started"):
        session_at(domain, codes, tmp_path).wait()
    session = TrainingSession(domain, codes[:3], SHORT, tmp_path)
    session.start()
    with pytest.raises(DeltaEditError, match="too few"):
        session.wait(GUARD)


@pytest.mark.slow
def test_a_training_tells_at_which_step_it_rests(domain, codes, tmp_path, session_at):
    seen = []
    session = session_at(domain, codes, tmp_path, look_every=GUARD)
    session.on_change = lambda now: seen.append((now.step, now.paused))
    session.start()
    until(lambda: session.step % 10 == 5)  # between two reports
    session.pause()
    until(lambda: (session.step, True) in seen)
    assert session.paused
    assert not session.done


@pytest.mark.slow
def test_the_panel_shows_curves_pictures_and_the_right_buttons(domain, codes, tmp_path, session_at):
    from deltaedit_kit.labs.training.monitor import TrainingMonitor

    session = session_at(domain, codes, tmp_path, steps=40, look_every=0.0)
    panel = TrainingMonitor(session)
    assert "not started" in panel.message.value
    assert (panel.start.disabled, panel.pause.disabled, panel.stop.disabled) == (False, True, True)
    assert panel.pictures.content == b""
    session.pause()
    panel.start.click()
    session.pause()
    until(lambda: session.paused)
    panel.refresh()
    assert panel.pause.description == "Resume"
    assert "paused" in panel.message.value
    panel.pause.click()
    session.wait(GUARD)  # what follows was shown without a word from us
    assert "step 40 of 40" in panel.message.value
    assert "done" in panel.message.value
    assert panel.view.curve.startswith(b"\xff\xd8")
    assert panel.view.pictures.startswith(b"\x89PNG")
    assert panel.pictures.content == panel.view.pictures
    assert "one row for each" in panel.pictures.alt
    assert "held-out cosine" in panel.curve.alt
    assert (panel.start.disabled, panel.stop.disabled, panel.progress.value) == (True, True, 40)
    assert repr(panel) == "TrainingMonitor(tiny, 40 steps)"


def test_a_stopped_run_can_be_started_again_and_an_error_is_shown(domain, codes, session_at):
    from deltaedit_kit.labs.training.monitor import TrainingMonitor

    session = session_at(domain, codes, None)
    panel = TrainingMonitor(session)
    panel.start.click()
    until(lambda: session.step > 2)
    panel.stop.click()
    session.wait(GUARD)
    assert "stopped" in panel.message.value
    assert (panel.start.disabled, panel.stop.disabled) == (False, True)

    broken = TrainingSession(domain, codes[:3], SHORT, None)
    panel = TrainingMonitor(broken)
    panel.start.click()
    with pytest.raises(DeltaEditError, match="too few"):
        broken.wait(GUARD)
    assert "not done: 3 codes are too few" in panel.message.value
    assert not panel.start.disabled


def test_previews_show_the_mapper_that_is_asked(domain):
    from deltaedit_kit.labs.training.monitor import previews

    faces = domain.sample(2, seed=0)
    asleep = DeltaMapper(domain.layout, domain.clip.width)
    with torch.no_grad():
        for weight in asleep.parameters():
            weight.zero_()
    still = previews(domain, faces, ["a smiling face"], asleep)
    moved = previews(domain, faces, ["a smiling face"], domain.mapper)
    assert still != moved
    assert domain.mapper is not asleep
