"""The training monitor in a real browser: Start, Pause, Resume, Stop, with curves and previews."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.axe import findings
from tests.browser.notebook_file import write_notebook

MAKE = """\
from pathlib import Path

from deltaedit_kit import load_domain
from deltaedit_kit.codes import make_codes
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.labs.training.session import TrainingSession
from deltaedit_kit.labs.training.monitor import TrainingMonitor

domain = load_domain("toyfaces")
codes = make_codes(domain, "codes", 24)
config = ExperimentConfig(steps=100_000, batch=8, held_out=0.2, report_every=5, save_every=10**6)
session = TrainingSession(domain, codes, config, Path("run").resolve(), look_every=1.0)"""
pytestmark = [pytest.mark.browser, pytest.mark.slow]

PANEL = ".jp-OutputArea .jupyter-widgets"
CELLS = (
    MAKE,
    "monitor = TrainingMonitor(session)\nmonitor",
    "print(session.running, session.step > 0, [*Path('run').glob('*.safetensors')] != [])",
)


def test_a_learner_starts_rests_and_stops(open_notebook: Callable, tmp_path: Path) -> None:
    opened = open_notebook(write_notebook(tmp_path / "monitor.ipynb", CELLS))
    for number in (0, 1):
        opened.run_cell(number)
    panel = opened.cell(1).locator(".jp-OutputArea").first
    panel.get_by_text("not started").wait_for()
    assert panel.get_by_role("button", name="Stop").is_disabled()
    panel.get_by_role("button", name="Start").click()
    panel.get_by_text("held-out cosine").wait_for()
    for number in (0, 1):  # the curves and the previews
        picture = panel.locator("img").nth(number).element_handle()
        opened.page.wait_for_function("image => image.naturalWidth > 300", arg=picture)
    panel.get_by_role("button", name="Pause").click()
    panel.get_by_text("paused").wait_for()
    assert not findings(opened.page, PANEL)
    assert panel.get_by_role("img", name="held-out cosine").is_visible()
    assert panel.get_by_role("img", name="one row for each").is_visible()
    panel.get_by_role("button", name="Resume").click()
    panel.get_by_text("training", exact=False).wait_for()
    panel.get_by_role("button", name="Stop").click()
    panel.get_by_text("stopped, saved").wait_for()
    assert panel.get_by_role("button", name="Start").is_enabled()
    opened.run_cell(2)
    assert opened.text_of(2) == "False True True"
    assert opened.errors == []


WAITING = (
    MAKE,
    "ran = []\nmonitor = TrainingMonitor(session)\nmonitor",
    "monitor.start.click()\nmapper = await session.ended()\nran.append(session.step)",
    "ran.append('second')\nprint(session.running, len(ran))",
    "ran.append('third')\nprint(ran[0] == session.step > 0, ran[1:])",
)


def test_the_buttons_answer_while_a_cell_waits_under_run_all(
    open_notebook: Callable, tmp_path: Path
) -> None:
    opened = open_notebook(write_notebook(tmp_path / "waiting.ipynb", WAITING))
    opened.begin_all()
    panel = opened.cell(1).locator(".jp-OutputArea").first
    panel.get_by_text("held-out cosine").wait_for()
    panel.get_by_role("button", name="Pause").click()
    panel.get_by_text("paused").wait_for()
    assert opened.text_of(3) == ""  # the cells behind wait as well
    panel.get_by_role("button", name="Resume").click()
    panel.get_by_text("training", exact=False).wait_for()
    panel.get_by_role("button", name="Stop").click()
    panel.get_by_text("stopped, saved").wait_for()
    opened.all_ran()
    assert opened.text_of(3) == "False 2"
    assert opened.text_of(4) == "True ['second', 'third']"
    assert opened.counts() == [1, 2, 3, 4, 5]
    assert opened.errors == []
