"""A participant in a real browser: agrees, answers by keyboard and mouse, and comes back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.axe import findings
from tests.browser.notebook_file import write_notebook

SHOTS = os.environ.get("DELTAEDIT_SHOTS")  # a folder: keep pictures of the screen there

MAKE = """\
from deltaedit_kit.toyfaces import render, sample_factors
from deltaedit_kit.support.pictures import encode_png
from deltaedit_kit.labs.study.creation import create_study
from deltaedit_kit.labs.study.design import Design
from deltaedit_kit.labs.study.items import Item
from deltaedit_kit.labs.study.panel import Study

png = [encode_png(picture) for picture in render(sample_factors(9, seed=0))]
items = [Item(f"sentence {k}", "face", "one", "two", *png[3 * k : 3 * k + 3], *png[:2])
         for k in range(3)]
store = create_study("study.sqlite", items, Design(participants=3, rounds=3, checks=1))"""
pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = (
    MAKE,
    "study = Study(store)\nstudy",
    "print([a.choice for a in store.answers()], study.screen.kind)",
    "again = Study('study.sqlite', code=study.code)\nagain",
    "print([a.choice for a in store.answers()], again.screen.kind)",
)


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    return write_notebook(tmp_path / "study.ipynb", CELLS)


def shot(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png")


def answer(page: Any, pane: Any, number: int, press: Callable[[], None]) -> None:
    """Press once the pane shows question `number`, later than anybody could by accident."""
    pane.get_by_text(f"{number} of 8 answered").wait_for()
    page.wait_for_timeout(500)
    press()


def test_a_participant_answers_by_keyboard_and_comes_back(
    open_notebook: Callable, notebook: Path
) -> None:
    opened = open_notebook(notebook)
    page = opened.page
    for number in (0, 1):
        opened.run_cell(number)
    pane = opened.cell(1).locator(".deltaedit-study")
    pane.get_by_text("Taking part is voluntary").wait_for()
    shot(page, "study_consent")
    assert not findings(page, ".deltaedit-study")
    pane.get_by_role("button", name="I agree, begin").click()

    nothing_is_cut_off(opened, pane)
    assert not findings(page, ".deltaedit-study")
    for number, key in enumerate(("ArrowLeft", "ArrowRight", "f", "j")):
        answer(page, pane, number, lambda key=key: page.keyboard.press(key))
        if number == 0:
            pane.get_by_text("1 of 8 answered").wait_for()
            shot(page, "study_round")
    # A key held down, and keys of JupyterLab, are not answers.
    pane.get_by_text("4 of 8 answered").wait_for()
    for key in ("d", "d", "a", "ArrowUp", "Control+f"):
        page.keyboard.press(key)
    answer(page, pane, 4, lambda: pane.get_by_role("button", name="right →").click())
    answer(page, pane, 5, lambda: page.keyboard.press("1"))  # keys work after a click
    pane.get_by_text("6 of 8 answered").wait_for()
    opened.run_cell(2)
    assert opened.text_of(2) == "['left', 'right', 'left', 'right', 'right', 'left'] question"

    opened.run_cell(3)  # the same person in another page
    other = opened.cell(3).locator(".deltaedit-study")
    other.get_by_text("Click here to answer with the keys").click()
    other.get_by_text("Keys: ← or F").wait_for()
    answer(page, other, 6, lambda: page.keyboard.press("2"))
    answer(page, other, 7, lambda: page.keyboard.press("ArrowRight"))
    other.get_by_text("Thank you").wait_for()
    shot(page, "study_done")
    opened.run_cell(4)
    expected = "['left', 'right', 'left', 'right', 'right', 'left', 'right', 'right'] done"
    assert opened.text_of(4) == expected
    assert page.locator(".jp-Notebook .jp-Cell").count() == len(CELLS)  # "d d" deletes a cell
    assert not opened.errors


def nothing_is_cut_off(opened: Any, pane: Any) -> None:
    """In a narrow window both answers can be pressed, and no picture is distorted."""
    page = opened.page
    pane.get_by_text("0 of 8 answered").wait_for()
    old = opened.narrow(pane)
    room = pane.bounding_box()
    for button in ("← left", "right →"):
        box = pane.get_by_role("button", name=button).bounding_box()
        assert room["x"] <= box["x"]
        assert box["x"] + box["width"] <= room["x"] + room["width"]
    boxes = [image.bounding_box() for image in pane.locator("img").all()]
    assert len(boxes) == 3
    for box in boxes:
        assert abs(box["width"] - box["height"]) <= 1
        assert box["x"] + box["width"] <= room["x"] + room["width"]
    shot(page, "study_narrow")
    page.set_viewport_size(old)


def test_two_browsers_answer_one_study_at_once(open_notebook: Callable, tmp_path: Path) -> None:
    paths = (tmp_path / "first.ipynb", tmp_path / "second.ipynb")
    make = MAKE.replace("study.sqlite", "both.sqlite")  # JupyterLab's folder serves all tests
    panel = "from deltaedit_kit.labs.study.panel import Study\nstudy = Study('both.sqlite')\nstudy"
    count = (
        "from collections import Counter\n"
        "print(sorted(Counter((a.participant, a.choice) for a in store.answers()).items()))"
    )
    for path, cells in zip(paths, ((make, panel, count), (panel,)), strict=True):
        write_notebook(path, cells)
    opened = []
    for path, numbers in zip(paths, ((0, 1), (0,)), strict=True):  # the first one makes the file
        opened.append(open_notebook(path))
        for number in numbers:
            opened[-1].run_cell(number)
    panes = [page.page.locator(".deltaedit-study") for page in opened]
    for pane in panes:  # places are given in the order of joining: the second joins after the first
        pane.get_by_role("button", name="I agree, begin").click()
        pane.get_by_text("0 of 8 answered").wait_for()
    for number in range(8):
        for pane in panes:
            pane.get_by_text(f"{number} of 8 answered").wait_for()
        opened[0].page.wait_for_timeout(500)
        for page, key in zip(opened, ("ArrowLeft", "ArrowRight"), strict=True):
            page.page.keyboard.press(key)
    for pane in panes:
        pane.get_by_text("Thank you").wait_for()
    opened[0].run_cell(2)
    assert opened[0].text_of(2) == "[((0, 'left'), 8), ((1, 'right'), 8)]"
    assert not opened[0].errors + opened[1].errors
