"""A student's copy of notebooks 00 and 04 in JupyterLab: Run All, each panel, ten other sentences.

Only a cell that waits for an answer may show an error, and it is the one that says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from deltaedit_kit.labs.course.build import student_edition
from deltaedit_kit.labs.course.marking import marked
from recipes.notebooks import FOLDER
from tests.notebooks.swapping import OTHERS, sentences

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MODEL = "() => JSON.stringify(window.jupyterapp.shell.currentWidget.content.model.toJSON())"
WRITE = """([number, source]) => window.jupyterapp.shell.currentWidget.content.model.cells
  .get(number).sharedModel.setSource(source)"""
NOTEBOOKS = {
    name: nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    for name in ("00_quickstart", "04_text_editing")
}


def cells(opened: Any) -> list[nbformat.NotebookNode]:
    return nbformat.from_dict(json.loads(opened.page.evaluate(MODEL))).cells


def unexpected(opened: Any) -> list[str]:
    """Errors of cells that do not wait for an answer."""
    return [
        f"{number}: {output.ename}: {output.evalue}"
        for number, cell in enumerate(cells(opened))
        if cell.cell_type == "code" and "raises-exception" not in cell.metadata.get("tags", [])
        for output in cell.outputs
        if output.output_type == "error"
    ]


@pytest.fixture
def opened(open_notebook: Callable, tmp_path: Path, name: str) -> Any:
    """The student's edition, after Run All."""
    path = tmp_path / f"{name}.ipynb"
    nbformat.write(student_edition(marked(NOTEBOOKS[name], name)), path)
    opened = open_notebook(path)
    opened.begin_all()
    opened.all_ran()
    return opened


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_student_runs_all_types_and_swaps_sentences(opened: Any, name: str) -> None:
    code = [(k, cell) for k, cell in enumerate(cells(opened)) if cell.cell_type == "code"]
    assert not unexpected(opened)

    boxes = opened.page.get_by_label("Text of sentence 1", exact=True)
    boxes.first.wait_for()
    for box in boxes.all():
        panel = opened.page.locator(".jp-OutputArea").filter(has=box).last
        for text in OTHERS:
            box.fill(text)
            opened.page.keyboard.press("Enter")
            panel.get_by_text(text).first.wait_for()
    assert not unexpected(opened)

    number, cell = next((k, cell) for k, cell in code if sentences(cell.source))
    (first, *_) = sentences(cell.source)
    for text in OTHERS:
        opened.page.evaluate(WRITE, [number, cell.source.replace(f'"{first}"', f'"{text}"')])
        opened.run_cell(number)
    for later, _ in code:
        if later > number:
            opened.run_cell(later)
    assert not unexpected(opened)
    assert not opened.errors
