"""From runs to tables: one number a row, with its interval.

    table.csv     a row for each method, setting, strength, sentence, metric; interval over faces
    summary.csv   the same over all sentences; interval over sentences, for they differ most

A failed run is one row with its reason. FID exists in the summary only: one sentence has too few
pictures. Times are rows as well: seconds.training and seconds.preparation for each sentence,
seconds.edit for each picture, as `baselines.method.now` counts them; seconds.run (wall time) and
seconds.processor for all that a run took.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from deltaedit_kit.labs.compare.baselines import METHODS
from deltaedit_kit.labs.compare.files import (
    CLAIM,
    INDEX,
    UNEDITED,
    Claim,
    bounded_file,
    read_index,
    read_json,
    read_moments,
    unedited_file,
)
from deltaedit_kit.labs.compare.runs import Run, load
from deltaedit_kit.labs.compare.table import ALL, own_setting, table_of, write_table
from deltaedit_kit.labs.metrics.frechet import Moments, frechet_interval, frechet_of_moments
from deltaedit_kit.labs.metrics.interval import FewSamples, mean_interval, share_interval
from deltaedit_kit.support.atomic import check_path
from deltaedit_kit.support.errors import DeltaEditError


class Results:
    """A comparison's folder, read. Raises DeltaEditError where there is none."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = check_path(folder)
        if not (self.folder / INDEX).exists():
            raise DeltaEditError(
                f"{folder} contains no comparison; make one with: deltaedit evaluate toyfaces "
                f"--quick --out {folder}"
            )
        self._index = read_index(self.folder)

    @cached_property
    def runs(self) -> list[tuple[str, Run]]:
        """(setting, run) for every run that was computed, methods in the kit's order.

        Terminals that share a comparison finish in any order; a table should not show it.
        """
        runs = self.folder / "runs"
        found = [(setting, load(runs, key)) for (_, setting, _), key in self._index.items()]
        known = [(setting, run) for setting, run in found if run is not None]
        place = {name: k for k, name in enumerate(METHODS)}
        return sorted(known, key=lambda pair: place.get(pair[1].method, len(place)))

    @cached_property
    def claim(self) -> Claim | None:
        """What the numbers belong to: domain, faces, precision; None where it is not there."""
        path = self.folder / CLAIM
        return read_json(path, Claim) if path.exists() else None

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row for each sentence and metric."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FewSamples)  # n stands in every row
            return table_of(row for setting, run in self.runs for row in _rows_of(setting, run))

    @cached_property
    def summary(self) -> pd.DataFrame:
        """A row for each method and metric over all sentences, and the floors of FID."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FewSamples)
            return table_of([*self._means(), *self._frechet(), *self._faces()])

    def _means(self) -> Iterator[dict[str, Any]]:
        """Each metric over sentences; a row that says why, where runs failed."""
        keys = ["method", "setting", "strength", "metric"]
        for _, some in self.table.groupby(keys, sort=False):
            row: dict[str, Any] = {name: some[name].iloc[0] for name in keys} | {"sentence": ALL}
            if row["metric"] == "":
                first = some["reason"].iloc[0]
                text = f"{len(some)} sentences failed, the first: {first}"
                yield row | {"n": len(some), "status": "failed", "reason": text}
                continue
            known = some["value"].dropna()
            if len(known):
                found = mean_interval(torch.from_numpy(known.to_numpy(copy=True)), row["metric"])
                yield row | found._asdict()

    def _faces(self) -> Iterator[dict[str, Any]]:
        """How many faces the numbers of a method come from: a row, so that files tell it too."""
        counts = {(run.method, setting): run.faces for setting, run in self.runs}
        for (method, setting), count in counts.items():
            sentences = sum((run.method, s) == (method, setting) for s, run in self.runs)
            where = {"method": method, "setting": setting, "strength": 1.0, "sentence": ALL}
            yield where | {"metric": "faces", "value": count, "n": sentences}

    def _frechet(self) -> Iterator[dict[str, Any]]:
        """FID of every method at every strength, pooled over sentences."""
        known: dict[tuple[str, str], Moments] = {}
        if self.claim is not None:
            known = read_moments(unedited_file(self.folder, self.claim.origin), UNEDITED)
        pools: dict[tuple[str, str, float, str], list[Moments]] = {}
        for setting, run in self.runs:
            for strength, networks in run.moments.items():
                for network, moments in networks.items():
                    key = (run.method, setting, strength, network)
                    pools.setdefault(key, []).append(moments)
        for (method, setting, strength, network), groups in pools.items():
            if ("reference", network) not in known:
                continue  # computed for other weights
            where = {"method": method, "setting": setting, "strength": strength, "sentence": ALL}
            value = frechet_interval(groups, known["reference", network])
            yield where | {"metric": f"fid:{network}"} | value._asdict()
        where = {"method": "unedited", "setting": "floor", "strength": 1.0, "sentence": ALL}
        for (kind, network), moments in known.items():
            if kind == "unedited":
                value = frechet_of_moments(moments, known["reference", network])
                yield where | {"metric": f"fid:{network}", "value": value, "n": moments.n}

    def own_setting(self, method: str) -> str:
        """ "default", or "short" for a method of which only that was computed."""
        pairs = [(run.method, setting) for setting, run in self.runs]
        return own_setting(pd.DataFrame(pairs, columns=["method", "setting"]), method)

    def run(self, method: str, sentence: str, setting: str) -> Run | None:
        """The run of these three, None where it was not computed."""
        wanted = (method, sentence, setting)
        found = (run for s, run in self.runs if (run.method, run.prompt.text, s) == wanted)
        return next(found, None)

    @property
    def before(self) -> list[np.ndarray]:
        """The first faces before any edit, uint8 [H, W, 3]."""
        return read_sheet(self.folder / "before.png", 1)[0]

    def pictures(
        self, method: str, sentence: str, setting: str | None = None, strength: float = 1.0
    ) -> list[np.ndarray] | str:
        """The first faces after the edit, uint8 [H, W, 3]; the reason if the run failed.

        `setting` None is `own_setting`. Raises DeltaEditError where there is no such run or
        strength.
        """
        setting = self.own_setting(method) if setting is None else setting
        run = self.run(method, sentence, setting)
        if run is not None and run.status != "ok":
            return run.reason
        if run is not None and strength in run.strengths:
            sheet = read_sheet(self.folder / "runs" / f"{run.key}.png", len(run.strengths))
            return sheet[run.strengths.index(strength)]
        raise DeltaEditError(
            f"{self.folder} has no pictures of {method!r} with {sentence[:60]!r} "
            f"({setting}, strength {strength:g})"
        )

    def write(self) -> None:
        """Write both tables, whole or not at all."""
        write_table(self.table, self.folder / "table.csv")
        write_table(self.summary, self.folder / "summary.csv")


def read_sheet(path: Path, rows: int) -> list[list[np.ndarray]]:
    """Square pictures of a sheet of `rows` rows. DeltaEditError if it cannot be read."""
    from PIL import Image

    try:
        with Image.open(bounded_file(path), formats=["PNG"]) as image:
            if image.height % rows or image.width % (image.height // rows):
                raise ValueError(f"{image.width} x {image.height} pixels are not {rows} rows")
            sheet = np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as cause:
        raise DeltaEditError(f"cannot read pictures from {path}: {cause}") from cause
    lines = np.split(sheet, rows, axis=0)
    return [np.split(line, line.shape[1] // line.shape[0], axis=1) for line in lines]


def _rows_of(setting: str, run: Run) -> Iterator[dict[str, Any]]:
    where = {"method": run.method, "setting": setting, "strength": 1.0, "sentence": run.prompt.text}
    if run.status != "ok":
        yield where | {"metric": "", "n": run.faces, "status": run.status, "reason": run.reason}
        return
    for strength, metrics in run.values.items():
        for name, numbers in metrics.items():
            values = torch.tensor(numbers, dtype=torch.float64)
            values = values[~values.isnan()]
            if len(values):
                yes_or_no = name == "success"
                found = share_interval(values) if yes_or_no else mean_interval(values, name)
                yield where | {"strength": strength, "metric": name} | found._asdict()
    for part, seconds in run.seconds.items():
        yield where | {"metric": f"seconds.{part}", "value": seconds, "n": run.faces}
