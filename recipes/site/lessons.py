"""A notebook as a page to read: answers folded, panels as pictures, every picture with its text.

answer between BEGIN and END SOLUTION   the cell with a gap, then a folded "One solution"
set-up cell, tests                      left out
widget                                  a picture of it, or states that a slider walks through
picture                                 `alt` from the output's metadata, for MyST-NB
"""

from __future__ import annotations

import copy
import re

import nbformat
from nbformat import NotebookNode

from deltaedit_kit.labs.course.marking import ANSWER, TEST_ONLY, has_tag
from recipes.site import walks

SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n.*?### END SOLUTION[^\n]*", re.S | re.M)
MARKS = re.compile(r"^[ \t]*### (BEGIN|END) SOLUTION[^\n]*\n?", re.M)
GAP = "# your answer\\n\\1..."
WIDGET = "application/vnd.jupyter.widget-view+json"
PICTURES = ("image/jpeg", "image/png")
COLAB = "https://colab.research.google.com/github/"


def as_page(notebook: NotebookNode, name: str, repository: str) -> NotebookNode:
    """The page of a notebook; `repository` is the web address of the project."""
    page = copy.deepcopy(notebook)
    heading, cells = "", []
    for cell in page.cells:
        if cell.cell_type == "markdown":
            titles = re.findall(r"^#+ (.+)$", cell.source, re.M)
            heading = titles[-1] if titles else heading
            cell.source = "\n".join(map(_bars_in_formulas, cell.source.split("\n")))
        elif "google.colab" in cell.source or has_tag(cell, TEST_ONLY):
            continue
        else:
            cell.outputs = [_still(output, name) for output in cell.outputs]
            _describe(cell, heading)
        cells += _folded(cell) if ANSWER in cell.source else [cell]
    page.cells = [cells[0], nbformat.v4.new_markdown_cell(_ways_in(name, repository)), *cells[1:]]
    page.metadata.pop("widgets", None)
    return page


def _ways_in(name: str, repository: str) -> str:
    """How to run what the page shows."""
    place = f"{repository.removeprefix('https://github.com/')}/blob/main/notebooks/{name}.ipynb"
    download = f"{{download}}`Download the notebook <../files/notebooks/{name}.ipynb>`"
    return f"[Open in Colab]({COLAB}{place}) · {download}"


def _bars_in_formulas(line: str) -> str:
    """A row of a table with `|` in its formulas spelled out: Jupyter knows them apart, MyST not."""
    if not line.startswith("|"):
        return line
    parts = line.split("$")
    parts[1::2] = [formula.replace("|", r"\vert ") for formula in parts[1::2]]
    return "$".join(parts)


def _folded(cell: NotebookNode) -> list[NotebookNode]:
    """The cell as a learner meets it, then the same with the answer, folded."""
    asked = nbformat.v4.new_code_cell(SOLUTION.sub(rf"\1{GAP}", cell.source))
    cell.source = MARKS.sub("", cell.source).rstrip()
    cell.metadata["tags"] = [*cell.metadata.get("tags", []), "hide-input"]
    cell.metadata["mystnb"] = {
        **cell.metadata.get("mystnb", {}),
        "code_prompt_show": "One solution",
        "code_prompt_hide": "Fold the solution",
    }
    return [asked, cell]


def _still(output: NotebookNode, name: str) -> NotebookNode:
    """An output that needs no kernel: a widget becomes a picture of itself, or says where it is."""
    data = output.get("data", {})
    if WIDGET not in data:
        return output
    shown = walks.panel(name, "../_static")
    return nbformat.v4.new_output("display_data", {"text/html": shown})


def _describe(cell: NotebookNode, heading: str) -> None:
    """Alternative texts where MyST-NB looks for them: one for the pictures of a cell."""
    texts = []
    for output in cell.outputs:
        for kind in PICTURES:
            if kind in output.get("data", {}):
                own = output.metadata.get(kind, {})
                texts.append(own.get("alt") or output.metadata.get("alt") or "")
    if texts:
        told = " ".join(dict.fromkeys(text for text in texts if text))
        cell.metadata["mystnb"] = {"image": {"alt": told or f"Picture of “{heading}”"}}
