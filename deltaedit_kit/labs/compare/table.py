"""The tables of a comparison: a pandas row for each number, with its interval, and CSV files.

    method, setting, strength, sentence, metric, value, low, high, n, status, reason

Idea: one number a row needs no second format for whatever is asked next; `summary_table` turns the
rows into what people read. A run that failed has one row: no metric, a NaN, and its reason.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from deltaedit_kit.support.atomic import check_regular_file, replacing
from deltaedit_kit.support.errors import DeltaEditError

MISSING = "–"  # in a table for readers
ALL = "*"  # in the place of a sentence: over all of them
NUMBERS = ("strength", "value", "low", "high")
TYPES = {
    "method": "str",
    "setting": "str",
    "strength": "float64",
    "sentence": "str",
    "metric": "str",
    "value": "float64",
    "low": "float64",
    "high": "float64",
    "n": "int64",
    "status": "str",
    "reason": "str",
}
SHOWN = {  # metric -> its column for readers
    "faces": "faces",
    "success": "success",
    "side_effect": "side effect",
    "directional": "directional",
    "ids": "IDS",
    "psnr": "PSNR",
    "seconds.training": "training s",
    "seconds.edit": "edit s",
}


def table_of(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a table with the columns of `TYPES`; status "ok" and no reason where not given."""
    whole = [{"status": "ok", "reason": ""} | row for row in rows]
    return pd.DataFrame(whole, columns=list(TYPES)).astype(TYPES)


def own_setting(table: pd.DataFrame, method: str) -> str:
    """The setting that stands for a method: "default", or "short" where only that was computed."""
    names = set(table.loc[table["method"] == method, "setting"])
    return "short" if "short" in names and "default" not in names else "default"


def at_own(table: pd.DataFrame, metric: str, setting: str = "") -> pd.DataFrame:
    """The rows of a metric at each method's own strength: as it comes, or those of `setting`."""
    wanted = [setting or own_setting(table, method) for method in table["method"]]
    return table.loc[
        (table["metric"] == metric) & (table["strength"] == 1.0) & (table["setting"] == wanted)
    ]


def summary_table(table: pd.DataFrame) -> pd.DataFrame:
    """A summary at each method's own strength for readers: a row for each method and setting.

    Cells are texts: numbers with three digits, and "–" for what was not measured, such as the
    success of unedited faces. To compute, use `table`. The network of an FID is part of its
    column's name; where a method failed, the column `failed` says why.
    """
    own = table.loc[table["strength"] == 1.0]
    networks = sorted({name for name in own["metric"] if name.startswith("fid:")})
    wide = own.pivot(index=["method", "setting"], columns="metric", values="value")
    order = list(dict.fromkeys(zip(own["method"], own["setting"], strict=True)))
    shown = list(SHOWN)[:-2] + networks + list(SHOWN)[-2:]
    wide = wide.reindex(index=order, columns=shown).rename(columns=SHOWN)
    wide = wide.apply(lambda column: column.map(_count if column.name == "faces" else _digits))
    failed = own.query("metric == ''").set_index(["method", "setting"])["reason"]
    if len(failed):
        wide["failed"] = failed.reindex(wide.index).fillna("")
    return wide.rename_axis(columns=None)


def _count(value: float) -> str:
    return MISSING if math.isnan(value) else f"{value:.0f}"


def _digits(value: float) -> str:
    """Three digits, from 1000 on whole: "0.0191", "29.0", "1234"."""
    if math.isnan(value):
        return MISSING
    return f"{value:#.3g}".rstrip(".") if abs(value) < 999.5 else f"{value:.0f}"


def write_table(table: pd.DataFrame, path: Path) -> None:
    """The rows as a CSV file, numbers with five digits; it appears whole or not at all."""
    with replacing(path) as beside:
        table.to_csv(beside, index=False, float_format="%.5g", na_rep="nan", lineterminator="\n")


def read_table(path: str | Path) -> pd.DataFrame:
    """The rows of such a file. DeltaEditError if it is not one."""
    try:
        table = pd.read_csv(  # pyright: ignore[reportCallIssue]
            check_regular_file(path),
            dtype=TYPES,  # pyright: ignore[reportArgumentType]
            keep_default_na=False,  # a sentence may read "None"
            na_values={name: ["nan"] for name in NUMBERS},
            encoding="utf-8",
        )
        if list(table.columns) != list(TYPES):
            raise ValueError("it has other columns")
    except (OSError, ValueError, OverflowError) as cause:  # pandas' own errors are ValueErrors
        raise DeltaEditError(f"{path} is not the table of a comparison: {cause}") from cause
    return table
