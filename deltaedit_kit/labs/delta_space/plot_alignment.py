"""Measures drawn: every column of an alignment table beside what it has to be compared with.

One small plot a measure, one bar a column, and a line where the ideal or the null is. Bars are
coloured by what they are (raw, control, differences), never by whether they look good.
"""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from deltaedit_kit.labs.delta_space.alignment.table import AlignmentTable
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


def _colour(column: str) -> str:
    if "shuffled" in column or "centred" in column:
        return CONTROL
    return RAW if column.startswith("raw") else ACCENT
