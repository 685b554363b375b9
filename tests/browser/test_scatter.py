"""The linked scatter plots under a real mouse and keyboard: alone, and in JupyterLab.

The first tests need a Chromium only (seconds); the last one opens a notebook in JupyterLab.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from deltaedit_kit.labs.delta_space.scatter import scatter_view
from tests.browser.axe import findings
from tests.browser.conftest import NotebookPage
from tests.browser.notebook_file import cut_to
from tests.browser.standalone import show
from tests.widgets.scatter_data import planes, spaces

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIDE, MARGIN = 400, 14  # as in scatter.js
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "01_delta_space.ipynb"
COUNT_MESSAGES = """() => {
  const send = WebSocket.prototype.send;
  window.sent = 0;
  WebSocket.prototype.send = function (message) {
    // Only what the browser tells the kernel; the server's heartbeat goes on by itself.
    if (this.url.includes("/channels")) window.sent++;
    return send.call(this, message);
  };
}"""
PLACE_OF_TIP = """tip => {
  const at = (near, far) => (near ? parseFloat(near) - 12 : 400 - (parseFloat(far) - 12));
  return [at(tip.style.left, tip.style.right), at(tip.style.top, tip.style.bottom)];
}"""


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 900, "height": 700})
    page = context.new_page()
    page.set_default_timeout(300_000)  # a guard against hangs
    yield page
    context.close()


@pytest.fixture
def plots(page: Any) -> Any:
    show(page, scatter_view(spaces(), *planes()))
    return page


def place(page: Any, plot: int, x: float, y: float) -> tuple[float, float]:
    """Where a point (x, y) in [-1, 1] of a plot is on the page."""
    box = page.locator(".dek-top").nth(plot).bounding_box()
    inner = SIDE - 2 * MARGIN
    return (
        box["x"] + MARGIN + (x + 1) / 2 * inner,
        box["y"] + MARGIN + (1 - (y + 1) / 2) * inner,
    )


def selected(page: Any) -> list[int]:
    return page.evaluate("() => window.model.get('selected')")


def test_hover_shows_sprite_and_caption_without_a_word_to_the_kernel(plots: Any) -> None:
    plots.mouse.move(*place(plots, 0, -0.5, -0.5))
    assert plots.locator(".dek-tip:visible .dek-caption").inner_text() == "face 2"
    shift = plots.locator(".dek-tip:visible .dek-sprite").evaluate(
        "e => [e.style.backgroundImage, e.style.backgroundPosition]"
    )
    assert "blob:" in shift[0]
    assert shift[1] == "-16px 0px"  # third of three columns, tiles of 4 pixels shown twice as big
    assert plots.locator(".dek-status").inner_text() == "picture 2: face 2"
    plots.mouse.move(*place(plots, 1, 1.0, -0.5))
    assert plots.locator(".dek-tip:visible .dek-caption").inner_text() == "face → face 8"
    assert plots.locator(".dek-status").inner_text() == "text 8: face → face 8"
    plots.mouse.move(*place(plots, 1, 0.0, 0.0))
    assert plots.locator(".dek-tip:visible").count() == 0
    assert plots.evaluate("() => window.model.saves") == 0


def test_click_shift_click_and_clear(plots: Any) -> None:
    plots.mouse.click(*place(plots, 0, -1.0, -0.5))
    assert selected(plots) == [0]
    plots.keyboard.down("Shift")
    plots.mouse.click(*place(plots, 1, 1.0, 0.5))
    plots.keyboard.up("Shift")
    assert selected(plots) == [0, 8]
    assert plots.locator(".dek-words li").count() == 2
    plots.locator(".dek-clear").click()
    assert selected(plots) == []
    assert plots.locator(".dek-clear").is_disabled()


def lasso(page: Any, plot: int, corners: list[tuple[float, float]]) -> None:
    page.mouse.move(*place(page, plot, *corners[0]))
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*place(page, plot, *corner), steps=4)
    page.mouse.up()


def test_lasso_takes_what_is_inside_in_both_plots(plots: Any) -> None:
    ink = "() => [...document.querySelectorAll('.dek-base')].map(c => c.toDataURL())"
    before = plots.evaluate(ink)
    lasso(plots, 0, [(-0.9, -0.7), (0.1, -0.7), (0.1, -0.3), (-0.9, -0.3)])
    assert selected(plots) == [1, 2, 3, 4]
    after = plots.evaluate(ink)
    assert before[0] != after[0]
    assert before[1] != after[1]
    lasso(plots, 1, [(-0.9, 0.9), (0.9, 0.9), (0.0, 0.1)])  # a triangle, upside down
    assert selected(plots) == [3, 4, 5]


def test_legend_hides_and_a_hidden_point_cannot_be_hovered(plots: Any) -> None:
    assert plots.locator(".dek-entry").all_inner_texts() == ["pictures", "texts"]
    plots.locator(".dek-entry").nth(0).click()
    assert plots.locator(".dek-entry").nth(0).get_attribute("aria-pressed") == "false"
    plots.mouse.move(*place(plots, 0, -0.5, -0.5))
    assert plots.locator(".dek-tip:visible").count() == 0
    plots.mouse.move(*place(plots, 0, -0.5, 0.5))
    assert plots.locator(".dek-tip:visible").count() == 1


def test_colour_by_category_and_by_value(plots: Any) -> None:
    plots.locator("select").select_option(label="kind")
    assert plots.locator(".dek-entry").all_inner_texts() == ["a", "b", "c"]
    plots.locator("select").select_option(label="number")
    assert plots.locator(".dek-entry").count() == 0
    assert plots.locator(".dek-legend").inner_text().split() == ["0.00", "8.00"]


def test_keyboard_alone(plots: Any) -> None:
    plots.locator(".dek-top").nth(0).focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "Enter"):
        plots.keyboard.press(key)
    chosen = selected(plots)
    assert len(chosen) == 1
    assert f"{len(chosen)} of 9 pairs selected" == plots.locator(".dek-status").inner_text()
    plots.keyboard.press("Escape")
    assert selected(plots) == []


def test_text_alternative_and_markup_in_captions(page: Any) -> None:
    view = scatter_view(spaces(), *planes())
    view["captions"][0][4] = "<img src=x onerror=window.hacked=1>"
    show(page, view)
    page.mouse.click(*place(page, 0, 0.0, -0.5))
    page.locator(".dek-words summary").click()
    assert page.locator(".dek-words p").inner_text() == view["summary"]
    assert page.locator(".dek-words li").inner_text() == "4: <img src=x onerror=window.hacked=1>"
    assert page.evaluate("() => window.hacked") is None
    for plot in range(2):
        assert "Arrow keys" in page.locator(".dek-top").nth(plot).get_attribute("aria-label")


def test_selected_by_the_kernel_and_taken_down(plots: Any) -> None:
    plots.evaluate("() => window.model.set('selected', [5, 7])")
    assert plots.locator(".dek-status").inner_text() == "2 of 9 pairs selected"
    plots.evaluate("() => { window.cleanup(); window.model.set('selected', [1]); }")
    assert plots.locator(".dek-status").inner_text() == "2 of 9 pairs selected"


def test_ten_thousand_points_answer(page: Any) -> None:
    show(page, scatter_view(spaces(5000), *planes(5000)))
    page.mouse.move(*place(page, 0, 0.0, -0.5))
    assert page.locator(".dek-tip:visible .dek-caption").inner_text().startswith("face 2")
    lasso(page, 0, [(-1.04, -0.9), (1.04, -0.9), (1.04, -0.1), (-1.04, -0.1)])
    assert len(selected(page)) == 5000


def test_the_notebook_in_jupyterlab(
    open_notebook: Callable[[Path], NotebookPage], tmp_path: Path
) -> None:
    """Run the lesson's widget, hover without a message to the kernel, select, read.

    Of the lesson only what leads to the widget: nbval runs the rest.
    """
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells = cut_to(
        notebook.cells,
        *(
            next(k for k, cell in enumerate(notebook.cells) if words in cell.source)
            for words in ("plots = LinkedScatter(", "plots.select(")
        ),
    )
    notebook.cells.append(nbformat.v4.new_code_cell("print(plots.rows)"))
    last = len(notebook.cells) - 1
    nbformat.write(notebook, tmp_path / NOTEBOOK.name)
    opened = open_notebook(tmp_path / NOTEBOOK.name)
    page = opened.page
    opened.run_all()
    assert opened.text_of(last).count(",") == 4  # the five that the lesson selects

    right = page.locator(".dek-top").nth(1)
    right.scroll_into_view_if_needed()
    page.evaluate(COUNT_MESSAGES)
    right.focus()
    page.keyboard.press("ArrowRight")  # to the point in the middle, which tells where it is
    tip = page.locator(".dek-tip:visible")
    caption, (x, y) = tip.locator(".dek-caption").inner_text(), tip.evaluate(PLACE_OF_TIP)
    box = right.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    assert tip.count() == 0
    page.mouse.move(box["x"] + x, box["y"] + y, steps=3)
    assert tip.locator(".dek-caption").inner_text() == caption
    assert " → " in caption
    assert page.evaluate("() => window.sent") == 0

    row = page.locator(".dek-status").inner_text().split(":")[0].split()[1]
    page.mouse.click(box["x"] + x, box["y"] + y)
    opened.run_cell(last)
    assert opened.text_of(last) == f"[{row}]"
    assert opened.errors == []


def test_axe_finds_nothing(page: Any) -> None:
    show(page, scatter_view(spaces(), *planes()))
    assert not findings(page, "body")
