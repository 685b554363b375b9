"""Spoilt inputs of every kind end right or with one line: no traceback, crash, hang, gigabyte."""

from __future__ import annotations

import random

import pytest

from benchmarks.fuzz.damage import spoil_bytes, spoil_text, spoil_tree
from benchmarks.fuzz.harness import fuzz
from benchmarks.fuzz.surfaces import SURFACES

CASES = 200  # thousands: python -m benchmarks.fuzz --cases 1000


@pytest.mark.slow
@pytest.mark.parametrize("surface", SURFACES)
def test_every_case_is_right_or_one_line(surface: str) -> None:
    report = fuzz(surface, CASES)
    assert report.outcomes.total() == CASES
    assert not report.faults, "\n".join(report.faults)
    assert report.outcomes["one line"] > CASES / 8  # the generator does spoil
    assert report.outcomes["right"] > CASES / 8  # else the code after the checks never runs


def test_a_case_is_decided_by_its_number() -> None:
    for spoil, good in (
        (spoil_bytes, b"abc" * 99),
        (spoil_text, "a,b\n" * 9),
        (spoil_tree, {"a": [1]}),
    ):
        assert repr(spoil(random.Random(3), good)) == repr(spoil(random.Random(3), good))
