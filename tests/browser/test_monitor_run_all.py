"""Pause, Go on and Stop under "Run All", while a later cell waits for the training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.notebook_file import write_notebook
from tests.browser.test_monitor import MAKE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = (
    MAKE,
    "monitor = TrainingMonitor(session)\nmonitor",
    "monitor.start.click()\nmapper = session.wait()\nprint('waited', session.running)",
    "print('the next cell', session.step > 0)",
)


def test_buttons_work_while_a_cell_waits(open_notebook: Callable, tmp_path: Path) -> None:
    opened = open_notebook(write_notebook(tmp_path / "run_all.ipynb", CELLS))
    opened.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    panel = opened.cell(1).locator(".jp-OutputArea").first
    panel.get_by_text("held-out cosine").wait_for()
    panel.get_by_role("button", name="Pause").click()
    panel.get_by_text("resting").wait_for(timeout=30_000)
    panel.get_by_role("button", name="Go on").click()
    panel.get_by_text("learning").wait_for(timeout=30_000)
    panel.get_by_role("button", name="Stop").click()
    opened.cell(3).get_by_text("the next cell True").wait_for(timeout=60_000)
    assert opened.text_of(2) == "waited False"
    assert opened.errors == []
