"""The harness itself: what is planted is found, and the cases behind it are still tried."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fuzz.harness import ROOM, fuzz
from benchmarks.fuzz.surfaces import Surface

CASES, PLANTED = 4, 1


def prepare(folder: Path) -> Path:
    """A file that counts the attempts: the first two are none of the cases."""
    return folder / "attempts"


def turn(count: Path) -> int:
    """The number of this case."""
    with count.open("ab") as file:
        file.write(b".")
    return count.stat().st_size - 3


def crash(_dice: random.Random, _folder: Path, count: Path, _mild: bool) -> None:
    """The process ends in one case."""
    if turn(count) == PLANTED:
        os._exit(7)


def hang(_dice: random.Random, _folder: Path, count: Path, _mild: bool) -> None:
    """One case has no end."""
    while turn(count) == PLANTED:
        time.sleep(3600)


def fail(_dice: random.Random, _folder: Path, count: Path, _mild: bool) -> None:
    """One case is a traceback."""
    if turn(count) == PLANTED:
        raise KeyError("planted")


def eat(_dice: random.Random, _folder: Path, count: Path, _mild: bool) -> None:
    """One case wants more memory than there is."""
    if turn(count) == PLANTED:
        np.ones(2 * ROOM, dtype=np.uint8).sum()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("attempt", "outcome"),
    [(crash, "crash"), (hang, "hang"), (fail, "traceback"), (eat, "above 1 GB")],
)
def test_what_is_planted_is_counted_once(attempt, outcome: str) -> None:
    report = fuzz(Surface("planted", prepare, attempt), CASES, patience=10.0)
    assert report.outcomes == {outcome: 1, "right": CASES - 1}
    (fault,) = report.faults
    assert fault.startswith(f"planted case {PLANTED}: {outcome}")
