"""What a summary says, in words that follow its numbers, whoever wins.

    metric: best method value [low, high]; indistinguishable from it: ...; deltaedit: k of n

Two methods are distinguished where their 95 % intervals over sentences do not overlap: a cautious
rule, since both saw the same sentences. PSNR and IDS are won by changing nothing; they are listed
with the success of their winner. FID compares methods with equally many faces only, for it is
higher for fewer.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from deltaedit_kit.labs.compare.table import at_own
from deltaedit_kit.labs.metrics import metric

COLUMNS = ("success", "side_effect", "directional", "ids", "psnr")
OURS = "deltaedit"


def finding(table: pd.DataFrame, name: str, setting: str = "") -> str:
    """One line about a metric of a summary; empty where no method has it."""
    found = at_own(table, name, setting).dropna(subset="value")
    if name.startswith("fid"):  # of fewer faces it is higher by itself
        faces = table.query("metric == 'faces'").set_index(["method", "setting"])["value"]
        most = max(faces, default=0)
        own = [faces.get((r["method"], r["setting"]), most) for r in found.to_dict("records")]
        found = found.loc[[count == most for count in own]]
    falling = metric(name).better == "higher"
    found = found.sort_values("value", ascending=not falling, kind="stable")
    if found.empty:
        return ""
    best = found.iloc[0]
    line = f"{metric(name).label}: {best['method']} {_number(best)}"
    if name in ("ids", "psnr"):
        success = at_own(table, "success", setting).query("method == @best.method")["value"]
        line += f" (its success: {success.iloc[0]:.0%})" if len(success) else ""
    near = found[1:].query("low <= @best.high and high >= @best.low")["method"]
    if len(near):
        line += f"; indistinguishable from it: {', '.join(near)}"
    for place, row in enumerate(found.to_dict("records"), start=1):
        if row["method"] == OURS and place > 1:
            line += f"; {OURS} is {place} of {len(found)} with {_number(row)}"
    return line


def findings(table: pd.DataFrame, setting: str = "") -> list[str]:
    """A line for each metric of a summary; FID with the floor of an unedited set."""
    networks = [name for name in table["metric"].unique() if name.startswith("fid:")]
    lines = [finding(table, name, setting) for name in (*COLUMNS, *networks)]
    if not any(lines):
        return []
    for name in networks:
        floor = table.query("method == 'unedited' and metric == @name")["value"]
        lines += [f"{metric(name).label} of unedited faces: {value:.3g}" for value in floor]
    return [line for line in lines if line]


def _number(row: Any) -> str:
    if math.isnan(row["low"]):
        return f"{row['value']:.3g}"
    return f"{row['value']:.3g} [{row['low']:.3g}, {row['high']:.3g}]"
