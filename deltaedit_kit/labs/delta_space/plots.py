"""The delta space drawn: measures beside what they are compared with, and projections.

alignment_figure    one small plot a measure, one bar a column, a line where the ideal or the null
                    is; bars are coloured by what they are, never by whether they look good
linked_figure       a raw cloud beside its differences: the still picture of what `scatter` shows
                    alive. Pictures are discs, texts are squares, a pair has one colour in both
sweep_figure        the same clouds at several settings of a projection

Every projection says what the plane kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deltaedit_kit.labs.delta_space.alignment.table import AlignmentTable
from deltaedit_kit.labs.delta_space.clouds.cloud import Spaces
from deltaedit_kit.labs.delta_space.projection import Projection
from deltaedit_kit.support.pictures import ACCENT, FAINT, INK, PictureFigure

SHOWN = (
    "gap of the means",
    "linear two-sample accuracy",
    "kNN two-sample accuracy",
    "kNN mixing (k=10)",
    "MMD²",
    "paired - unpaired cosine",
    "R@1 i→t",
    "R@10 i→t",
)
ACROSS = 4
RAW, CONTROL = "#8a93a0", "#c9ced6"

PICTURES, TEXTS = "#0b6e8a", "#d1495b"
NAMES = ("pictures", "texts")
CATEGORIES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a900",
              "#7b5aa6", "#8c564b", "#4d4d4d", "#00a6a6", "#999999")  # fmt: skip


def alignment_figure(table: AlignmentTable, title: str = "") -> Figure:
    """Bars for all columns; the dashed line is the ideal or the null, as named."""
    down = len(SHOWN) // ACROSS
    titles = list(table.columns)
    high = 0.7 + down * (0.75 + 0.22 * len(titles))
    figure = PictureFigure(figsize=(10.5, high), layout="constrained")
    axes = figure.subplots(down, ACROSS).ravel()
    for number, (axis, name) in enumerate(zip(axes, SHOWN, strict=True)):
        ones = [table[column][name] for column in titles]
        colours = [_colour(column) for column in titles]
        axis.barh(titles, [one.value for one in ones], color=colours, height=0.7)
        for row, one in enumerate(ones):
            end = max(one.value, 0.0)
            if one.low is not None and one.high is not None:
                axis.plot([one.low, one.high], [row, row], color=INK, linewidth=1.2)
                end = max(end, one.high)
            # To the right of bar, interval and zero, so that nothing lies under the number.
            # A white patch keeps the dashed line out of it.
            near: dict[str, Any] = {"xytext": (4, 0), "textcoords": "offset points", "va": "center"}
            near["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
            axis.annotate(f"{one.value:.3f}", (end, row), fontsize=7, **near)
        reference = ones[0].reference
        axis.axvline(reference, color=INK, linewidth=0.9, linestyle="--")
        axis.set_title(name, fontsize=9, color=INK, fontweight="bold")
        reading = f"{ones[0].kind} {reference:.2g}; {ones[0].better} is better"
        axis.set_xlabel(reading, fontsize=7.5, color=FAINT)
        axis.invert_yaxis()
        axis.tick_params(labelsize=7.5, labelleft=number % ACROSS == 0, left=False)
        axis.margins(x=0.28)
        axis.spines[["top", "right", "left"]].set_visible(False)
    if title:
        figure.suptitle(title, fontsize=11.5, color=ACCENT, fontweight="bold", x=0.01, ha="left")
    return figure


def linked_figure(
    spaces: Spaces, left: Projection, right: Projection, colour_by: str | None = None
) -> Figure:
    """Raw cloud and differences side by side; colours by modality (None) or by a name of
    `spaces.delta.colours`."""
    figure = PictureFigure(figsize=(9.2, 4.9), layout="constrained")
    axes = figure.subplots(1, 2)
    values = None if colour_by is None else np.asarray(spaces.delta.colours[colour_by])
    for axis, cloud, plane in zip(axes, spaces, (left, right), strict=True):
        scatter(axis, plane, values)
        axis.set_title(cloud.name, fontsize=10.5, color=INK, fontweight="bold")
    _legend(figure, axes[0], values, colour_by)
    return figure


def sweep_figure(
    planes: Sequence[Projection], title: str, names: tuple[str, str] = NAMES
) -> Figure:
    """The same two clouds, called `names`, at several settings, in the order given."""
    figure = PictureFigure(figsize=(2.9 * len(planes), 3.8), layout="constrained")
    for axis, plane in zip(figure.subplots(1, len(planes), squeeze=False)[0], planes, strict=True):
        scatter(axis, plane)
    figure.suptitle(title, fontsize=10.5, color=INK, fontweight="bold")
    _legend(figure, figure.axes[0], None, None, names)
    return figure


def scatter(axis: Axes, plane: Projection, values: np.ndarray | None = None) -> None:
    """One projection on an axis, without ticks: their numbers mean nothing."""
    style: dict[str, Any] = {"s": 9, "linewidths": 0, "alpha": 0.7, "rasterized": True}
    for points, marker, plain in ((plane.first, "o", PICTURES), (plane.second, "s", TEXTS)):
        if values is None:
            colour: dict[str, Any] = {"color": plain}
        elif values.dtype.kind in "fiu":
            colour = {"c": values, "cmap": "viridis"}
        else:
            labels = np.unique(values)
            place = np.searchsorted(labels, values) % len(CATEGORIES)
            colour = {"color": np.asarray(CATEGORIES)[place]}
        axis.scatter(points[:, 0], points[:, 1], marker=marker, **style, **colour)
    axis.set(xlim=(-1.06, 1.06), ylim=(-1.06, 1.06), xticks=[], yticks=[], aspect="equal")
    axis.spines[:].set_color("#d6dbe1")
    note = f"{plane.title}\ntrust {plane.trust:.2f}, kNN recall {plane.recall:.2f}"
    axis.set_xlabel(note, fontsize=8.5, color=FAINT)


def _legend(
    figure: Figure,
    axis: Axes,
    values: np.ndarray | None,
    name: str | None,
    clouds: tuple[str, str] = NAMES,
) -> None:
    if values is not None and values.dtype.kind in "fiu":
        figure.colorbar(axis.collections[0], ax=figure.axes, label=name, shrink=0.7)
        return
    if values is None:
        entries = [(clouds[0], PICTURES, "o"), (clouds[1], TEXTS, "s")]
    else:
        labels = np.unique(values).tolist()
        entries = [
            (str(label), CATEGORIES[k % len(CATEGORIES)], "o") for k, label in enumerate(labels)
        ]
    for label, colour, marker in entries:
        axis.scatter([], [], s=28, color=colour, marker=marker, label=label)
    figure.legend(
        loc="outside lower center", ncols=min(6, len(entries)), frameon=False, fontsize=8.5
    )


def _colour(column: str) -> str:
    if "shuffled" in column or "centred" in column:
        return CONTROL
    return RAW if column.startswith("raw") else ACCENT
