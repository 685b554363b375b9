"""A notebook of a few cells for JupyterLab to open: written for a test, or cut from a lesson."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

import nbformat

# Without it JupyterLab may ask which kernel to start, and wait.
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def write_notebook(path: Path, sources: Sequence[str]) -> Path:
    """Code cells with these sources, not yet run, at `path`."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=KERNEL), path)
    return path


def cut_to(cells: Sequence[nbformat.NotebookNode], *numbers: int) -> list[nbformat.NotebookNode]:
    """The code cells with these numbers, and before them the statements that they rest on."""
    whole, kept = [cells[number] for number in numbers], []
    wanted = set().union(*(_names(ast.parse(cell.source))[1] for cell in whole))
    sources = [cell.source for cell in cells[: numbers[0]] if cell.cell_type == "code"]
    for statement in reversed([one for text in sources for one in ast.parse(text).body]):
        defined, read = _names(statement)
        if wanted & defined:
            wanted = (wanted - defined) | read
            kept.append(ast.unparse(statement))
    return [nbformat.v4.new_code_cell("\n".join(kept[::-1])), *whole]


def _names(tree: ast.AST) -> tuple[set[str], set[str]]:
    """What statements define, imports included, and what they read."""
    defined, read = set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read.add(name)
            case ast.Name(id=name) | ast.FunctionDef(name=name):
                defined.add(name)
            case ast.alias(name=name, asname=other):
                defined.add(other or name)
    return defined, read
