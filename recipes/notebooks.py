"""Prepare the notebooks for a commit: the common set-up cell, fresh outputs, counts 1..n.

    python -m recipes.notebooks                  every notebook of notebooks/
    python -m recipes.notebooks 00_quickstart    one of them

The cell behind the title installs the kit when the notebook runs in Colab or on Kaggle, and stops
it there in one line when that fails. Its address is read from `[project.urls]` in pyproject.toml,
the one place of the project where it stands. `--setup` renews only that cell and leaves everything
else as it was. A notebook that needs an extra of the kit asks for it there, as `EXTRAS` says.
Outputs are those of this run, so that nbval has something to compare with.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
CELL_SECONDS = 1200
EXTRAS = {"05_your_own_photo": "photos"}  # notebook -> extra that Colab installs with the kit

BOOTSTRAP = """\
# The kit's home: this address, "deltaedit-kit" for the index, or a wheel or zip beside this file.
KIT = "{home}"
import os
import subprocess
import sys

if "google.colab" in sys.modules or "KAGGLE_KERNEL_RUN_TYPE" in os.environ:  # else: do nothing
    home = f"file://{{os.path.abspath(KIT)}}" if os.path.isfile(KIT) else KIT
    wanted = f"{name} @ {{home}}" if "://" in home else {plain}
    command = [sys.executable, "-m", "pip", "install", "--quiet", wanted]
    pip = subprocess.run(command, capture_output=True, text=True)
    if pip.returncode:
        why = " ".join(pip.stderr.split())[-200:]
        stop = RuntimeError(f"No kit from {{KIT}} ({{why}}); correct KIT, run this cell again.")
        stop._render_traceback_ = lambda: [str(stop)]
        raise stop
"""


def bootstrap(pyproject: Path = ROOT / "pyproject.toml", extra: str = "") -> str:
    """The text of the set-up cell of every notebook; `extra` is installed with the kit."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    name = f"{project['name']}[{extra}]" if extra else project["name"]
    home = f"git+{project['urls']['Repository']}"
    plain = f'KIT + "[{extra}]"' if extra else "KIT"
    return BOOTSTRAP.format(home=home, name=name, plain=plain).rstrip("\n")


def with_bootstrap(notebook: NotebookNode, extra: str = "") -> NotebookNode:
    """The notebook with today's set-up cell: renewed where it is, or added behind the title."""
    text = bootstrap(extra=extra)
    for cell in notebook.cells:
        if cell.cell_type == "code" and "google.colab" in cell.source:
            cell.source = text
            return notebook
    notebook.cells.insert(1, nbformat.v4.new_code_cell(text))
    return notebook


def executed(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run every cell in order in a fresh kernel; raises nbclient's CellExecutionError."""
    from nbclient import NotebookClient

    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        resources={"metadata": {"path": str(folder)}},
        coalesce_streams=True,  # one text however often the kernel flushed it
    )
    return client.execute()


def tidied(notebook: NotebookNode) -> NotebookNode:
    """Without what changes from run to run and says nothing: cell times, widget states, ids.

    Tags stay: the course's editions are made by them.
    """
    for number, cell in enumerate(notebook.cells):
        tags = cell.metadata.get("tags", [])
        cell.metadata = NotebookNode(tags=tags) if tags else NotebookNode()
        cell.id = f"cell-{number:02d}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": kernel, "language_info": {"name": "python"}}
    )
    return notebook


def prepare(paths: Iterable[Path], execute: bool = True) -> None:
    """Bring each notebook file up to date in place; one that fails is left as it was."""
    for path in paths:
        notebook = with_bootstrap(nbformat.read(path, as_version=4), EXTRAS.get(path.stem, ""))
        if execute:
            notebook = tidied(executed(notebook, path.parent))
        nbformat.write(notebook, path)
        print(f"{path.name}: {len(notebook.cells)} cells, {path.stat().st_size / 1024:.0f} kB")


def main() -> None:
    """Prepare the named notebooks, or all."""
    parser = argparse.ArgumentParser(description="Execute the notebooks for a commit.")
    parser.add_argument("--setup", action="store_true", help="renew the set-up cell, run nothing")
    parser.add_argument("names", nargs="*", help="such as 00_quickstart (default: all)")
    options = parser.parse_args()
    paths = [FOLDER / f"{name}.ipynb" for name in options.names] or sorted(FOLDER.glob("*.ipynb"))
    prepare(paths, execute=not options.setup)


if __name__ == "__main__":
    main()
