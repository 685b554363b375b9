"""Outputs of notebooks are compared with a tolerance of one in the last digit, and no more."""

from __future__ import annotations

import pytest

from tests.printed import Printed, tolerant


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("cosine 0.83 of 4", "cosine 0.84 of 4", True),
        ("[0.005, -0.000]", "[0.006, 0.001]", True),
        ("cosine 0.83", "cosine 0.85", False),
        ("cosine 0.83", "cosine 0.833", False),
        ("cosine 0.83", "margin 0.83", False),
        ("cosine 0.8", "cosine 0.9", False),
        ("3 of 4", "2 of 4", False),
        ("0.83, 0.50", "0.83", False),
    ],
)
def test_one_in_the_last_digit_is_the_same(first: str, second: str, same: bool) -> None:
    assert (Printed(first) == second) is same
    assert (Printed(first) != second) is not same
    assert (Printed(second) == Printed(first)) is same


def test_only_texts_are_compared_like_this() -> None:
    clean = tolerant(lambda output: output)
    assert clean("p = 0.05") == "p = 0.06"
    assert clean({"0.05": 1}) != {"0.06": 1}
