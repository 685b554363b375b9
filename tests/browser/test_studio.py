"""The studio under a real hand: JupyterLab and the Voilà app, the keyboard and the mouse.

What the panel saves is read again by the kit here, and must draw the very picture that was saved.
"""

from __future__ import annotations

import io
import json
import os
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
from deltaedit_kit.support.pictures import encode_png, to_uint8
from deltaedit_kit.toyfaces.networks import SPEC
from tests.browser.axe import findings
from tests.browser.conftest import NotebookPage
from tests.browser.notebook_file import write_notebook
from tests.browser.studio_hand import Finger, Hand

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
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
# What reaches beyond its box; looked at in one moment, for the strip of pictures may be renewed.
OUTSIDE = """place => {
  const edge = place.getBoundingClientRect();
  return [...place.querySelectorAll("button, input, select, img, table")].filter(node => {
    const { left, right, width } = node.getBoundingClientRect();
    return width && (left < edge.left - 4 || right > edge.right + 1);
  }).map(node => node.outerHTML.slice(0, 80));
}"""
MOVED_UP = "([node, old]) => node.getBoundingClientRect().y < old - 50"
STRENGTH = SPEC.strength  # what a sentence begins with
READABLE = 4.5  # WCAG 2 AA
# A slider was given another place and drew it; what it had to say about that is said.
SETTLED = """async ([handle, place]) => {
  if (Math.abs(Number(handle.getAttribute("aria-valuetext")) - place) > 1e-6) return false;
  for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame);
  return window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === "idle";
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
    hand.panel.get_by_role("alert").get_by_text("is not a recipe").wait_for()
    # More than a server takes in one message: it comes in pieces, and is heard of.
    hand.upload("Load recipe", "large.json", "application/json", bytes(12_000_000))
    hand.panel.get_by_role("alert").get_by_text("'large.json' is not a recipe").wait_for()
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
    hand.upload("Photo", "me.png", "image/png", encode_png(portrait, 1))
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
    loaded = hand.shown()
    hand.press("Undo")  # one step, and the page added none
    hand.changes_from(loaded)
    hand.picture.wait_for()


def in_a_narrow_window(hand: Hand, opened: NotebookPage) -> None:
    """The controls stand beside the picture, the tables below; nothing is cut off; it is wiped."""
    old = opened.narrow(hand.panel)
    column = hand.panel.locator(".de-controls").bounding_box()
    picture = hand.picture.bounding_box()
    assert column["x"] + column["width"] <= picture["x"]
    strength = hand.strength.bounding_box()
    assert abs(strength["y"] - picture["y"]) < 500  # both in sight
    heading = hand.panel.get_by_role("heading", name="What changed in the style")
    assert heading.bounding_box()["y"] >= column["y"] + column["height"] - 1
    for place in (hand.panel, hand.panel.locator(".de-controls")):
        assert place.evaluate(OUTSIDE) == []
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
    hand.says("no sentence is in use")


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


def test_a_finger_edits_and_wipes_on_a_phone(open_app: Callable) -> None:
    page = open_app(**PHONE)
    finger = Finger(page, page.locator(".de-studio"))
    assert finger.panel.evaluate(OUTSIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    finger.write(SENTENCE)
    finger.picture.evaluate("picture => picture.scrollIntoView()")
    assert finger.strength.bounding_box()["y"] < PHONE["viewport"]["height"] - 40  # both in sight
    assert finger.drag_strength(-20) < STRENGTH
    shot(page, "studio_phone")

    box = finger.picture.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    finger.stroke(middle, -0.3 * box["width"], 0)
    assert finger.wiped_to(0.2)
    finger.stroke(middle, 0, -120)  # across the picture a finger wipes, along it the page scrolls
    page.wait_for_function(MOVED_UP, arg=[finger.picture.element_handle(), box["y"]])
    assert finger.wiped_to(0.2)
