"""A notebook as a page: answers folded, panels that need no kernel, a text for every picture."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from recipes.notebooks import FOLDER
from recipes.site import lessons, reference, walks
from recipes.site.stage import ROOT, relinked

ADDRESS = "https://github.com/someone/kit"
ANSWER = """\
def double(x):
    \"\"\"Twice x.\"\"\"
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION"""


def page(*cells: nbformat.NotebookNode, name: str = "01_delta_space") -> nbformat.NotebookNode:
    return lessons.as_page(
        new_notebook(cells=[new_markdown_cell("# A title"), *cells]), name, ADDRESS
    )


def test_an_answer_is_a_gap_then_a_folded_solution() -> None:
    cell = new_code_cell(ANSWER, metadata={"tags": ["exercise-implement"]})
    *_, asked, solved = page(cell).cells
    assert asked.source == 'def double(x):\n    """Twice x."""\n    # your answer\n    ...'
    assert solved.source == 'def double(x):\n    """Twice x."""\n    return 2 * x'
    assert "hide-input" in solved.metadata["tags"]
    assert solved.metadata["mystnb"]["code_prompt_show"] == "One solution"


def test_what_is_not_for_reading_is_left_out() -> None:
    tests = new_code_cell("assert True", metadata={"tags": ["test-only"]})
    setup = new_code_cell('if "google.colab" in sys.modules: ...')
    assert [c.cell_type for c in page(setup, tests).cells] == ["markdown", "markdown"]


def test_the_way_into_colab_is_that_of_the_repository() -> None:
    link = page().cells[1].source
    assert f"{lessons.COLAB}someone/kit/blob/main/notebooks/01_delta_space.ipynb" in link


def test_pictures_carry_their_texts() -> None:
    picture = new_output(
        "execute_result", {"image/jpeg": "AAAA"}, metadata={"image/jpeg": {"alt": "Four faces"}}
    )
    without = new_output("display_data", {"image/png": "AAAA"})
    described, undescribed = page(
        new_code_cell(outputs=[picture]),
        new_markdown_cell("## Look"),
        new_code_cell(outputs=[without]),
    ).cells[2::2]
    assert described.metadata["mystnb"]["image"]["alt"] == "Four faces"
    assert "Look" in undescribed.metadata["mystnb"]["image"]["alt"]


@pytest.mark.parametrize("name", [*sorted(walks.PANELS), "new"])
def test_a_panel_needs_no_kernel(name: str) -> None:
    widget = new_output(
        "display_data", {lessons.WIDGET: {"model_id": "1"}, "text/plain": "Panel()"}
    )
    (output,) = page(new_code_cell(outputs=[widget]), name=name).cells[-1].outputs
    assert set(output.data) == {"text/html"}
    assert "open the notebook" in output.data["text/html"]


def test_every_lesson_with_a_panel_has_a_walk_of_its_own() -> None:
    opened = {path.stem for path in FOLDER.glob("*.ipynb") if shows_a_panel(path)}
    assert opened <= set(walks.PANELS)
    assert len(set(walks.PANELS.values())) == len(walks.PANELS)


def shows_a_panel(path: Path) -> bool:
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return any(lessons.WIDGET in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("name", sorted(set(walks.PANELS.values())))
def test_a_walk_has_a_picture_and_words_for_every_state(name: str) -> None:
    walk = walks.read(name)
    assert len(walk["states"]) >= 5
    for state in walk["states"]:
        assert (walks.FOLDER / name / state["picture"]).stat().st_size < 40_000
        assert state["words"]
    assert walk["states"][walk["start"]]["picture"] in walks.markup(name, "_static")


def test_links_to_pages_stay_and_those_to_code_go_to_the_web() -> None:
    pages = {(ROOT / "docs/glossary.md").relative_to(ROOT)}
    text = "[a](../docs/glossary.md#w) [b](../deltaedit_kit/mapper.py) [c](gone.md) [d](http://x.y)"
    a, b, c, d = relinked(text, (ROOT / "notebooks").relative_to(ROOT), pages).split(" ")
    assert (a, c, d) == ("[a](../docs/glossary.md#w)", "[c](gone.md)", "[d](http://x.y)")
    assert b.endswith("/blob/main/deltaedit_kit/mapper.py)")


def test_a_bar_in_a_formula_does_not_end_a_cell_of_a_table() -> None:
    *_, table = page(new_markdown_cell("| a | b |\n|---|---|\n| $|x|$ | $y$ |")).cells
    assert table.source.endswith(r"| $\vert x\vert $ | $y$ |")


def test_docstrings_are_read_as_text() -> None:
    lines = ["*Not* markup_, but `code`s.", "", "    s = x * y", "    t"]
    assert reference.as_text(lines) == [
        r"\*Not\* markup\_, but ``code``\ s.",
        "",
        "::",
        "",
        "        s = x * y",
        "        t",
        "",
    ]
