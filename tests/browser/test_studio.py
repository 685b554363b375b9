"""The studio under a real hand: JupyterLab and the Voilà app, the keyboard and the mouse.

What the panel saves is read again by the kit here, and must draw the very picture that was saved.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from deltaedit_kit import load_domain
from deltaedit_kit.labs.studio.engine import Engine
from deltaedit_kit.labs.studio.recipe import read_file, to_recipe
from deltaedit_kit.labs.studio.state import Sentence, StudioState
from deltaedit_kit.pictures import png_bytes, to_uint8
from deltaedit_kit.toyfaces.spec import SPEC
from tests.browser.axe import findings
from tests.browser.conftest import NotebookPage
from tests.browser.notebook_file import write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOTS = os.environ.get("DELTAEDIT_SHOTS")  # a folder: keep pictures of the screen there
SENTENCE = "a smiling face <b>&"
CELLS = (
    "from deltaedit_kit import load_domain\n"
    "from deltaedit_kit.labs.studio import Studio\n"
    "studio = Studio(load_domain('toyfaces'), folder='saved')\n"
    "studio",
    "print(studio.state)",
)
# Contrast of every text with what lies behind it, as WCAG 2 defines it; the worst ones.
CONTRAST = """panel => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = numbers(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.5) return colour;
    }
    return [255, 255, 255];
  };
  const ratios = [];
  for (const node of panel.querySelectorAll("*")) {
    const texts = [...node.childNodes].filter((n) => n.nodeType === 3 && n.data.trim());
    const typed = node.matches("input[type=text], input[type=number], select") && node.value;
    const off = node.disabled || node.matches(".de-tile, style");
    if (off || (!texts.length && !typed)) continue;
    const [a, b] = [numbers(getComputedStyle(node).color), behind(node)].map(light);
    const words = typed || texts[0].data.trim();
    ratios.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), words.slice(0, 30)]);
  }
  return ratios.sort((one, other) => one[0] - other[0]);
}"""
STRENGTH = SPEC.strength  # what a sentence begins with
READABLE = 4.5  # WCAG 2 AA
# Number field, slider and the line under the pictures agree on another value than the old one.
AGREED = """([panel, field, handle, old]) => {
  const value = Number(field.value), shown = Number(handle.getAttribute("aria-valuetext"));
  if (Math.abs(value - Number(old)) < 1e-6 || Math.abs(value - shown) > 1e-6) return null;
  const said = (value < 0 ? "" : "+") + value.toFixed(2);
  const lines = [...panel.querySelectorAll("[role=status]")];
  return lines.some(line => line.textContent.includes(said)) ? field.value : null;
}"""
# A slider was given another place and drew it; what it had to say about that is said.
SETTLED = """async ([handle, place]) => {
  if (Math.abs(Number(handle.getAttribute("aria-valuetext")) - place) > 1e-6) return false;
  for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame);
  return window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === "idle";
}"""
# Of the upper picture, the right-hand part is cut off.
WIPED = """([slider, number, over, place]) => {
  const cut = Number(getComputedStyle(over).clipPath.match(/inset\\(0(?:px|%)? ([\\d.]+)%/)?.[1]);
  const said = [Number(slider.getAttribute("aria-valuetext")), Number(number.value), 1 - cut / 100];
  return said.every(one => Math.abs(one - place) < 0.006);
}"""
THEME = """light => {
  const probe = document.body.appendChild(document.createElement("div"));
  probe.style.background = "var(--jp-layout-color0)";
  const [red] = getComputedStyle(probe).backgroundColor.match(/[\\d.]+/g).map(Number);
  probe.remove();
  return (red > 127) === light;
}"""
# The name that is read out for what has the focus; null outside the panel.
NAME_OF_FOCUS = """() => {
  const node = document.activeElement;
  if (!node.closest(".de-studio")) return null;
  const label = node.labels?.[0]?.textContent || node.textContent;
  return (node.getAttribute("aria-label") || label || "").trim();
}"""


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    return write_notebook(tmp_path / "studio.ipynb", CELLS)


def shot(page: Any, name: str) -> None:
    if SHOTS:
        page.wait_for_timeout(4000)  # heat and strip follow the picture
        page.screenshot(path=Path(SHOTS) / f"{name}.png")


class Hand:
    """A person at one panel."""

    def __init__(self, page: Any, panel: Any) -> None:
        self.page, self.panel = page, panel
        self.picture = panel.get_by_role("img", name="before on the left")
        said = re.compile("may move|no sentence counts")  # saved files have a line of their own
        self.status = panel.get_by_role("status").filter(has_text=said)
        self.strength = panel.get_by_role("spinbutton", name="Strength of sentence 1")
        self.picture.wait_for()

    def shown(self) -> str:
        return self.picture.get_attribute("src")

    def says(self, text: str) -> None:
        """Wait until the line under the pictures holds this text."""
        self.status.get_by_text(text).wait_for()

    def changes_from(self, old: str) -> None:
        """Wait until another picture is shown."""
        self.panel.locator(f"img[src='{old}']").wait_for(state="detached")

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
        handle = self.drag("Strength of sentence 1, slider", pixels)
        parts = [one.element_handle() for one in (self.panel, self.strength, handle)]
        return float(self.page.wait_for_function(AGREED, arg=[*parts, old]).json_value())

    def drag(self, slider: str, pixels: int) -> Any:
        """Drag the handle of a slider by so many pixels; the handle."""
        handle = self.panel.get_by_role("slider", name=slider, exact=True)
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + pixels, y, steps=12)
        self.page.mouse.up()
        return handle

    def undo_to(self, strength: float) -> None:
        """Undo until the first sentence has this strength: a hand that pauses makes more steps."""
        for _ in range(13):
            old = self.status.inner_text()
            self.press("Undo")
            self.status.filter(has_not_text=old).wait_for()
            if float(self.strength.input_value()) == strength:
                self.says(f"{strength:+.2f}")
                return
        raise AssertionError(f"{strength} was lost")

    def seen(self) -> bytes:
        """The pixels of before and after as they stand on the screen."""
        return self.panel.locator(".de-wiped").screenshot()

    def wiped_to(self, place: float) -> Any:
        """Wait until slider, number field and cut of the picture agree on this place."""
        wipe = self.panel.get_by_role("slider", name="Wipe, slider", exact=True)
        number = self.panel.get_by_role("spinbutton", name="Wipe")
        over = self.panel.locator(".de-wiped img").nth(1)
        parts = [one.element_handle() for one in (wipe, number, over)]
        return self.page.wait_for_function(WIPED, arg=[*parts, place]).json_value()

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
    hand.undo_to(STRENGTH)
    assert hand.panel.get_by_label("Text of sentence 1").input_value() == SENTENCE

    hand.upload("Load recipe", "x.json", "application/json", b"no recipe")
    hand.panel.get_by_role("alert").get_by_text("is no recipe").wait_for()
    # More than a server takes in one message: it comes in pieces, and is heard of.
    hand.upload("Load recipe", "large.json", "application/json", bytes(12_000_000))
    hand.panel.get_by_role("alert").get_by_text("'large.json' is no recipe").wait_for()
    hand.press("Picture")
    hand.panel.get_by_role("link", name="download").wait_for()
    saved = state_in((lab.folder / "saved" / "picture.png").read_bytes())
    assert [(one.text, one.strength) for one in saved.sentences] == [(SENTENCE, STRENGTH)]
    opened.run_cell(1)
    assert opened.text_of(1) == str(saved)
    picture_of_ones_own(hand, lab.folder / "saved")
    a_recipe_is_shown_as_it_is(hand)
    in_a_narrow_window(hand, opened)
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        in_theme(hand, theme)
    by_keyboard(hand)
    assert not opened.errors


def picture_of_ones_own(hand: Hand, folder: Path) -> None:
    """Upload a portrait; it is edited instead of the sampled face, comes with undo, and is kept."""
    sampled = hand.shown()
    portrait = load_domain("toyfaces").sample(6, seed=0).images[3]
    hand.upload("Photo", "me.png", "image/png", png_bytes(portrait, 1))
    hand.changes_from(sampled)
    hand.panel.get_by_role("status").get_by_text("encoded:").wait_for()  # how faithful it is
    assert hand.panel.get_by_role("button", pressed=True).count() == 0
    own = hand.shown()
    hand.press("Undo")
    hand.changes_from(own)
    assert hand.shown() == sampled
    hand.press("Redo")
    hand.changes_from(sampled)
    hand.press("Picture")
    hand.panel.get_by_text("picture-2.png").wait_for()
    assert state_in((folder / "picture-2.png").read_bytes()).photo == 0


def a_recipe_is_shown_as_it_is(hand: Hand) -> None:
    """Numbers between two steps of a slider: showing them must not move them to a step."""
    engine = Engine(load_domain("toyfaces"))
    first = StudioState.first(engine.domain.spec)
    sentence = Sentence("an old face", 0.9321)
    wanted = replace(first, sentences=(sentence,), truncation=0.66, threshold=0.0123)
    content = json.dumps(to_recipe(engine, wanted)).encode()
    hand.upload("Load recipe", "between.json", "application/json", content)
    hand.says("+0.93 “an old face”")
    # A slider that moved by being shown would answer now, before what is pressed next.
    slider = hand.panel.get_by_role("slider", name="Strength of sentence 1, slider")
    hand.page.wait_for_function(SETTLED, arg=[slider.element_handle(), 0.95])
    hand.press("Recipe")
    hand.panel.get_by_text("recipe.json,").wait_for()
    assert read_file(engine, "recipe.json", hand.download()) == wanted
    hand.press("Undo")  # one step, and the page added none


def in_a_narrow_window(hand: Hand, opened: NotebookPage) -> None:
    """The controls stand beside the picture, the tables below; nothing is cut off; it is wiped."""
    old = opened.narrow(hand.panel)
    column = hand.panel.locator(".de-controls").bounding_box()
    room, picture = hand.panel.bounding_box(), hand.picture.bounding_box()
    assert column["x"] + column["width"] <= picture["x"]
    strength = hand.strength.bounding_box()
    assert abs(strength["y"] - picture["y"]) < 500  # both in sight
    heading = hand.panel.get_by_role("heading", name="What changed in the style")
    assert heading.bounding_box()["y"] >= column["y"] + column["height"] - 1
    for place, edge in ((hand.panel, room), (hand.panel.locator(".de-controls"), column)):
        for control in place.locator("button:visible, input:visible, select:visible, img").all():
            box = control.bounding_box()
            assert edge["x"] - 4 <= box["x"]
            assert box["x"] + box["width"] <= edge["x"] + edge["width"] + 1
    shot(hand.page, "studio_900")
    wiped_by_hand(hand)
    hand.page.set_viewport_size(old)


def wiped_by_hand(hand: Hand) -> None:
    """A drag on the picture, on the slider, a key and a number: page and kernel say one place."""
    hand.picture.scroll_into_view_if_needed()
    box, mouse = hand.picture.bounding_box(), hand.page.mouse
    x, y = box["x"], box["y"] + box["height"] / 2
    pixels = hand.seen()
    mouse.move(x + 0.5 * box["width"], y)
    mouse.down()
    mouse.move(x + 0.2 * box["width"], y, steps=6)
    mouse.up()
    assert hand.wiped_to(0.2)
    assert hand.seen() != pixels
    mouse.move(x + 0.5 * box["width"], y)  # nobody holds it any more
    assert hand.wiped_to(0.2)
    mouse.down()
    mouse.move(x + 1.5 * box["width"], y, steps=6)  # held beyond the edge
    mouse.up()
    assert hand.wiped_to(1.0)
    hand.panel.get_by_role("spinbutton", name="Wipe").fill("0.4")
    hand.page.keyboard.press("Enter")
    assert hand.wiped_to(0.4)
    wipe = hand.drag("Wipe, slider", -30)
    place = float(wipe.get_attribute("aria-valuetext"))
    assert 0 < place < 0.4
    assert hand.wiped_to(place)
    wipe.press("ArrowRight")
    assert hand.wiped_to(place + 0.01)


def in_theme(hand: Hand, theme: str) -> None:
    """Every text of the panel stands out from what is behind it."""
    hand.page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
    )
    light = "true" if "Light" in theme else "false"
    hand.page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")
    hand.page.wait_for_function(THEME, arg="Light" in theme)  # its style sheet is there
    shot(hand.page, theme.replace(" ", "_"))
    worst = hand.panel.evaluate(CONTRAST)
    assert len(worst) > 60
    assert worst[0][0] >= READABLE, worst[:5]


def by_keyboard(hand: Hand) -> None:
    """No mouse: Tab comes past every control, each has a name, and keys work them."""
    tiles = [hand.panel.get_by_role("button", name=f"Edit face {k}") for k in range(1, 7)]
    tiles[0].focus()
    names = []
    for _ in range(80):
        names.append(hand.page.evaluate(NAME_OF_FOCUS))
        hand.page.keyboard.press("Tab")
        if names[-1] is None:
            break
    controls = hand.panel.locator("button:enabled:visible, input:visible, select:visible")
    assert len(names) - 1 >= controls.count()
    assert all(names[:-1]), names
    assert len(set(names[:-1])) == len(names) - 1, names  # and no two share one
    tiles[1].focus()
    before = hand.shown()
    hand.page.keyboard.press("Enter")
    hand.changes_from(before)
    assert tiles[1].get_attribute("aria-pressed") == "true"
    slider = hand.panel.get_by_role("slider", name="Strength of sentence 1, slider")
    slider.focus()
    hand.page.keyboard.press("ArrowRight")
    hand.says(f"{STRENGTH + 0.05:+.2f}")
    hand.panel.get_by_role("checkbox", name="Use sentence 1").focus()
    hand.page.keyboard.press("Space")
    hand.says("no sentence counts")


def test_the_app_edits_undoes_and_saves(open_app: Callable) -> None:
    page = open_app()
    hand = Hand(page, page.locator(".de-studio"))
    assert page.get_by_text("load_domain").count() == 0  # an app shows no code
    first = hand.shown()
    hand.write(SENTENCE)
    assert hand.shown() != first
    strength = hand.drag_strength(-20)
    assert strength < STRENGTH
    fine = hand.panel.get_by_role("checkbox", name="fine")
    fine.uncheck()
    nothing = hand.panel.get_by_role("cell", name="0 of 288", exact=True)
    nothing.wait_for()
    hand.press("Undo")
    nothing.wait_for(state="detached")
    assert fine.is_checked()
    hand.press("Picture")
    saved = state_in(hand.download())
    assert [(one.text, one.strength) for one in saved.sentences] == [(SENTENCE, strength)]
    assert saved.groups == ("coarse", "medium", "fine")
    hand.write("a smiling face with glasses")
    hand.type_strength("1.1")
    hand.says("+1.10")
    assert not findings(page, ".de-studio")
    shot(page, "studio_app")  # cut to the panel: figures/studio.png
