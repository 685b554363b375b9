"""A quiz by keyboard: in JupyterLab, in a notebook that nobody has run, and in a static page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from deltaedit_kit.labs.course import quiz
from tests.browser.notebook_file import write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAME = "00b_write_the_method"
CELL = f'from deltaedit_kit.labs.course import quiz\n\nquiz("{NAME}")'
FIRST = quiz(NAME).questions[0].answers
TARGET = 32  # px, the least height of what is clicked or touched; WCAG 2.2 AA asks for 24


def opened_by_keyboard(page: Any, place: Any) -> None:
    """Tab to the second option of the first question, open it by Space and by Enter, go on."""
    options = place.locator("details")
    options.nth(0).locator("summary").focus()
    page.keyboard.press("Tab")
    for key in ("Space", "Enter", "Enter"):
        was_open = options.nth(1).get_attribute("open")
        page.keyboard.press(key)
        assert options.nth(1).get_attribute("open") != was_open, key
    place.get_by_text(FIRST[1].feedback).wait_for()
    assert options.nth(1).inner_text().split("\n", 1)[1].strip().startswith("Right.")
    assert place.get_by_text(FIRST[0].feedback).is_hidden()
    page.keyboard.press("Tab")
    assert options.nth(2).locator("summary").evaluate("one => one === document.activeElement")


def least_height(place: Any) -> float:
    """The height in px of the lowest of all answers to choose."""
    summaries = place.locator("summary").all()
    assert len(summaries) == sum(len(one.answers) for one in quiz(NAME).questions)
    return min(one.bounding_box()["height"] for one in summaries)


def test_a_learner_answers_by_keyboard(open_notebook: Callable, tmp_path: Path) -> None:
    opened = open_notebook(write_notebook(tmp_path / "quiz.ipynb", [CELL]))
    opened.run_all()
    place = opened.cell(0).locator(".jp-OutputArea")
    place.get_by_text("Choose an answer").wait_for()
    opened_by_keyboard(opened.page, place)
    assert not opened.errors


def test_a_notebook_that_nobody_has_run_shows_it(open_notebook: Callable, tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "read.ipynb", [CELL])
    notebook = nbformat.read(path, as_version=4)
    data = {"text/plain": repr(quiz(NAME)), "text/html": quiz(NAME)._repr_html_()}
    notebook.cells[0].outputs = [
        nbformat.v4.new_output("execute_result", data=data, execution_count=1)
    ]
    nbformat.write(notebook, path)
    opened = open_notebook(path)  # not trusted: JupyterLab cleans its HTML
    place = opened.cell(0).locator(".jp-OutputArea")
    assert least_height(place) >= TARGET
    place.locator("summary").nth(1).click()
    place.get_by_text(FIRST[1].feedback).wait_for()


def test_a_static_page_shows_it(browser: Any) -> None:
    page = browser.new_page()
    page.set_content(quiz(NAME)._repr_html_())
    place = page.locator("section")
    assert least_height(place) >= TARGET
    opened_by_keyboard(page, place)
    assert place.locator("details[open]").count() == 1  # the option that was opened, no other
    page.close()
