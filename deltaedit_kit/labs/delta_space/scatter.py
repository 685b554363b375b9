"""Linked scatter plots: a raw cloud beside its differences, each point with picture and caption.

    Spaces + two Projections --scatter_view()--> traits --scatter.js--> two plots --> `.selected`

    positions   [-1, 1] -> 16 bits each       2 views × 2 modalities × n pairs × (x, y)
    colours     a byte a pair: number of a category, or a value scaled to 0 .. 255
    sprites     all thumbnails of a view on one WebP sheet, row after row

Hovering, lassoing, colouring and hiding happen in the browser (scatter*.js); the kernel hears only
which pairs were selected, and may select some itself. Works where anywidget does: JupyterLab,
Notebook 7, VS Code and Colab, with ipywidgets 7.7 or 8. In a page that only shows a notebook there
is no widget: `deltaedit_kit.labs.delta_space.plots.linked_figure` draws the same view.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from jaxtyping import UInt8
from PIL import Image

from deltaedit_kit.labs.delta_space.clouds.cloud import Cloud, Spaces
from deltaedit_kit.labs.delta_space.projection import Projection
from deltaedit_kit.support.errors import DeltaEditError, check_whole_number

HERE = Path(__file__).parent
# One ES module of two files: a notebook front end loads a widget's script as a single text.
SCRIPT = "\n".join(
    (HERE / name).read_text(encoding="utf-8") for name in ("scatter_plot.js", "scatter.js")
)
MOST_CATEGORIES = 12  # the palette has no more colours that one can tell apart
STEPS = 65535
WEBP = {"format": "WEBP", "quality": 70, "method": 2}


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
        super().__init__(**scatter_view(spaces, left, right), **options)

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


def scatter_view(spaces: Spaces, left: Projection, right: Projection) -> dict[str, Any]:
    """The traits of the widget: a raw cloud, projected to `left`, then its differences to `right`.

    A function of its inputs alone: the same clouds and projections give the same bytes.
    Raises DeltaEditError when clouds and projections have different numbers of pairs.
    """
    counts = [len(spaces.raw), len(spaces.delta), len(left.first), len(right.first)]
    if len(set(counts)) != 1:
        raise DeltaEditError(
            f"raw cloud, differences and their projections have {counts} pairs; project these "
            "two clouds themselves"
        )
    coded = [_coded(name, values) for name, values in spaces.delta.colours.items()]
    sheets = [sprite_sheet(cloud.thumbnails) for cloud in spaces]
    titles = [
        f"{cloud.name} ({plane.title})" for cloud, plane in zip(spaces, (left, right), strict=True)
    ]
    return {
        "points": quantised(left) + quantised(right),
        "codes": b"".join(code for _, code in coded),
        "colours": [about for about, _ in coded],
        "captions": [list(cloud.captions) for cloud in spaces],
        "sheets": [sheet for sheet, _ in sheets],
        "tiles": [tile for _, tile in sheets],
        "titles": titles,
        "summary": summary(spaces, left, right),
    }


def quantised(plane: Projection) -> bytes:
    """Positions as little-endian uint16: pictures, then texts, [n, 2] each."""
    both = np.stack((plane.first, plane.second)).astype(np.float64)
    return np.rint((both.clip(-1, 1) + 1) / 2 * STEPS).astype("<u2").tobytes()


def sprite_sheet(thumbnails: UInt8[np.ndarray, "n h w 3"] | None) -> tuple[bytes, dict[str, int]]:
    """All thumbnails on one picture about as wide as high, and how to cut it; b"" for None."""
    if thumbnails is None:
        return b"", {"width": 0, "height": 0, "columns": 1}
    n, h, w, _ = thumbnails.shape
    columns = max(1, math.ceil(math.sqrt(n * h / w)))
    rows = -(-n // columns)
    cells = np.zeros((rows * columns, h, w, 3), np.uint8)
    cells[:n] = thumbnails
    sheet = cells.reshape(rows, columns, h, w, 3).swapaxes(1, 2).reshape(rows * h, columns * w, 3)
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, **WEBP)
    return buffer.getvalue(), {"width": w, "height": h, "columns": columns}


def summary(spaces: Spaces, left: Projection, right: Projection) -> str:
    """The plots in words, for those who do not see them."""

    def describe(where: str, cloud: Cloud, plane: Projection) -> str:
        gap = np.linalg.norm(plane.first.mean(axis=0) - plane.second.mean(axis=0))
        return (
            f"{where}: {cloud.name}, {plane.title}; of the ten nearest in space, "
            f"{plane.recall:.0%} are also nearest on the plane (trustworthiness "
            f"{plane.trust:.2f}); the means of pictures and texts are {gap / 2:.0%} of the "
            "plot's width apart."
        )

    return " ".join(
        [
            f"{len(spaces.raw)} pairs, each a picture (disc) and a text (square) in both plots.",
            describe("Left", spaces.raw, left),
            describe("Right", spaces.delta, right),
        ]
    )


def _coded(name: str, values: np.ndarray) -> tuple[dict[str, Any], bytes]:
    """A colouring: its description and a byte a pair."""
    values = np.asarray(values)
    if values.dtype.kind in "fiu":
        low, high = float(values.min()), float(values.max())
        share = (values - low) / (high - low if high > low else 1.0)
        about = {"name": name, "labels": None, "low": f"{low:.2f}", "high": f"{high:.2f}"}
        return about, np.rint(share * 255).astype(np.uint8).tobytes()
    labels, counts = np.unique(values.astype(str), return_counts=True)
    many = len(labels) > MOST_CATEGORIES
    most = labels[np.argsort(-counts, kind="stable")][: MOST_CATEGORIES - 1 if many else None]
    frequent = [*sorted(most.tolist()), *(["others"] if many else [])]
    number = {label: k for k, label in enumerate(frequent)}
    last = len(frequent) - 1
    codes = np.array([number.get(value, last) for value in values.astype(str)], np.uint8)
    return {"name": name, "labels": frequent}, codes.tobytes()
