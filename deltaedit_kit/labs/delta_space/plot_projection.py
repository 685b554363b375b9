"""Projections drawn: a raw cloud beside its differences, and a sweep of a projection's setting.

The still picture of what `widgets.scatter` shows alive: pictures are discs, texts are squares, the
same pair has the same colour in both plots, and every plot says what the plane kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deltaedit_kit.labs.delta_space.clouds.cloud import Spaces
from deltaedit_kit.labs.delta_space.projection import Projection
from deltaedit_kit.support.pictures import FAINT, INK, PictureFigure

PICTURES, TEXTS = "#0b6e8a", "#d1495b"
NAMES = ("pictures", "texts")
CATEGORIES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a900",
              "#7b5aa6", "#8c564b", "#4d4d4d", "#00a6a6", "#999999")  # fmt: skip


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
