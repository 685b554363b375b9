"""The first figure of the paper, with what it left out: four panels a data set, and the numbers.

    row = data set     raw, t-SNE | differences, t-SNE | raw, UMAP | differences, UMAP

Under each row stand the measures that the panels cannot show, controls included.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from deltaedit_kit.alignment.table import AlignmentTable
from deltaedit_kit.plots.grids import ACCENT, FAINT, INK, PictureFigure
from deltaedit_kit.plots.projection import PICTURES, TEXTS, scatter
from deltaedit_kit.projection import Projection

ROW, CAPTION_WIDTH = 4.15, 168  # inches, characters
SHOWN = (
    ("gap of the means", "gap of means"),
    ("linear two-sample accuracy", "linear accuracy"),
    ("kNN two-sample accuracy", "kNN accuracy"),
    ("kNN mixing (k=10)", "kNN mixing"),
    ("paired - unpaired cosine", "paired − unpaired cosine"),
    ("R@1 i→t", "R@1"),
)


@dataclass(frozen=True)
class DeltaSpaceRow:
    """One data set: its name, [raw t-SNE, delta t-SNE, raw UMAP, delta UMAP], its measures."""

    name: str
    planes: Sequence[Projection]
    table: AlignmentTable

    def caption(self) -> str:
        """The measures of the row in one sentence a measure, all columns of the table."""
        columns = list(self.table.columns)
        numbers = [
            f"{short} " + " / ".join(f"{self.table.value(c, name):.3f}" for c in columns)
            for name, short in SHOWN
        ]
        return f"Measured in the full space ({' / '.join(columns)}): " + ";  ".join(numbers) + "."


def delta_space_figure(rows: Sequence[DeltaSpaceRow]) -> Figure:
    """Four panels a row with the measured numbers as caption; points are rasterised in an SVG."""
    high = ROW * len(rows) + 0.5
    figure = PictureFigure(figsize=(13, high), facecolor="white")
    FigureCanvasAgg(figure)
    for number, row in enumerate(rows):
        bottom = 1 - (number + 1) * ROW / high - 0.28 / high
        panels = zip(row.planes, ("CLIP", "delta") * 2, strict=True)
        for column, (plane, space) in enumerate(panels):
            box = (0.02 + column * 0.245, bottom + 1.05 / high, 0.228, (ROW - 1.5) / high)
            axis = figure.add_axes(box)
            scatter(axis, plane)
            axis.set_title(f"{row.name}: {space} space", fontsize=9.5, color=INK)
        text = "\n".join(textwrap.wrap(row.caption(), CAPTION_WIDTH))
        figure.text(0.02, bottom + 0.16 / high, text, fontsize=8, color=INK, linespacing=1.35)
    figure.text(
        0.02,
        1 - 0.12 / high,
        "Differences align, clouds need not: what the picture shows and what it hides",
        fontsize=12.5,
        fontweight="bold",
        color=ACCENT,
        va="top",
    )
    for place, (label, colour, mark) in enumerate(
        (("● pictures", PICTURES, "o"), ("■ texts", TEXTS, "s"))
    ):
        figure.text(
            0.84 + 0.075 * place, 1 - 0.14 / high, label, color=colour, fontsize=9, va="top"
        )
        figure.texts[-1].set_gid(mark)
    figure.text(
        0.02,
        0.06 / high,
        "Axes of t-SNE and UMAP have no unit; both clouds were projected together and scaled once. "
        "Ideal: mixing ½, accuracies ½. Null: cosine 0, R@1 one in n.",
        fontsize=7.5,
        color=FAINT,
    )
    return figure
