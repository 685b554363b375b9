"""What a summary says, in words that follow its numbers, whoever wins.

    metric: best method value [low, high]; indistinguishable from it: ...; deltaedit: k of n

Two methods are distinguished where their 95 % intervals over sentences do not overlap: a cautious
rule, since both saw the same sentences. The seed's columns, PSNR and IDS, are won by changing
nothing; they are listed with the success of their winner. FID compares methods with equally many
faces only, for it is higher for fewer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from deltaedit_kit.labs.compare.results import own_setting
from deltaedit_kit.labs.compare.rows import Row
from deltaedit_kit.labs.metrics import metric

COLUMNS = ("success", "side_effect", "directional", "ids", "psnr")
TIMES = ("seconds.training", "seconds.edit")
HEADS = {  # of columns whose names do not fit above a number
    "side_effect": "side",
    "directional": "direct.",
    "seconds.training": "train s",
    "seconds.edit": "edit s",
}
OURS = "deltaedit"


def at_own(rows: Sequence[Row], name: str, setting: str = "") -> list[Row]:
    """The rows of a metric at each method's own strength: untuned, or those of `setting`."""
    pairs = [(row.method, row.setting) for row in rows]
    return [
        row
        for row in rows
        if (row.metric, row.strength) == (name, 1.0)
        and row.setting == (setting or own_setting(pairs, row.method))
    ]


def finding(rows: Sequence[Row], name: str, setting: str = "") -> str:
    """One line about a metric; empty where no method has it."""
    higher = metric(name).better == "higher"
    found = [row for row in at_own(rows, name, setting) if not math.isnan(row.value)]
    if name.startswith("fid"):  # of fewer faces it is higher by itself
        faces = {(row.method, row.setting): row.value for row in rows if row.metric == "faces"}
        most = max(faces.values(), default=0)
        found = [row for row in found if faces.get((row.method, row.setting), most) == most]
    found.sort(key=lambda row: row.value, reverse=higher)
    if not found:
        return ""
    best = found[0]
    near = [row.method for row in found[1:] if row.low <= best.high and row.high >= best.low]
    line = f"{metric(name).label}: {best.method} {_number(best)}"
    if near:
        line += f"; indistinguishable from it: {', '.join(near)}"
    for place, row in enumerate(found[1:], start=2):
        if row.method == OURS:
            line += f"; {OURS} is {place} of {len(found)} with {_number(row)}"
    if name in ("ids", "psnr"):
        success = [row for row in at_own(rows, "success", setting) if row.method == best.method]
        line += f" (its success: {success[0].value:.0%})" if success else ""
    return line


def findings(rows: Sequence[Row], setting: str = "") -> list[str]:
    """A line for each metric of the summary's rows; FID with the floor of an unedited set."""
    networks = dict.fromkeys(row.metric for row in rows if row.metric.startswith("fid:"))
    lines = [finding(rows, name, setting) for name in (*COLUMNS, *networks)]
    if not any(lines):
        return []
    for name in networks:
        floor = [row for row in rows if (row.method, row.metric) == ("unedited", name)]
        lines += [f"{metric(name).label} of unedited faces: {row.value:.3g}" for row in floor]
    return [line for line in lines if line]


def summary_text(rows: Sequence[Row]) -> str:
    """The summary at each method's own strength, one line for a method and a setting.

    Narrow enough for a notebook; what network an FID looks with stands below the table.
    """
    rows = [row for row in rows if row.strength == 1.0]
    networks = sorted({row.metric for row in rows if row.metric.startswith("fid:")})
    columns = ["faces", *COLUMNS, *networks, *TIMES]
    heads = [HEADS.get(c, "fid" if c in networks else c) for c in columns]
    lines = [f"{'method':23s}{'setting':8s}" + "".join(f"{head:>8s}" for head in heads)]
    for method, setting in dict.fromkeys((row.method, row.setting) for row in rows):
        own = {r.metric: r for r in rows if (r.method, r.setting) == (method, setting)}
        numbers = "".join(f"{own[c].value:8.3g}" if c in own else f"{'-':>8s}" for c in columns)
        failed = f"  {own[''].reason}" if "" in own else ""
        lines.append(f"{method:23s}{setting:8s}{numbers}{failed}")
    return "\n".join([*lines, *(f"fid: {network.removeprefix('fid:')}" for network in networks)])


def _number(row: Row) -> str:
    if math.isnan(row.low):
        return f"{row.value:.3g}"
    return f"{row.value:.3g} [{row.low:.3g}, {row.high:.3g}]"
