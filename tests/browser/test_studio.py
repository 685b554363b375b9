"""The studio under a real hand: JupyterLab and the Voilà app, the keyboard and the mouse.

What the panel saves is read again by the kit here, and must draw the very picture that was saved.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from PIL import Image

from deltaedit_kit import load_domain
from deltaedit_kit.plots.grids import to_uint8
from deltaedit_kit.studio.engine import Engine
from deltaedit_kit.studio.recipe import read_file
from deltaedit_kit.studio.state import StudioState

APP = Path(__file__).parents[2] / "apps" / "studio.ipynb"
SHOTS = os.environ.get("DELTAEDIT_SHOTS")  # a folder: keep pictures of the screen there
SENTENCE = "a smiling face <b>&"
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


def shot(page: Any, name: str) -> None:
    if SHOTS:
        page.wait_for_timeout(1500)  # heat and strip follow the picture
        page.screenshot(path=Path(SHOTS) / f"{name}.png")


class Hand:
    """A person at one panel."""

    def __init__(self, page: Any, panel: Any) -> None:
        self.page, self.panel = page, panel
        self.picture = panel.get_by_role("img", name="before on the left")
        self.status = panel.get_by_role("status").first
        self.strength = panel.get_by_role("spinbutton", name="Strength of sentence 1")
        self.picture.wait_for()

    def shown(self) -> str:
        return self.picture.get_attribute("src")

    def says(self, text: str) -> None:
        """Wait until the line under the pictures holds this text."""
        self.status.get_by_text(text).wait_for()

    def write(self, text: str) -> None:
        self.panel.get_by_label("Text of sentence 1").fill(text)
        self.page.keyboard.press("Enter")
        self.says(text)

    def type_strength(self, value: str) -> None:
        self.strength.fill(value)
        self.page.keyboard.press("Enter")

    def drag_strength(self, pixels: int) -> float:
        """Drag the slider of the first sentence by so many pixels; returns its new strength."""
        old = self.strength.input_value()
        box = self.panel.locator(".de-quiet .noUi-handle").first.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + pixels, y, steps=12)
        self.page.mouse.up()
        # A drag passes over other values: the number that stays is the one of the last event.
        self.page.wait_for_timeout(400)
        value = self.strength.input_value()
        assert value != old
        self.says(f"{float(value):+.2f}")
        return float(value)

    def press(self, name: str) -> None:
        self.panel.get_by_role("button", name=name, exact=True).click()

    def upload(self, button: str, name: str, kind: str, content: bytes) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.panel.get_by_role("button", name=button).click()
        chooser.value.set_files({"name": name, "mimeType": kind, "buffer": content})

    def download(self) -> bytes:
        """Click the link to what was saved; its bytes."""
        with self.page.expect_download() as download:
            self.panel.get_by_role("link", name="download").click()
        return Path(download.value.path()).read_bytes()


def state_in(picture: bytes) -> StudioState:
    """The state that a saved picture carries; asserts that it draws that picture once more."""
    engine = Engine(load_domain("toyfaces"))
    state = read_file(engine, "picture.png", picture)
    pixels = np.asarray(Image.open(io.BytesIO(picture))).astype(int)
    again = to_uint8(engine.look(state).after).astype(int)
    assert pixels.shape == (128, 128, 3)
    assert np.abs(pixels - again).max() <= 1
    return state


def test_a_person_edits_undoes_and_saves(open_notebook: Callable, notebook: Path, lab: Any) -> None:
    opened = open_notebook(notebook)
    opened.run_all()
    hand = Hand(opened.page, opened.cell(0).locator(".de-studio"))
    first = hand.shown()
    hand.write(SENTENCE)  # markup is text
    assert hand.shown() != first
    hand.type_strength("-0.5")
    hand.says("-0.50")
    assert hand.drag_strength(30) > -0.5
    shot(opened.page, "studio_lab")
    hand.press("Undo")
    hand.says("-0.50")
    hand.press("Undo")
    hand.says("+0.60")
    assert hand.strength.input_value() == "0.6"

    hand.upload("Load recipe", "x.json", "application/json", b"no recipe")
    hand.panel.get_by_role("alert").get_by_text("is no recipe").wait_for()
    hand.press("Picture")
    hand.panel.get_by_role("link", name="download").wait_for()
    saved = state_in((lab.folder / "saved" / "picture.png").read_bytes())
    assert [(one.text, one.strength) for one in saved.sentences] == [(SENTENCE, 0.6)]
    opened.run_cell(1)
    assert opened.text_of(1) == str(saved)
    assert not opened.errors


def test_the_app_edits_undoes_and_saves(open_app: Callable) -> None:
    page = open_app(APP)
    hand = Hand(page, page.locator(".de-studio"))
    assert page.get_by_text("load_domain").count() == 0  # an app shows no code
    first = hand.shown()
    hand.write(SENTENCE)
    assert hand.shown() != first
    strength = hand.drag_strength(-20)
    assert strength < 0.6
    fine = hand.panel.get_by_role("checkbox", name="fine")
    fine.uncheck()
    nothing = hand.panel.get_by_role("cell", name="0 of 288", exact=True)
    nothing.wait_for()
    shot(page, "studio_app")
    hand.press("Undo")
    nothing.wait_for(state="detached")
    assert fine.is_checked()
    hand.press("Picture")
    saved = state_in(hand.download())
    assert [(one.text, one.strength) for one in saved.sentences] == [(SENTENCE, strength)]
    assert saved.groups == ("coarse", "medium", "fine")
