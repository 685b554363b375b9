"""What a cell printed, compared as a reader would: decimals may differ by one in their last digit.

    "cosine 0.83" = "cosine 0.84"      "cosine 0.83" ≠ "cosine 0.85"      "2 of 4" ≠ "3 of 4"

Processors round differently, and what lies near the middle between two digits is printed as either.
nbval compares texts for equality; its cells hand them out as `Printed` (conftest.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable

DECIMAL = re.compile(r"[-+]?\d+\.\d{2,}")  # two digits or more: one digit is chosen to be the same


class Printed(str):
    """A text that equals another one up to the last digits of its decimals."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and alike(str(self), str(other))

    def __ne__(self, other: object) -> bool:
        return not self == other


def alike(first: str, second: str) -> bool:
    """Whether two texts differ by no more than one in the last digit of each decimal."""
    if DECIMAL.split(first) != DECIMAL.split(second):
        return False
    pairs = zip(DECIMAL.findall(first), DECIMAL.findall(second), strict=True)
    return all(_near(one, other) for one, other in pairs)


def tolerant(sanitize: Callable[[object], object]) -> Callable[[object], object]:
    """A sanitizer of nbval whose texts are compared like this."""

    def clean(output: object) -> object:
        found = sanitize(output)
        return Printed(found) if isinstance(found, str) else found

    return clean


def _near(first: str, second: str) -> bool:
    digits = [len(number.partition(".")[2]) for number in (first, second)]
    unit = 10.0 ** -digits[0]
    return digits[0] == digits[1] and round(abs(float(first) - float(second)) / unit) <= 1
