"""A row of a comparison's table, and tables as CSV files: one number a row, with its interval."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from deltaedit_kit.atomic import replacing
from deltaedit_kit.errors import DeltaEditError

ALL = "*"  # in the place of a sentence: over all of them


@dataclass(frozen=True)
class Row:
    """One number; empty metric and nan value where a run failed."""

    method: str
    setting: str
    strength: float
    sentence: str
    metric: str
    value: float
    low: float
    high: float
    n: int
    status: str = "ok"
    reason: str = ""


def write_rows(rows: Iterable[Row], path: Path) -> None:
    """Rows as CSV with a header; numbers with five digits."""
    with replacing(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            plain = asdict(row)
            numbers = {name: f"{plain[name]:.5g}" for name in ("value", "low", "high", "strength")}
            writer.writerow(plain | numbers)


def read_rows(path: str | Path) -> list[Row]:
    """The rows of such a file. DeltaEditError if it is not one."""
    try:
        with Path(path).open(newline="", encoding="utf-8") as file:
            table = csv.DictReader(file)
            if table.fieldnames != [field.name for field in fields(Row)]:
                raise ValueError("its columns are others")
            return [
                Row(
                    **{
                        **row,
                        **{k: float(row[k]) for k in ("strength", "value", "low", "high")},
                        "n": int(row["n"]),
                    }
                )
                for row in table
            ]
    except (OSError, KeyError, TypeError, ValueError) as cause:
        raise DeltaEditError(f"{path} is no table of a comparison: {cause}") from cause
