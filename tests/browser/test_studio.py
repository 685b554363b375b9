"""The studio under a real hand: JupyterLab in a headless Chromium, the keyboard and the mouse."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

SHOTS = os.environ.get("DELTAEDIT_SHOTS")  # a folder: keep pictures of the screen there


def shot(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png")


CELLS = (
    "from deltaedit_kit import load_domain\n"
    "from deltaedit_kit.widgets import Studio\n"
    "studio = Studio(load_domain('toyfaces'), folder='saved')\n"
    "studio",
    "print(studio.state)",
)


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "studio.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_look(open_notebook: Callable, notebook: Path) -> None:
    opened = open_notebook(notebook)
    opened.run_all()
    page = opened.page
    page.wait_for_selector(".de-studio img")
    page.wait_for_timeout(3000)
    shot(page, "first")
    assert not opened.errors
