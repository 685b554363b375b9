"""The measures of the paper's features, recorded: the evidence for those who have no features.

    recorded_measures("celeba")   the table that with_controls(raw, the authors' differences) gave

The features have no licence and are not shipped; numbers measured on them are. The file says when
and how they were measured; where the features are, a test measures them again.

Source of the features: the public DeltaEdit repository, folder tSNE; see `clouds.paper`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

from deltaedit_kit.labs.delta_space.alignment import AlignmentTable, Measure
from deltaedit_kit.labs.delta_space.clouds.paper import Data
from deltaedit_kit.support.errors import DeltaEditError

FILE = Path(__file__).with_name("recorded.json")


def recorded_measures(data: Data = "celeba") -> AlignmentTable:
    """Raw, its controls, the authors' differences and these shuffled; 1,500 pairs.

    Raises DeltaEditError for data that nobody released.
    """
    if data not in get_args(Data):
        raise DeltaEditError(f"nothing is recorded for {data!r}; use 'celeba' or 'cocoval'")
    columns = json.loads(FILE.read_text(encoding="utf-8"))["measures"][data]
    return AlignmentTable(
        {
            title: {name: Measure(name, **rest) for name, rest in found.items()}
            for title, found in columns.items()
        }
    )


def recorded_on() -> str:
    """The day of the measurement, such as "2026-11-29"."""
    return json.loads(FILE.read_text(encoding="utf-8"))["measured on"]
