"""The first figure of the paper, with what it left out: four panels a data set, and the numbers.

    row = data set     raw, t-SNE | differences, t-SNE | raw, UMAP | differences, UMAP

Under each row stand the measures that the panels cannot show, controls included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from deltaedit_kit.labs.delta_space.alignment.table import AlignmentTable
from deltaedit_kit.labs.delta_space.plot_projection import PICTURES, TEXTS, scatter
from deltaedit_kit.labs.delta_space.projection import Projection
from deltaedit_kit.pictures import ACCENT, FAINT, INK, PictureFigure

PANEL, LINE, TOP, FOOT = 3.55, 0.175, 0.5, 0.3  # inches: a row of panels, a line of its caption
SHOWN = (
    ("gap of the means", "gap of the means"),
    ("linear two-sample accuracy", "linear accuracy"),
    ("kNN two-sample accuracy", "kNN accuracy"),
    ("kNN mixing (k=10)", "kNN mixing"),
    ("paired - unpaired cosine", "paired - unpaired cos."),
    ("R@1 i→t", "R@1 picture to text"),
)
WIDE, NAMED = 26, 26  # letters of a column of numbers, of the first column
SPACES = ("CLIP space", "delta space") * 2
NOTE = (
    "Planes: rows as stored, both clouds together, scaled once. Measures: rows of length 1. "
    "Ideal: gap 0, mixing 1/2; chance: accuracy 1/2, cosine 0, R@1 one in n."
)


@dataclass(frozen=True)
class DeltaSpaceRow:
    """One data set: its name, [raw t-SNE, delta t-SNE, raw UMAP, delta UMAP], its measures."""

    name: str
    planes: Sequence[Projection]
    table: AlignmentTable

    def caption(self) -> list[str]:
        """The measures as lines of a table in equal letters: a line a column of the table."""
        heads = [short for _, short in SHOWN]
        lines = [
            "measured in the full space".ljust(NAMED) + "".join(f"{head:>{WIDE}}" for head in heads)
        ]
        for column in self.table.columns:
            numbers = [f"{self.table.value(column, name):>{WIDE}.3f}" for name, _ in SHOWN]
            lines.append(column.ljust(NAMED) + "".join(numbers))
        return lines


def delta_space_figure(rows: Sequence[DeltaSpaceRow]) -> Figure:
    """Four panels a row with the measured numbers as caption; points are rasterised in an SVG."""
    heights = [PANEL + LINE * (len(row.caption()) + 1) for row in rows]
    high = TOP + FOOT + sum(heights)
    figure = PictureFigure(figsize=(13, high))
    top = high - TOP
    for row, height in zip(rows, heights, strict=True):
        for column, (plane, space) in enumerate(zip(row.planes, SPACES, strict=True)):
            box = (0.015 + column * 0.247, (top - PANEL + 0.5) / high, 0.232, (PANEL - 0.8) / high)
            axis = figure.add_axes(box)
            scatter(axis, plane)
            axis.set_title(f"{row.name}: {space}", fontsize=9.5, color=INK)
        words = {"fontsize": 7.6, "family": "monospace", "va": "top", "linespacing": 1.35}
        place = (top - PANEL + 0.02) / high
        figure.text(0.03, place, "\n".join(row.caption()), color=INK, **words)
        top -= height
    _frame(figure, high)
    return figure


def _frame(figure: Figure, high: float) -> None:
    """Title, legend and the note that says how to read the numbers."""
    line = 1 - 0.12 / high
    title = "The delta space: what a plane shows, and what is measured"
    figure.text(0.03, line, title, fontsize=12.5, fontweight="bold", color=ACCENT, va="top")
    figure.text(0.85, line, "● pictures", color=PICTURES, fontsize=9, va="top")
    figure.text(0.92, line, "■ texts", color=TEXTS, fontsize=9, va="top")
    figure.text(0.03, 0.08 / high, NOTE, fontsize=7.6, color=FAINT)
