"""Exploring never crashes: other sentences in every cell of a lesson, and no error.

The lesson is the student's edition with the answers written: cells for tests only are gone.
"""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

from deltaedit_kit.labs.course.marking import marked
from recipes.notebooks import FOLDER
from tests.notebooks.swapping import sentences, swapped

NOTEBOOKS = {
    name: nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    for name in ("00_quickstart", "04_text_editing")
}


def test_sentences_are_swapped_and_nothing_else() -> None:
    source = 'x = "face with glasses"\nprint(f"no face {x}", "pictures:", "face", "a face 2")'
    assert sentences(source) == ["face with glasses"]
    assert swapped(source, 1) == source.replace("face with glasses", "face with thick eyebrows")


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_other_sentences_in_every_cell_raise_nothing(name: str) -> None:
    notebook = marked(NOTEBOOKS[name], name)
    swaps = 0
    for cell in notebook.cells:
        if cell.cell_type == "code" and "HIDDEN TESTS" not in cell.source:
            swaps += len(sentences(cell.source))
            cell.source = swapped(cell.source, swaps)
    assert swaps >= 3
    NotebookClient(notebook, timeout=1200, resources={"metadata": {"path": str(FOLDER)}}).execute()
