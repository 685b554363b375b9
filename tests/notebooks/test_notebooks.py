"""Every notebook is a finished run: executed in order, small, and with the common first cell."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import nbformat
import pytest

from recipes.notebooks import EXTRAS, FOLDER, ROOT, bootstrap, tidied, with_bootstrap

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


@each_notebook
def test_every_cell_was_executed_in_order(path: Path) -> None:
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))
    outputs = [output for cell in code_cells(path) for output in cell.outputs]
    assert outputs, "nbval has nothing to compare"
    assert all(output.output_type != "error" for output in outputs)


@each_notebook
def test_notebook_is_small_and_valid(path: Path) -> None:
    assert path.stat().st_size < 1_000_000
    nbformat.validate(nbformat.read(path, as_version=4))


@each_notebook
def test_the_title_comes_first_then_the_cell_that_installs_the_kit_in_colab(path: Path) -> None:
    title, setup = nbformat.read(path, as_version=4).cells[:2]
    assert title.source.startswith("# ")
    assert setup.cell_type == "code"
    assert setup.source == bootstrap(extra=EXTRAS.get(path.stem, ""))
    assert setup.outputs == []


@each_notebook
def test_cells_are_short(path: Path) -> None:
    sources = [cell.source for cell in code_cells(path)]
    assert max(source.count("\n") + 1 for source in sources) <= 16


@each_notebook
def test_files_are_found_wherever_the_kit_is_installed(path: Path) -> None:
    for cell in code_cells(path):  # `course_file(NAME)` knows a checkout from a wheel
        assert "__file__" not in cell.source
        assert "../" not in cell.source.replace('"../mapper', "")  # a declaration of lesson 08


def test_bootstrap_is_added_once_and_replaced_when_old() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A lesson")])
    with_bootstrap(with_bootstrap(notebook))
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code"]
    notebook.cells[1].source = 'import sys\nif "google.colab" in sys.modules:\n    %pip install old'
    assert with_bootstrap(notebook).cells[1].source == bootstrap()
    nbformat.validate(tidied(notebook))


def test_tidying_keeps_tags_and_nothing_else() -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("1"), nbformat.v4.new_code_cell("2")]
    )
    notebook.cells[0].metadata = {"tags": ["exercise-check"], "execution": {"x": 1}}
    notebook.cells[1].metadata = {"execution": {"x": 1}}
    assert [cell.metadata for cell in tidied(notebook).cells] == [{"tags": ["exercise-check"]}, {}]


def test_repository_address_stands_in_one_place() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    address = tomllib.loads(text)["project"]["urls"]["Repository"]
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.cfg", "*.toml", "Makefile"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listed.stdout.splitlines()]
    holders = [f.name for f in files if address in f.read_text(encoding="utf-8")]
    assert holders == ["pyproject.toml"]
