"""The panel of notebook 00 in JupyterLab: a sentence, a slider, a face, a wrong input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deltaedit_kit.labs.studio.quickstart import PanelState
from deltaedit_kit.toyfaces.spec import SPEC
from tests.browser.notebook_file import write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = (
    """\
from deltaedit_kit import load_domain
from deltaedit_kit.labs.studio import QuickstartPanel
panel = QuickstartPanel(load_domain("toyfaces"))
panel""",
    "print(panel.state)",
)
CHANGED = "([picture, old]) => picture.src !== old"


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    return write_notebook(tmp_path / "quickstart.ipynb", CELLS)


def sources(pane: Any) -> list[str]:
    """Addresses of the two pictures: they change whenever a picture does."""
    pane.locator("img[src]").nth(1).wait_for()
    return pane.locator("img").evaluate_all("all => all.map(one => one.src)")


def test_a_newcomer_types_slides_and_chooses(open_notebook: Callable, notebook: Path) -> None:
    opened = open_notebook(notebook)
    page = opened.page
    opened.run_all()
    pane = opened.cell(0).locator(".jp-OutputArea")
    pane.get_by_text("style channels may move").wait_for()
    before, after = sources(pane)

    sentence = pane.get_by_label("Sentence")
    sentence.fill("an old face <i>&")
    page.keyboard.press("Enter")
    pane.get_by_text("“an old face <i>&”").wait_for()  # markup is text
    same, older = sources(pane)
    assert same == before
    assert older != after

    pane.locator(".noUi-handle").first.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(CHANGED, arg=[pane.locator("img").nth(1).element_handle(), older])
    pane.get_by_label("Face").select_option(label="face 2")
    page.wait_for_function(CHANGED, arg=[pane.locator("img").first.element_handle(), before])

    sentence.fill("")
    page.keyboard.press("Enter")
    pane.get_by_text("Not done: the text is empty").wait_for()
    opened.run_cell(1)
    state = PanelState("", round(SPEC.strength - 0.05, 2), SPEC.threshold, 2)  # one key press down
    assert opened.text_of(1) == str(state)
    assert not opened.errors
