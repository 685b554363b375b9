"""Figure 1: the delta space. Clouds on a plane, and the numbers that decide what they prove.

    python -m recipes.figures.fig1_delta_space        -> figures/fig1_delta_space.png and .svg

    row = data set     raw, t-SNE | differences, t-SNE | raw, UMAP | differences, UMAP

Under each row stand the measures that the panels cannot show, controls included. This is the first
figure of the paper, with what it left out:
toyfaces always; the paper's CelebA features as a second row where they are on this machine: in the
folder `paper` of DELTAEDIT_CACHE, or downloaded before by `paper_features("celeba", consent=True)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from deltaedit_kit import DeltaEditError, load_domain
from deltaedit_kit.labs.delta_space.alignment import AlignmentTable, with_controls
from deltaedit_kit.labs.delta_space.clouds import (
    Spaces,
    paper_features,
    random_pairs,
    toyfaces_cloud,
)
from deltaedit_kit.labs.delta_space.plots import PICTURES, TEXTS, scatter
from deltaedit_kit.labs.delta_space.projection import Projection, project
from deltaedit_kit.support.pictures import ACCENT, FAINT, INK, PictureFigure, save_figure

FOLDER = Path(__file__).parents[2] / "figures"
PAIRS, SEED, RANDOM = 600, 0, "random pairs"  # the last as the rule names its differences

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


def row(name: str, spaces: Spaces) -> DeltaSpaceRow:
    """Project both clouds by t-SNE and UMAP, as they are stored, and measure them with controls."""
    planes = [
        project(cloud.pictures, cloud.texts, method, seed=SEED)
        for method in ("tsne", "umap")
        for cloud in spaces
    ]
    # Random pairs are a column of the table anyway; the authors' differences are one more.
    own = None if spaces.delta.name == RANDOM else spaces.delta.pair
    return DeltaSpaceRow(name, planes, with_controls(spaces.raw.pair, own, seed=SEED))


def spaces_here() -> dict[str, Spaces]:
    """toyfaces, and the paper's features where they are."""
    found = {"toyfaces": random_pairs(toyfaces_cloud(load_domain("toyfaces").clip, PAIRS, SEED))}
    try:
        found["paper, CelebA"] = paper_features("celeba")
    except DeltaEditError as missing:
        print(f"without the paper's row: {missing}")
    return found


def main() -> None:
    """Write the figure twice."""
    figure = delta_space_figure([row(name, spaces) for name, spaces in spaces_here().items()])
    for kind in ("png", "svg"):
        print(save_figure(figure, FOLDER / f"fig1_delta_space.{kind}"))


if __name__ == "__main__":
    main()
