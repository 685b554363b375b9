"""The comparison in numbers: what an edit costs for what it reaches, and the seed's columns.

A method that changes nothing has the best PSNR and the best IDS. So the upper row draws both sides
at once: success to the right, and what was kept upwards, a line for each method over its strength.
Up and to the right is better; a number alone is not.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from deltaedit_kit.labs.compare.table import at_own, own_setting
from deltaedit_kit.labs.metrics import metric
from deltaedit_kit.support.pictures import ACCENT, FAINT, INK, PictureFigure

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


def metrics_figure(table: pd.DataFrame, title: str = "", note: str = "") -> Figure:
    """Six panels from a summary: three trade-offs, then FID, PSNR and seconds.

    Bars are each method at its own strength, a star its best setting; whiskers are
    95 % intervals over sentences. What is not in the rows is left out.
    """
    figure = PictureFigure(figsize=(11.5, 7.2), layout="constrained")
    axes = figure.subplots(2, 3)
    for axis, (x, y) in zip(axes[0], TRADE_OFFS, strict=True):
        trade_off(axis, table, x, y)
    fid = next((name for name in table["metric"] if name.startswith("fid:")), "fid")
    bars(axes[1][0], table, fid)
    bars(axes[1][1], table, "psnr")
    seconds(axes[1][2], table)
    handles, labels = axes[0][0].get_legend_handles_labels()
    if handles:
        markers = _markers(table)
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


def trade_off(axis: Axes, table: pd.DataFrame, x: str, y: str) -> None:
    """Each method's line through (x, y) over its strengths; the own strength is filled."""
    for method in table["method"].unique():
        colour, marker = STYLES.get(method, (INK, "o"))
        own = own_setting(table, method)
        line = _points(table, method, own, x, y)
        if line.empty:
            continue
        axis.plot(
            line["value_x"],
            line["value_y"],
            color=colour,
            marker=marker,
            markerfacecolor="white",
            markersize=5,
            linewidth=1.3,
            label=f"{method} (fewer steps)" if own == "short" else method,
        )
        for point in line.query("strength == 1").to_dict("records"):
            place = point["value_x"], point["value_y"]
            axis.plot(*place, marker, color=colour, markersize=7)
            reach = {"xerr": _reach(point, "_x"), "yerr": _reach(point, "_y")}
            axis.errorbar(*place, **reach, color=colour, linewidth=0.7)
        best = _points(table, method, "best", x, y)
        star = {"color": colour, "markeredgecolor": INK, "markersize": 11}
        axis.plot(best["value_x"], best["value_y"], "*", **star)
    _labels(axis, metric(x).label, metric(y).label)
    if metric(y).better == "lower":
        axis.invert_yaxis()  # so that up is better in every panel


def bars(axis: Axes, table: pd.DataFrame, name: str) -> None:
    """A bar for each method's default, its interval, and a star for its best setting."""
    floor = table.query("metric == @name and setting == @FLOOR")
    shown = pd.concat([at_own(table, name), floor])
    # A Fréchet distance of fewer faces is higher by itself: such bars are pale and say so, and
    # beside a bar of more faces no such star is drawn.
    rows = table.query("metric == 'faces'").to_dict("records")
    faces = {(row["method"], row["setting"]): int(row["value"]) for row in rows}
    most = max(faces.values(), default=0)
    fewer = {of for of, count in faces.items() if count < most and name.startswith("fid")}
    names = []
    for place, row in enumerate(shown.to_dict("records")):
        method = row["method"]
        mine, tuned = (method, row["setting"]), (method, "best")
        colour, _ = STYLES.get(method, (INK, "o"))
        pale = 0.45 if mine in fewer else 1.0
        axis.barh(place, row["value"], color=colour, height=0.74, alpha=pale)
        axis.errorbar(row["value"], place, xerr=_reach(row), color=INK, linewidth=1)
        # Above the whisker, which runs along the middle of the bar and may begin at its foot; the
        # dark rim keeps the number readable on a pale bar and past the end of a short one.
        text = f" {row['value']:.3g}"
        number = axis.text(0.0, place - 0.18, text, va="center", fontsize=8)
        number.set(color="white", path_effects=[withStroke(linewidth=2, foreground=INK)])
        best = table.query("method == @method and setting == 'best' and metric == @name")
        if len(best) and (tuned not in fewer or mine in fewer):
            star = {"color": colour, "markeredgecolor": INK, "markersize": 11}
            axis.plot(best["value"], [place] * len(best), "*", **star)
        names.append(f"{method}\n({faces[mine]} faces)" if mine in fewer else method)
    axis.set_yticks(range(len(shown)), names, fontsize=8)
    axis.invert_yaxis()
    axis.locator_params(axis="x", nbins=5)
    axis.margins(x=0.15)
    _labels(axis, metric(name).label if ":" in name or len(shown) else name, "")


def seconds(axis: Axes, table: pd.DataFrame) -> None:
    """Seconds for one sentence on one picture, on a log scale: everything, then the edit alone."""
    methods = [method for method in table["method"].unique() if method != "unedited"]
    settings = {method: own_setting(table, method) for method in methods}
    times = {(r["method"], r["setting"], r["metric"]): r["value"] for r in table.to_dict("records")}
    for place, (method, setting) in enumerate(settings.items()):
        training, preparation, each = (
            times.get((method, setting, f"seconds.{part}"), absent)
            for part, absent in (("training", 0.0), ("preparation", 0.0), ("edit", math.nan))
        )
        colour, _ = STYLES.get(method, (INK, "o"))
        whole = training + preparation + each
        axis.barh(place, whole, color=colour, alpha=0.35, height=0.62)
        axis.barh(place, each, color=colour, height=0.62)
        axis.text(whole, place, f" {whole:.2g} s", va="center", fontsize=7.5)
    axis.set_xscale("log")
    axis.set_yticks(range(len(methods)), methods, fontsize=8)
    axis.invert_yaxis()
    axis.margins(x=0.2)
    _labels(
        axis, "processor seconds ↓ of a further picture\n(pale: of the first with a sentence)", ""
    )
    if "short" in settings.values():
        axis.set_title("at the shortened settings", fontsize=7.5, color=FAINT, loc="left")


def _markers(table: pd.DataFrame) -> list[Line2D]:
    """Legend of what all methods share: filled markers, stars of tuned rows, whiskers."""
    whisker = Line2D([], [], color=INK, linewidth=1, label="95 % interval over sentences")
    tuned = Line2D([], [], marker="*", linestyle="none", markersize=11, label="tuned: “best”")
    tuned.set(markerfacecolor="white", markeredgecolor=INK)
    own = Line2D([], [], marker="o", linestyle="none", color=INK, label="filled: own strength")
    return [own, tuned, whisker] if "best" in set(table["setting"]) else [own, whisker]


def _points(table: pd.DataFrame, method: str, setting: str, x: str, y: str) -> pd.DataFrame:
    """Both numbers of one method with their intervals, a row a strength that has both."""
    own = table.query("method == @method and setting == @setting").set_index("strength")
    parts = [
        own.loc[own["metric"] == name, ["value", "low", "high"]].add_suffix(suffix)
        for name, suffix in ((x, "_x"), (y, "_y"))
    ]
    return parts[0].join(parts[1], how="inner").sort_index()


def _reach(row: Any, suffix: str = "") -> Any:
    """The two lengths of an error bar; none where there is no interval."""
    value, low, high = (row[name + suffix] for name in ("value", "low", "high"))
    if math.isnan(low) or math.isinf(value):
        return None
    return [[max(0.0, value - low)], [max(0.0, high - value)]]


def _labels(axis: Axes, x: str, y: str) -> None:
    axis.set_xlabel(x, fontsize=8.5, color=INK)
    axis.set_ylabel(y, fontsize=8.5, color=INK)
    axis.tick_params(labelsize=7.5)
    axis.grid(color="#e6e9ed", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
