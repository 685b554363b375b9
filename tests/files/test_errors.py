"""The checks at the doors: what they take, and that a refusal names cause and remedy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from deltaedit_kit.support.errors import (
    DeltaEditError,
    check_finite,
    check_pictures,
    check_unit_rows,
)

GOOD = torch.linspace(-1, 1, 2 * 3 * 4 * 4).view(2, 3, 4, 4)


@pytest.mark.parametrize("good", [GOOD, GOOD.half(), GOOD[:0], GOOD * 1.0005, GOOD.abs()])
def test_pictures_pass_unchanged(good: torch.Tensor) -> None:
    assert check_pictures("pictures", good) is good


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (GOOD.numpy(), "ndarray"),
        (GOOD[0], "[None]"),
        (GOOD.byte(), "uint8"),
        ((GOOD + 1) * 127.5, "127.5"),
        (GOOD * 1.02, "clamp"),
        (GOOD * 127.5, "x / 127.5,"),
        (GOOD.where(GOOD < 0.9, math.nan), "NaN"),
        (GOOD.where(GOOD < 0.9, math.inf), "NaN"),
        (GOOD[..., :0], "shape"),
        (GOOD.movedim(1, 3), "[n, 3, h, w]"),
        (None, "tensor"),
    ],
)
def test_what_is_no_picture_is_refused(wrong: object, word: str) -> None:
    with pytest.raises(DeltaEditError, match=r"faces .*;") as caught:
        check_pictures("faces", wrong)
    assert word in str(caught.value)


def test_a_generators_own_pictures_may_pass_the_range_but_bytes_may_not() -> None:
    assert check_pictures("pictures", GOOD * 1.6, limited=False) is not None
    for wrong in ((GOOD + 1) * 127.5, GOOD * math.nan):
        with pytest.raises(DeltaEditError):
            check_pictures("pictures", wrong, limited=False)


def test_unit_rows() -> None:
    unit = torch.nn.functional.normalize(torch.randn(5, 8, generator=torch.Generator()), dim=1)
    assert check_unit_rows("clip", unit) is unit
    assert len(check_unit_rows("clip", unit.half())) == 5
    assert len(check_unit_rows("clip", unit[:0])) == 0
    for wrong in (unit * 2, unit[0], unit * math.nan, unit.long(), unit.numpy(), unit * 0):
        with pytest.raises(DeltaEditError, match="clip"):
            check_unit_rows("clip", wrong)


@pytest.mark.parametrize("wrong", [np.ones(3), torch.ones(3).long(), torch.tensor(math.inf), 1.0])
def test_finite_tensor(wrong: object) -> None:
    assert check_finite("s", torch.ones(0)).numel() == 0
    with pytest.raises(DeltaEditError, match="s "):
        check_finite("s", wrong)


@pytest.mark.parametrize("cause", ["x" * 5000, "many words " * 300, "a; b; " * 400])
def test_a_message_stays_a_line_and_keeps_its_remedy(cause: str) -> None:
    line = str(DeltaEditError(f"cannot read {cause}; give another file"))
    assert len(line) <= 600
    assert line.startswith("cannot read")
    assert line.endswith("; give another file")
    assert len(str(DeltaEditError("no remedy " * 200))) <= 600
    assert len(str(DeltaEditError("cause; " + "remedy " * 200))) <= 600
