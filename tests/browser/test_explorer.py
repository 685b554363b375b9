"""The explorer in a real browser: choose with the mouse, see pictures and numbers change."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.notebook_file import write_notebook
from tests.compare.handmade import GLASSES, SMILE, handmade

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOTS = os.environ.get("DELTAEDIT_SHOTS")  # a folder: keep pictures of the screen there


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    folder = tmp_path / "comparison"
    handmade(folder)
    cells = (
        "from deltaedit_kit.labs.compare.results import Results\n"
        "from deltaedit_kit.labs.compare.explorer import Explorer\n"
        f"explorer = Explorer(Results({str(folder)!r}))\nexplorer",
        "print(explorer.choice.face, explorer.choice.sentence, explorer.view.failed)",
    )
    return write_notebook(tmp_path / "explorer.ipynb", cells)


def test_a_person_looks_at_one_cell_after_the_other(
    open_notebook: Callable, notebook: Path
) -> None:
    opened = open_notebook(notebook)
    opened.run_cell(0)
    panel = opened.cell(0)
    choose = {name: panel.get_by_label(name) for name in ("Method", "Sentence", "Face")}
    panel.get_by_text("not counted").first.wait_for()
    assert panel.get_by_text("<i>glasses</i>").count() >= 1  # markup is text
    after = panel.locator("img").nth(1)
    first = after.get_attribute("src")

    choose["Face"].select_option("2")
    panel.get_by_role("cell", name="0.700", exact=True).wait_for()
    panel.locator(f"img[src='{first}']").wait_for(state="detached")  # another picture
    choose["Sentence"].select_option(SMILE.text)
    panel.get_by_text(f"“{SMILE.text}” by deltaedit, 3 faces").wait_for()
    opened.run_cell(1)
    assert opened.text_of(1) == f"2 {SMILE.text} False"

    choose["Sentence"].select_option(GLASSES.text)
    choose["Method"].select_option("tedigan")  # at once: two threads of the kernel hear the two
    panel.get_by_text("Not shown: tedigan failed: the <b>reason</b>").wait_for()
    assert not after.is_visible()
    if SHOTS:
        opened.page.screenshot(path=Path(SHOTS) / "explorer.png")
    assert not opened.errors
