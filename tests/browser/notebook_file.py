"""A notebook of a few cells for JupyterLab to open."""

from __future__ import annotations

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
