"""`python -m recipes.rehearsal.lesson FOLDER OUT`: notebook 08 with the domain in FOLDER, on a CPU.

One line of it is changed, the one that chooses domain and device; the cells for the tests run too.
OUT is the executed copy. Its kernel is a process of its own: see measured.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from recipes.notebooks import FOLDER, executed

LESSON = FOLDER / "08_published_domains.ipynb"
CHOICE = 'NAME, DEVICE = "ffhq", "cuda"'


def large_run(domain: Path) -> NotebookNode:
    """The lesson with another choice, not executed."""
    notebook = nbformat.read(LESSON, as_version=4)
    (cell,) = (cell for cell in notebook.cells if CHOICE in cell.source)
    cell.source = cell.source.replace(CHOICE, f'NAME, DEVICE = {str(domain)!r}, "cpu"')
    return notebook


def main(domain: Path, out: Path) -> None:
    """Execute it and keep it, also where a cell fails: raises CellExecutionError then."""
    notebook = large_run(domain)
    try:
        executed(notebook, FOLDER)
    finally:
        nbformat.write(notebook, out)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
