"""Mappers of all spaces and pairs, trained for a few steps and asked for one sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.toyfaces_editing import Sentence
from benchmarks.worlds_mappers import CONFIG, RUNS, crossed, table_of
from deltaedit_kit.toyfaces.attributes import attribute

pytestmark = pytest.mark.slow


def test_every_recipe_is_trained_and_asked() -> None:
    asked = [Sentence(row.prompt, (row,)) for row in [attribute("blue_background")]]
    worlds = {key: domain for key, domain in crossed().items() if key == ("arranged", "plain")}
    config = replace(CONFIG, steps=4, batch=8, warm_up=1, held_out=0.25)
    config = replace(config, report_every=4, save_every=4)
    table = table_of(worlds, 32, config, asked, 2)
    assert table["recipe"].tolist() == [name for name in RUNS for _ in range(2)]
    success, side = (table[table["measure"] == name]["mean"] for name in ("success", "side effect"))
    assert success.between(0, 1).all()
    assert (side > 0).all()  # every recipe moved something
