"""What a screen reader hears of every panel and of the site: controls and pictures have names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.axe import findings
from tests.browser.names import nameless
from tests.browser.notebook_file import write_notebook
from tests.browser.panels import LAST, MAKE, PANELS

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def named(place: Any, role: str, last: str) -> list[str]:
    """What is nameless there once the last control has its name; the others had theirs before."""
    place.get_by_role(role, name=last).first.wait_for()
    return nameless(place)


def wide(page: Any) -> list[str]:
    """Boxes of panels whose content is wider than they are."""
    return page.locator(".de-panel, .de-panel .widget-box, .dek-scatter").evaluate_all(
        """all => all.filter(box => box.scrollWidth > box.clientWidth + 1)
          .map(box => `${box.className}: ${box.scrollWidth} in ${box.clientWidth} px`)"""
    )


def test_the_rule_finds_what_has_no_name(browser: Any) -> None:
    page = browser.new_page()
    page.set_content(
        "<button>3</button><input type=range><img src=x><select></select><button>Go</button>"
        "<button aria-label='Edit face 3'>3</button><label>Name <input></label>"
    )
    assert nameless(page.locator("body")) == ['button "3"', 'slider ""', 'img ""', 'combobox ""']
    page.close()


def test_every_control_of_every_panel_has_a_name(open_notebook: Callable, tmp_path: Path) -> None:
    opened = open_notebook(write_notebook(tmp_path / "names.ipynb", [MAKE, *PANELS.values()]))
    opened.run_all()
    places = [opened.cell(k).locator(".jp-OutputArea").first for k in range(1, len(PANELS) + 1)]
    for name, place in zip(PANELS, places, strict=True):
        assert not named(place, *LAST[name]), name
    small = places[list(PANELS).index("small studio")]
    assert small.get_by_role("heading").all_inner_texts() == [
        "Face", "Sentences, each with its strength", "For all sentences",
    ]  # fmt: skip
    assert small.get_by_role("button", name="Undo").count() == 0
    assert not findings(opened.page, ".de-panel, .dek-scatter")
    opened.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")  # the list of files
    opened.page.set_viewport_size({"width": 360, "height": 740})
    last = places[-1].element_handle()
    opened.page.wait_for_function("place => place.clientWidth < 300", arg=last)
    assert not wide(opened.page)
    assert not opened.errors
