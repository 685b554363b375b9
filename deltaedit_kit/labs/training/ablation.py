"""What does each part of the recipe contribute? Leave it out, train again, compare.

    no cosine term    L = mean squared error               no L2 term        L = 1 - mean cosine
    no image          M(s1, 0, d)                          one group         only its channels move
    W+                the same network on w+               fixed pairs       each code one partner
    few codes         an entry such as {"400 codes": {"limit": 400}} beside `ABLATIONS`

Idea: an ablation is a config with one entry changed, so whatever differs in the table comes from
that entry or from luck: codes, seed, steps and validation pairs are the same. Luck moves a row by
some hundredths in few steps, so `sweep` once a seed and give all of them to `effects`, which
compares rows of equal seed:

    effect = mean over seeds of (row - first row) ± t · deviation / √seeds

Two rows need a second look: the cosine of one group counts that group only; and in W+ a sampled
code repeats one w, of which PixelNorm over the layers leaves only the signs.

Citation: arXiv:2303.06285, section 4.4 and its supplement compare such variants.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from deltaedit_kit.codes import Codes, CodeStore
from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.metrics.interval import student_reach
from deltaedit_kit.labs.training.experiment import ExperimentConfig, split_groups
from deltaedit_kit.labs.training.start import CountEdits, train_fast
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


def sweep(
    domain: Domain,
    codes: Codes | CodeStore,
    base: ExperimentConfig,
    changes: Mapping[str, Mapping[str, Any]] = ABLATIONS,
    accuracy_for: Callable[[ExperimentConfig], CountEdits | None] | None = None,
    folder: str | Path | None = None,
) -> pd.DataFrame:
    """Train once for every entry of `changes` (name -> entries of the config), in order.

    A row a name: the codes that it learned from, steps, and on held-out pairs cosine and l2 of the
    channels that were learned, cosines of the groups, and the share of edits that succeed (nan
    where nobody counts). `accuracy_for(config)` makes what measures the edits of a run. With a
    `folder` each run keeps its checkpoint there, so a sweep that was stopped goes on. Of several
    processes the first has the rows. Raises as `train_fast` does, and DeltaEditError for an entry
    that no config has.
    """
    rows = {}
    for name, change in changes.items():
        try:
            config = replace(base, **change)
        except TypeError:
            raise DeltaEditError(f"{name!r} changes {sorted(change)}; see the config") from None
        config = replace(config, report_every=config.steps)  # one report: the last
        reports: list[Report] = []
        own = None if folder is None else Path(folder) / name.replace(" ", "-").replace("+", "plus")
        mapper = train_fast(domain, codes, config, own, reports.append)
        if not reports:  # of several processes only the first hears them, and has the table
            continue
        accuracy = accuracy_for(config) if accuracy_for else None
        last = reports[-1]
        rows[name] = {
            "codes": len(split_groups(len(codes), config)[0]),
            "steps": config.steps,
            "cosine": last.validation_cosine,
            "l2": last.validation_l2,
            "coarse": last.coarse,
            "medium": last.medium,
            "fine": last.fine,
            "edits": accuracy(mapper) if accuracy else math.nan,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def mean_over_seeds(frames: Sequence[pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mean and reach of its 95 % interval (Student's t; nan for one seed), an entry an entry."""
    entries = pd.concat(list(frames)).groupby(level=0, sort=False)
    return pd.DataFrame(entries.mean()), student_reach(len(frames)) * entries.sem()


def effects(*seeds: pd.DataFrame, measure: str = "cosine") -> pd.DataFrame:
    """What each row does to `measure`, against the first row of its own seed; a sweep a seed.

    Mean change and the ends of its 95 % interval: an interval that holds 0 tells nothing apart.
    """
    mean, reach = mean_over_seeds([rows[[measure]] - rows[measure].iloc[0] for rows in seeds])
    found = pd.DataFrame({"change": mean[measure]}).iloc[1:]
    found["low"], found["high"] = found["change"] - reach[measure], found["change"] + reach[measure]
    return found
