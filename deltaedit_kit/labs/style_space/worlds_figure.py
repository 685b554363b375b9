"""Worlds side by side: alignment, readout, edits and relevance masks, a colour a world.

    table    world, part, measure, at, mean, low, high, n: `python -m benchmarks.worlds --out FILE`

Whiskers are 95 % intervals over attributes, factors or sentences.
"""

from __future__ import annotations

from os import PathLike

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.pictures import PictureFigure

COLUMNS = ("world", "part", "measure", "at", "mean", "low", "high", "n")
COLOURS = ("#0072B2", "#E69F00", "#009E73")  # Okabe and Ito's
MARKERS = ("o", "s", "^")
VALUES = ("mean", "low", "high")


def read_worlds(path: str | PathLike[str]) -> pd.DataFrame:
    """The table in a file, `at` as text; raises DeltaEditError where it is no such table."""
    try:
        table = pd.read_csv(path, dtype={"at": str})
    except (OSError, ValueError) as cause:
        raise DeltaEditError(f"cannot read {path}: {cause}") from cause
    if missing := [name for name in COLUMNS if name not in table]:
        raise DeltaEditError(f"{path} lacks {', '.join(missing)}; make it by benchmarks.worlds")
    return table.fillna({"at": ""})


def worlds_figure(table: pd.DataFrame) -> PictureFigure:
    """Four panels: CLIP's directions, linear readout, edits, success against side effect."""
    figure = PictureFigure(figsize=(12, 7), layout="constrained")
    (clip, readout), (edits, masked) = figure.subplots(2, 2)
    title_and_bars(
        clip,
        "CLIP: does Δt point along Δi?",
        table,
        "clip",
        [("cos(Δt, Δi)", ""), ("stray", ""), ("own above stray", "")],
    )
    r2 = "informativeness (R²)"
    title_and_bars(
        readout,
        "Generator: how well a line reads the factors (R²)",
        table,
        "readout",
        [(r2, code) for code in "zws"],
    )
    measures = [
        (f"{what} of {name}", "")
        for what in ("success", "side effect")
        for name in ("DeltaEdit", "directions")
    ]
    title_and_bars(edits, "Edits by sentences", table, "edits", measures)
    threshold_curve(masked, table)
    handles, labels = clip.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return figure


def title_and_bars(
    axis: Axes, title: str, table: pd.DataFrame, part: str, measures: list[tuple[str, str]]
) -> None:
    """A group of bars for each (measure, at), a bar a world."""
    axis.set_title(title, loc="left", fontsize=10)
    rows = table[table["part"] == part].set_index(["world", "measure", "at"])[list(VALUES)]
    worlds = list(table["world"].unique())
    width = 0.8 / len(worlds)
    for place, world in enumerate(worlds):
        found = rows.reindex([(world, *measure) for measure in measures])
        x = np.arange(len(measures)) + (place - (len(worlds) - 1) / 2) * width
        whiskers = [found["mean"] - found["low"], found["high"] - found["mean"]]
        spread = np.nan_to_num(np.stack(whiskers)).clip(min=0)
        axis.bar(x, found["mean"], width, color=COLOURS[place % len(COLOURS)], label=world)
        axis.errorbar(x, found["mean"], spread, fmt="none", ecolor="#333333", elinewidth=1)
    names = [f"of {at}" if at else what.replace(" of ", " of\n") for what, at in measures]
    axis.set_xticks(range(len(measures)), names, fontsize=8)
    axis.spines[["top", "right"]].set_visible(False)


def threshold_curve(axis: Axes, table: pd.DataFrame) -> None:
    """A line for each world through (success, side effect), a point for each threshold."""
    title = "Relevance mask: one point for each threshold, first and last labelled"
    axis.set_title(title, loc="left", fontsize=10)
    part = table[table["part"] == "threshold"]
    for place, world in enumerate(table["world"].unique()):
        own = pd.DataFrame(part[part["world"] == world])
        rows = own.pivot(index="at", columns="measure", values="mean")
        if rows.empty:
            continue
        rows = rows.loc[sorted(rows.index, key=float)]
        success, side = rows["success"].to_numpy(), rows["side effect"].to_numpy()
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        axis.plot(success, side, color=colour, marker=marker, markersize=5)
        for end in (0, -1):
            point = (float(success[end]), float(side[end]))
            name = str(rows.index[end])
            axis.annotate(name, point, (4, 4), textcoords="offset points", fontsize=8)
    axis.set_xlabel("success", fontsize=9)
    axis.set_ylabel("side effect", fontsize=9)
    axis.spines[["top", "right"]].set_visible(False)
