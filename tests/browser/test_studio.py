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
        page.set_viewport_size({"width": 1280, "height": 1150})
        page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        page.wait_for_timeout(1500)  # heat and strip follow the picture
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
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)
    return path


def test_a_person_edits_undoes_and_saves(open_notebook: Callable, notebook: Path, lab: Any) -> None:
    opened = open_notebook(notebook)
    page = opened.page
    opened.run_all()
    panel = opened.cell(0).locator(".de-studio")
    picture = panel.get_by_role("img", name="before on the left")
    status = panel.get_by_role("status").first
    picture.wait_for()
    first = picture.get_attribute("src")

    panel.get_by_label("Text of sentence 1").fill("a smiling face <b>&")
    page.keyboard.press("Enter")
    status.get_by_text("a smiling face <b>&").wait_for()  # markup is text
    assert picture.get_attribute("src") != first

    strength = panel.get_by_role("spinbutton", name="Strength of sentence 1")
    strength.fill("-0.5")
    page.keyboard.press("Enter")
    status.get_by_text("-0.50").wait_for()
    shot(page, "studio")

    panel.get_by_role("button", name="Undo").click()
    status.get_by_text("+0.60").wait_for()
    assert strength.input_value() == "0.6"

    with page.expect_file_chooser() as chooser:
        panel.get_by_role("button", name="Load recipe").click()
    chooser.value.set_files(
        {"name": "x.json", "mimeType": "application/json", "buffer": b"no recipe"}
    )
    panel.get_by_role("alert").get_by_text("is no recipe").wait_for()

    panel.get_by_role("button", name="Picture").click()
    panel.get_by_role("link", name="download").wait_for()
    assert (lab.folder / "saved" / "picture.png").read_bytes().startswith(b"\x89PNG")
    opened.run_cell(1)
    assert "a smiling face <b>&" in opened.text_of(1)
    assert not opened.errors
