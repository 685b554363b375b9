"""Linked scatter plots: a raw cloud beside its differences, each point with picture and caption.

    Spaces + two Projections --scatter_view()--> bytes --scatter.js--> two plots --> `.selected`

Hovering, lassoing, colouring and hiding happen in the browser (scatter*.js); the kernel hears only
which pairs were selected, and may select some itself. Works where anywidget does: JupyterLab,
Notebook 7, VS Code and Colab, with ipywidgets 7.7 or 8. In a page that only shows a notebook there
is no widget: `deltaedit_kit.labs.delta_space.plot_projection.linked_figure` draws the same view.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from deltaedit_kit.labs.delta_space.clouds.cloud import Spaces
from deltaedit_kit.labs.delta_space.projection import Projection
from deltaedit_kit.labs.delta_space.scatter_view import ScatterView, scatter_view
from deltaedit_kit.support.errors import DeltaEditError, check_whole_number

HERE = Path(__file__).parent
# One ES module of two files: a notebook front end loads a widget's script as a single text.
SCRIPT = "\n".join(
    (HERE / name).read_text(encoding="utf-8") for name in ("scatter_plot.js", "scatter.js")
)


class LinkedScatter(anywidget.AnyWidget):
    """Put it last in a cell. `.rows` are the selected pairs; observe "selected" to follow them.

    Mouse: hover, click, drag a lasso, Shift adds. Keyboard: Tab to a plot, arrows, Enter, Escape.
    """

    _esm = SCRIPT
    _css = HERE / "scatter.css"
    points = traitlets.Bytes().tag(sync=True)
    codes = traitlets.Bytes().tag(sync=True)
    colours = traitlets.List().tag(sync=True)
    captions = traitlets.List().tag(sync=True)
    sheets = traitlets.List().tag(sync=True)
    tiles = traitlets.List().tag(sync=True)
    titles = traitlets.List().tag(sync=True)
    summary = traitlets.Unicode().tag(sync=True)
    selected = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, spaces: Spaces, left: Projection, right: Projection, **options: Any) -> None:
        """Raises DeltaEditError as `scatter_view` does."""
        self.view: ScatterView = scatter_view(spaces, left, right)
        super().__init__(**vars(self.view), **options)

    def __repr__(self) -> str:
        return f"LinkedScatter({len(self.captions[0])} pairs: {' | '.join(self.titles)})"

    @property
    def rows(self) -> list[int]:
        """The selected pairs, in order; empty when nothing is selected."""
        return sorted(self.selected)

    def select(self, rows: Sequence[int]) -> None:
        """Select pairs from the kernel: both plots show them at once. [] clears.

        Raises DeltaEditError for a row that is not there.
        """
        last = len(self.captions[0]) - 1
        if isinstance(rows, int):
            raise DeltaEditError(f"rows is {rows}; give a list such as [{rows}]")
        self.selected = sorted({check_whole_number("row", int(row), 0, last) for row in rows})

    @property
    def text(self) -> str:
        """The view in words, and the captions of what is selected."""
        lines = [self.summary, f"{len(self.rows)} pairs selected."]
        return "\n".join([*lines, *(f"{row}: {self.captions[0][row]}" for row in self.rows)])
