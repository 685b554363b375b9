"""The comparison in numbers: what an edit costs for what it reaches, and the seed's columns.

A method that changes nothing has the best PSNR and the best IDS. So the upper row draws both sides
at once: success to the right, and what was kept upwards, a line for each method over its strength.
Up and to the right is better; a number alone is not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from deltaedit_kit.labs.compare.results import own_setting
from deltaedit_kit.labs.compare.rows import Row
from deltaedit_kit.labs.metrics import metric
from deltaedit_kit.pictures import ACCENT, FAINT, INK, PictureFigure

# Okabe and Ito's colours, which people with any colour vision tell apart, and a marker for each.
STYLES = {
    "deltaedit": ("#0072B2", "o"),
    "styleclip-optimisation": ("#D55E00", "s"),
    "styleclip-mapper": ("#009E73", "^"),
    "styleclip-directions": ("#CC79A7", "D"),
    "tedigan": ("#E69F00", "v"),
    "unedited": ("#66707f", "x"),
}
FLOOR = "floor"  # the setting of "unedited", a method that changes nothing
TRADE_OFFS = (("success", "ids"), ("success", "side_effect"), ("success", "directional"))


def metrics_figure(rows: Sequence[Row], title: str = "", note: str = "") -> Figure:
    """Six panels from the rows of a summary: three trade-offs, then FID, PSNR and seconds.

    Bars are each method at its own strength, a star its best setting; whiskers are
    95 % intervals over sentences. What is not in the rows is left out.
    """
    figure = PictureFigure(figsize=(11.5, 7.2), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 3)
    for axis, (x, y) in zip(axes[0], TRADE_OFFS, strict=True):
        trade_off(axis, rows, x, y)
    fid = next((row.metric for row in rows if row.metric.startswith("fid:")), "fid")
    bars(axes[1][0], rows, fid)
    bars(axes[1][1], rows, "psnr")
    seconds(axes[1][2], rows)
    handles, labels = axes[0][0].get_legend_handles_labels()
    if handles:
        markers = _markers(rows)
        figure.legend(
            [*handles, *markers],
            [*labels, *(str(marker.get_label()) for marker in markers)],
            loc="outside lower center",
            ncols=4,
            fontsize=8,
            frameon=False,
        )
    if title:
        figure.suptitle(title, fontsize=12.5, fontweight="bold", color=ACCENT, x=0.01, ha="left")
    if note:
        axis = axes[0][0]
        axis.set_title(" ", fontsize=7.5, loc="left")  # room for the note above the panels
        line = axis.text(0, 1.02, note, fontsize=7.5, color=FAINT, transform=axis.transAxes)
        line.set_in_layout(False)  # it runs on over the next panels instead of pushing them away
    return figure


def trade_off(axis: Axes, rows: Sequence[Row], x: str, y: str) -> None:
    """Each method's line through (x, y) over its strengths; the own strength is filled."""
    for method in _methods(rows):
        colour, marker = STYLES.get(method, (INK, "o"))
        own = _own(rows, method)
        line = _points(rows, method, own, x, y)
        if not line:
            continue
        axis.plot(
            [a.value for a, _ in line],
            [b.value for _, b in line],
            color=colour,
            marker=marker,
            markerfacecolor="white",
            markersize=5,
            linewidth=1.3,
            label=f"{method} (fewer steps)" if own == "short" else method,
        )
        for a, b in line:
            if a.strength == 1.0:
                axis.plot(a.value, b.value, marker, color=colour, markersize=7)
                axis.errorbar(
                    a.value, b.value, xerr=_reach(a), yerr=_reach(b), color=colour, linewidth=0.7
                )
        for a, b in _points(rows, method, "best", x, y):
            axis.plot(a.value, b.value, "*", color=colour, markeredgecolor=INK, markersize=11)
    _labels(axis, metric(x).label, metric(y).label)
    if metric(y).better == "lower":
        axis.invert_yaxis()  # so that up is better in every panel


def bars(axis: Axes, rows: Sequence[Row], name: str) -> None:
    """A bar for each method's default, its interval, and a star for its best setting."""
    own = {method: _own(rows, method) for method in _methods(rows)}
    shown = [
        r
        for r in rows
        if r.metric == name and r.strength == 1.0 and r.setting in (own[r.method], FLOOR)
    ]
    # A Fréchet distance of fewer faces is higher by itself: such bars are pale and say so, and
    # beside a bar of more faces no such star is drawn.
    faces = {(r.method, r.setting): int(r.value) for r in rows if r.metric == "faces"}
    most = max(faces.values(), default=0)
    fewer = {of for of, count in faces.items() if count < most and name.startswith("fid")}
    for place, row in enumerate(shown):
        colour, _ = STYLES.get(row.method, (INK, "o"))
        mine = (row.method, row.setting)
        pale = 0.45 if mine in fewer else 1.0
        axis.barh(place, row.value, color=colour, height=0.74, alpha=pale)
        axis.errorbar(row.value, place, xerr=_reach(row), color=INK, linewidth=1)
        # Above the whisker, which runs along the middle of the bar and may begin at its foot; the
        # dark rim keeps the number readable on a pale bar and past the end of a short one.
        number = axis.text(0.0, place - 0.18, f" {row.value:.3g}", va="center", fontsize=8)
        number.set(color="white", path_effects=[withStroke(linewidth=2, foreground=INK)])
        for best in rows:
            tuned = (best.method, best.setting)
            if (*tuned, best.metric) == (row.method, "best", name) and (
                tuned not in fewer or mine in fewer
            ):
                axis.plot(best.value, place, "*", color=colour, markeredgecolor=INK, markersize=11)
    names = [
        f"{r.method}\n({faces[of]} faces)" if (of := (r.method, r.setting)) in fewer else r.method
        for r in shown
    ]
    axis.set_yticks(range(len(shown)), names, fontsize=8)
    axis.invert_yaxis()
    axis.locator_params(axis="x", nbins=5)
    axis.margins(x=0.15)
    _labels(axis, metric(name).label if ":" in name or shown else name, "")


def seconds(axis: Axes, rows: Sequence[Row]) -> None:
    """Seconds for one sentence on one picture, on a log scale: everything, then the edit alone."""
    methods = [m for m in _methods(rows) if m != "unedited"]
    for place, method in enumerate(methods):
        own = {
            row.metric: row.value
            for row in rows
            if row.method == method
            and row.setting == _own(rows, method)
            and row.metric.startswith("seconds.")
        }
        colour, _ = STYLES.get(method, (INK, "o"))
        once = own.get("seconds.training", 0.0) + own.get("seconds.preparation", 0.0)
        each = own.get("seconds.edit", math.nan)
        axis.barh(place, once + each, color=colour, alpha=0.35, height=0.62)
        axis.barh(place, each, color=colour, height=0.62)
        axis.text(once + each, place, f" {once + each:.2g} s", va="center", fontsize=7.5)
    axis.set_xscale("log")
    axis.set_yticks(range(len(methods)), methods, fontsize=8)
    axis.invert_yaxis()
    axis.margins(x=0.2)
    _labels(
        axis,
        "processor seconds ↓ of a further picture\n(pale: of the first with a sentence)",
        "",
    )
    if any(_own(rows, method) == "short" for method in methods):
        axis.set_title("at the shortened settings", fontsize=7.5, color=FAINT, loc="left")


def _markers(rows: Sequence[Row]) -> list[Line2D]:
    """Legend of what all methods share: filled markers, stars of tuned rows, whiskers."""
    whisker = Line2D([], [], color=INK, linewidth=1, label="95 % interval over sentences")
    tuned = Line2D([], [], marker="*", linestyle="none", markersize=11, label="tuned: “best”")
    tuned.set(markerfacecolor="white", markeredgecolor=INK)
    own = Line2D([], [], marker="o", linestyle="none", color=INK, label="filled: own strength")
    return [own, tuned, whisker] if any(row.setting == "best" for row in rows) else [own, whisker]


def _own(rows: Sequence[Row], method: str) -> str:
    return own_setting(((row.method, row.setting) for row in rows), method)


def _methods(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row.method for row in rows))


def _points(
    rows: Sequence[Row], method: str, setting: str, x: str, y: str
) -> list[tuple[Row, Row]]:
    """(x row, y row) of one method at each strength that has both, in the order of strength."""
    own: dict[str, dict[float, Row]] = {x: {}, y: {}}
    for row in rows:
        if (row.method, row.setting) == (method, setting) and row.metric in own:
            own[row.metric][row.strength] = row
    return [(own[x][s], own[y][s]) for s in sorted(own[x].keys() & own[y].keys())]


def _reach(row: Row) -> Any:
    """The two lengths of an error bar; none where there is no interval."""
    if math.isnan(row.low) or math.isinf(row.value):
        return None
    return [[max(0.0, row.value - row.low)], [max(0.0, row.high - row.value)]]


def _labels(axis: Axes, x: str, y: str) -> None:
    axis.set_xlabel(x, fontsize=8.5, color=INK)
    axis.set_ylabel(y, fontsize=8.5, color=INK)
    axis.tick_params(labelsize=7.5)
    axis.grid(color="#e6e9ed", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
