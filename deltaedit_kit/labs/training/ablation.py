"""What does each part of the recipe contribute? Leave it out, train again, compare.

    no cosine term    L = mean squared error               no L2 term        L = 1 - mean cosine
    no image          M(s1, 0, d)                          one group         only its channels move
    W+                the same network on w+               fixed pairs       each code one partner
    few codes         an entry such as {"400 codes": {"limit": 400}} beside `ABLATIONS`

Idea: an ablation is a config with one entry changed, so whatever differs in the table comes from
that entry or from luck: codes, seed, steps and validation pairs are the same. Luck moves a row by
some hundredths in few steps, so `sweep` once a seed and give all of them to `effects_text`, which
compares rows of equal seed:

    effect = mean over seeds of (row - first row) ± t · deviation / √seeds

Two rows need a second look: the cosine of one group counts that group only; and in W+ a sampled
code repeats one w, of which PixelNorm over the layers leaves only the signs.

Citation: arXiv:2303.06285, section 4.4 and its supplement compare such variants.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from scipy.stats import sem

from deltaedit_kit.codes import Codes, CodeStore
from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.metrics.interval import student_reach
from deltaedit_kit.labs.training.experiment import ExperimentConfig, split_groups
from deltaedit_kit.labs.training.start import CountEdits, train_fast
from deltaedit_kit.support.atomic import replacing
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.train import Report

ABLATIONS: Mapping[str, Mapping[str, Any]] = {
    "nothing left out": {},
    "no cosine term": {"cosine_weight": 0.0},
    "no L2 term": {"l2_weight": 0.0},
    "without i1": {"condition_on_image": False},
    "coarse group only": {"group": "coarse"},
    "medium group only": {"group": "medium"},
    "fine group only": {"group": "fine"},
    "W+ instead of S": {"space": "w_plus"},
    "fixed pairs": {"fixed_pairs": True},
}


@dataclass(frozen=True)
class Row:
    """One line of the table: what was changed, and what came of it."""

    name: str
    changed: str  # entries of the config, "" for none
    codes: int  # that it learned from
    steps: int
    cosine: float  # on held-out pairs, of the channels that were learned
    l2: float
    coarse: float
    medium: float
    fine: float
    edit_accuracy: float  # nan where nobody measured it
    seconds: float


def sweep(
    domain: Domain,
    codes: Codes | CodeStore,
    base: ExperimentConfig,
    changes: Mapping[str, Mapping[str, Any]] = ABLATIONS,
    accuracy_for: Callable[[ExperimentConfig], CountEdits | None] | None = None,
    folder: str | Path | None = None,
    on_row: Callable[[Row], object] | None = None,
) -> list[Row]:
    """Train once for every entry of `changes` (name -> entries of the config), in order.

    `accuracy_for(config)` makes what measures the edits of a run. With a `folder` each run keeps
    its checkpoint there, so a sweep that was stopped goes on. Of several processes the first has
    the rows. Raises as `train_fast` does, and DeltaEditError for an entry that no config has.
    """
    rows = []
    for name, change in changes.items():
        try:
            config = replace(base, **change)
        except TypeError:
            raise DeltaEditError(f"{name!r} changes {sorted(change)}; see the config") from None
        config = replace(config, report_every=config.steps)  # one report: the last
        reports: list[Report] = []
        own = None if folder is None else Path(folder) / name.replace(" ", "-").replace("+", "plus")
        start = perf_counter()
        mapper = train_fast(domain, codes, config, own, reports.append)
        seconds = perf_counter() - start
        if not reports:  # of several processes only the first hears them, and has the table
            continue
        accuracy = accuracy_for(config) if accuracy_for else None
        last = reports[-1]
        rows.append(
            Row(
                name,
                ", ".join(f"{key}={value}" for key, value in change.items()),
                len(split_groups(len(codes), config)[0]),
                config.steps,
                last.validation_cosine,
                last.validation_l2,
                last.coarse,
                last.medium,
                last.fine,
                accuracy(mapper) if accuracy else math.nan,
                seconds,
            )
        )
        if on_row:
            on_row(rows[-1])
    return rows


def table_text(rows: Sequence[Row]) -> str:
    """The rows as a table; edits have a column where they are counted."""
    numbers = ["cosine", "l2", "coarse", "medium", "fine"]
    if not all(math.isnan(row.edit_accuracy) for row in rows):
        numbers.append("edit_accuracy")
    wide = max(len(row.name) for row in rows)
    lines = [f"{'':{wide}s}  codes  steps  " + "  ".join(f"{n:>6.6s}" for n in numbers)]
    for row in rows:
        values = "  ".join(f"{getattr(row, name):6.2f}" for name in numbers)
        lines.append(f"{row.name:{wide}s}  {row.codes:5d}  {row.steps:5d}  {values}")
    return "\n".join(lines)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean of a few runs and the reach of its 95 % interval (Student's t); nan for one run."""
    mean = sum(values) / len(values)
    if len(values) < 2:
        return mean, math.nan
    return mean, student_reach(len(values)) * float(sem(values))


def effects_text(*seeds: Sequence[Row], measure: str = "cosine") -> str:
    """What each row does to `measure`, against the first row of its own seed; a sweep a seed."""
    lines = []
    for number, row in enumerate(seeds[0][1:], 1):
        gaps = [getattr(rows[number], measure) - getattr(rows[0], measure) for rows in seeds]
        mean, reach = interval(gaps)
        low, high = mean - reach, mean + reach
        verdict = "told apart" if low > 0 or high < 0 else "not told apart"
        lines.append(f"{row.name:18s}{mean:+.2f}  [{low:+.2f}, {high:+.2f}]  {verdict}")
    return "\n".join(lines)


def write_csv(rows: Sequence[Row], path: str | Path) -> Path:
    """The rows as a file that every table program reads; OSError where it cannot be written."""
    with replacing(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(Row.__dataclass_fields__)
        writer.writerows([getattr(row, key) for key in Row.__dataclass_fields__] for row in rows)
    return Path(path)
