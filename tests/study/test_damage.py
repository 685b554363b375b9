"""Study files with flipped bits, cut, or overwritten: right, or one line."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.study.creation import create_study
from deltaedit_kit.labs.study.design import Design
from deltaedit_kit.labs.study.raters import Raters, answer_study
from deltaedit_kit.labs.study.report import report
from deltaedit_kit.labs.study.screen import screen_for
from deltaedit_kit.labs.study.store import StudyStore
from tests.study.cases import fake_items

TRIALS = 150
DESIGN = Design(participants=6, rounds=4, checks=1)


def damaged(data: bytes, chance: random.Random) -> bytes:
    """One of the things that happen to files."""
    spoilt, kind = bytearray(data), chance.randrange(4)
    if kind == 0:
        return data[: chance.randrange(len(data))]
    if kind == 1:
        for _ in range(chance.randrange(1, 20)):
            spoilt[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif kind == 2:
        place, count = chance.randrange(len(data)), chance.randrange(1, 200)
        spoilt[place : place + count] = chance.randbytes(count)
    else:  # where there is text
        letters = [place for place, byte in enumerate(data) if 32 <= byte < 127]
        for place in chance.sample(letters, 5):
            spoilt[place] = chance.randrange(256)
    return bytes(spoilt)


def read(path: Path) -> None:
    """Everything that is done with a study."""
    store = StudyStore(path)
    try:
        screen_for(store, "simulated-0001")
        store.progress()
        str(report(store.answers()))
    finally:
        store.close()


@pytest.mark.slow
def test_any_damage_is_one_line_or_no_damage(tmp_path: Path) -> None:
    store = create_study(tmp_path / "whole.sqlite", fake_items(4), DESIGN, simulated=True)
    answer_study(store, dict.fromkeys(DESIGN.questions, np.zeros(4)), Raters(), seed=0)
    store.close()
    read(store.path)
    data, messages = store.path.read_bytes(), []
    for seed in range(TRIALS):
        path = tmp_path / f"{seed}.sqlite"
        path.write_bytes(damaged(data, random.Random(seed)))
        try:
            read(path)
        except DeltaEditError as error:
            messages.append(str(error))
    assert len(messages) > TRIALS / 4
    assert max(map(len, messages)) <= 600
