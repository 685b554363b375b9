"""Training, drawn: loss and cosine over the steps, and the table of a sweep as bars.

    curve      held-out loss (left), held-out cosine of each group (right), over steps
    bars       one bar an ablation: held-out cosine, and success of edits where it was counted;
               of several seeds the mean, with its 95 % interval and a dot a seed

Curves are drawn from the reports of a run, bars from the tables of `sweep`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from deltaedit_kit.labs.training.ablation import mean_over_seeds
from deltaedit_kit.support.pictures import ACCENT, FAINT, INK, PictureFigure

if TYPE_CHECKING:
    from deltaedit_kit.train import Report

GROUP_STYLES = {"coarse": "#0b6e8a", "medium": "#c2571a", "fine": "#5b7f2b"}


def curve_figure(reports: Sequence[Report], title: str = "") -> PictureFigure:
    """Two panels from the reports of a run; a line of text before the first report."""
    figure = PictureFigure(figsize=(8.4, 3.0), layout="constrained")
    if not reports:  # axes from 0 to 1 would look like a result
        figure.text(0.5, 0.5, "curves begin with the first report", ha="center", color=FAINT)
        return figure
    left, right = figure.subplots(1, 2)
    steps = [report.step for report in reports]
    marker = "o" if len(steps) == 1 else None
    left.plot(steps, [r.loss for r in reports], color=FAINT, marker=marker, label="last batch")
    left.plot(steps, [r.validation for r in reports], color=ACCENT, marker=marker, label="held out")
    _name(left, "loss")
    for group, colour in GROUP_STYLES.items():
        values = [getattr(report, group) for report in reports]
        right.plot(steps, values, color=colour, marker=marker, label=group)
    counted = [(r.step, r.edit_accuracy) for r in reports if not math.isnan(r.edit_accuracy)]
    if counted:
        right.plot(*zip(*counted, strict=True), color=INK, ls="--", marker=".", label="edits done")
    right.set_ylim(-0.05, 1.02)
    _name(right, "held-out cosine")
    if title:
        figure.suptitle(title, fontsize=11, color=ACCENT, fontweight="bold", x=0.02, ha="left")
    return figure


def sweep_figure(*seeds: pd.DataFrame, title: str = "What each part contributes") -> Figure:
    """Horizontal bars in the order of the rows, first on top; a table of `sweep` for each seed."""
    mean, reach = mean_over_seeds(seeds)
    measures = {"cosine": "held-out cosine of Δs", "edits": "edits that succeed"}
    if np.isnan(mean["edits"].to_numpy()).all():
        del measures["edits"]
    figure = PictureFigure(figsize=(8.4, 0.9 + 0.32 * len(mean)), layout="constrained")
    axes = figure.subplots(1, len(measures), squeeze=False, sharey=True)[0]
    places = range(len(mean), 0, -1)
    colours = [ACCENT] + ["#9fb3bd"] * (len(mean) - 1)
    for axis, (key, label) in zip(axes, measures.items(), strict=True):
        values = mean[key].to_numpy()
        axis.barh(places, values, color=colours, height=0.7)
        axis.axvline(values[0], color=ACCENT, lw=0.8, ls=":")
        if len(seeds) > 1:
            spread = reach[key].to_numpy()
            axis.errorbar(values, places, xerr=spread, fmt="none", ecolor=INK, capsize=3)
            for rows in seeds:
                axis.plot(rows[key].to_numpy(), places, ".", color=INK, ms=4)
        for place, value in zip(places, values, strict=True):
            text = "not counted" if math.isnan(value) else f"{value:.2f}"
            on_accent = place == len(mean) and value > 0.1  # dark: the number must be light
            axis.text(
                0.02, place, text, va="center", fontsize=8, color="white" if on_accent else INK
            )
        axis.set_xlim(min(0.0, *values), 1.0)
        axis.set_xlabel(label, fontsize=9, color=INK)
        axis.set_yticks(places, mean.index, fontsize=9)
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title, fontsize=11, color=ACCENT, fontweight="bold", x=0.02, ha="left")
    return figure


def success_figure(success: Mapping[str, float]) -> Figure:
    """One bar a mapper: name -> share of edits that succeed, in [0, 1]."""
    figure = PictureFigure(figsize=(6.0, 0.7 + 0.35 * len(success)), layout="constrained")
    axis = figure.subplots()
    bars = axis.barh(list(success), list(success.values()), color=ACCENT, height=0.6)
    axis.bar_label(bars, [f"{value:.0%}" for value in success.values()], padding=3, fontsize=9)
    axis.invert_yaxis()
    axis.set_xlim(0.0, 1.1)
    axis.set_xlabel("edits that succeed", fontsize=9, color=INK)
    axis.spines[["top", "right"]].set_visible(False)
    return figure


def _name(axis: Any, label: str) -> None:
    axis.set_xlabel("step", fontsize=9, color=INK)
    axis.set_ylabel(label, fontsize=9, color=INK)
    axis.tick_params(labelsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    if axis.get_legend_handles_labels()[1]:
        axis.legend(fontsize=8, frameon=False)
