"""The result of a user study as a figure: who is preferred, how surely, and by how many people.

Idea: one bar a question, split where the answers split; the interval over participants sits on the
split, a dot for each participant below it, and the line of no preference crosses everything. A
simulated study is stamped so that the stamp cannot be cropped away without cutting the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from deltaedit_kit.support.pictures import ACCENT, FAINT, INK, PictureFigure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from deltaedit_kit.labs.study.report import Report

TITLES = {"accuracy": "manipulation accuracy", "realism": "visual realism"}
OTHER = "#d9a441"  # beside ACCENT it stays apart for every kind of colour vision, and in grey
WIDE, ROW, ABOVE, BELOW = 8.6, 1.3, 0.6, 0.9  # inches: figure, a question, title, axis and note
BAR, DOTS = 0.34, 0.19  # heights, where a question is 1 high


def study_figure(report: Report) -> Figure:
    """A row for each question and pair of methods; shows itself in a notebook, `.savefig(path)`."""
    count = len(report.table)
    high = ABOVE + BELOW + ROW * count
    figure = PictureFigure(figsize=(WIDE, high))
    axis = figure.add_axes((0.04, BELOW / high, 0.92, ROW * count / high))
    rows = report.table.to_dict("records")
    for base, row, counts in zip(range(count)[::-1], rows, report.tallies, strict=True):
        _question(axis, row, counts.mean(axis=1).to_numpy(), base)
    if report.simulated:
        # Behind the dots and across the bars, as a part of the picture.
        axis.text(
            0.5,
            0.5,
            "SIMULATED",
            transform=axis.transAxes,
            ha="center",
            va="center",
            fontsize=52,
            fontweight="bold",
            color=INK,
            alpha=0.13,
            rotation=12,
            zorder=4,
        )
    axis.axvline(0.5, color=INK, linewidth=0.9, linestyle=(0, (3, 3)), zorder=3)
    axis.set_xlim(0, 1)
    axis.set_ylim(-0.42, count - 0.52)
    axis.set_yticks([])
    axis.set_xticks(np.linspace(0, 1, 5), ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axis.tick_params(colors=FAINT, labelsize=8.5, length=3)
    axis.spines[["left", "right", "top"]].set_visible(False)
    axis.spines["bottom"].set_color(FAINT)
    _words(figure, report, high)
    return figure


def _question(axis: Any, row: dict[Any, Any], shares: NDArray[np.float64], base: float) -> None:
    """The bar of a row of the table around height `base`; below it a dot for each share [P]."""
    share = row["share"]
    axis.barh(base, share, BAR, color=ACCENT, zorder=1)
    axis.barh(base, 1 - share, BAR, left=share, color=OTHER, zorder=1)
    axis.errorbar(
        share,
        base,
        xerr=[[max(0.0, share - row["low"])], [max(0.0, row["high"] - share)]],
        color=INK,
        capsize=5,
        linewidth=1.6,
        zorder=5,
    )
    name = TITLES.get(row["question"], row["question"])
    top = base + BAR / 2 + 0.06
    style: dict[str, Any] = {"fontsize": 10, "va": "bottom", "parse_math": False, "color": INK}
    # A white box keeps the line of no preference (zorder 3) out of the words; the stamp (4) of a
    # simulated study lies over the box.
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 2}
    axis.text(0.5, top, name, ha="center", fontweight="bold", bbox=behind, zorder=3.5, **style)
    axis.text(0.0, top, f"{row['preferred']}  {share:.0%}", ha="left", **style)
    axis.text(1.0, top, f"{1 - share:.0%}  {row['over']}", ha="right", **style)
    # People with the same share are stacked, so that each one is seen.
    for value, count in zip(*np.unique(shares.round(6), return_counts=True), strict=True):
        heights = base - BAR / 2 - 0.06 - DOTS * np.arange(count) / max(count, 8)
        axis.plot(
            np.full(count, value), heights, "o", markersize=3, color=INK, alpha=0.65, zorder=2
        )


def _words(figure: Figure, report: Report, high: float) -> None:
    """Title above; below it what the symbols mean, in the numbers of this study."""
    who = report.counted
    answers = report.tallies[0].count().sum()
    drawn = "participants" if report.over == "participants" else "participants and pairs"
    kind = "Simulated study, no person was asked: " if report.simulated else ""
    style: dict[str, Any] = {"x": 0.04, "ha": "left", "parse_math": False}
    figure.text(
        y=1 - 0.16 / high,
        s=f"{kind}What people prefer, by question",
        va="top",
        fontsize=12.5,
        fontweight="bold",
        color=ACCENT,
        **style,
    )
    people = zip(report.table["question"], report.table["p people"], strict=True)
    tests = "; ".join(f"{question} p = {p:.2g}" for question, p in people)
    note = (
        f"{len(who.participants)} participants, {answers} answers a question; whisker: "
        f"95% bootstrap interval over {drawn}; a dot is one participant.\n"
        f"Exact sign test over participants: {tests}.  Left out: {len(who.inattentive)} failed "
        f"the attention checks, {len(who.unfinished)} did not finish."
    )
    figure.text(y=0.12 / high, s=note, va="bottom", fontsize=8, color=FAINT, **style)
