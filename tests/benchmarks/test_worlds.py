"""The questions to a world, asked of toyfaces in miniature: what was arranged there shows."""

from __future__ import annotations

import pytest
import torch

from benchmarks.toyfaces_editing import Sentence
from benchmarks.worlds import Pool, clip_rows, readout_rows
from deltaedit_kit import Editor
from deltaedit_kit.domain import Domain
from deltaedit_kit.toyfaces.attributes import attribute

pytestmark = pytest.mark.slow

ASKED = [attribute(name) for name in ("glasses", "no_glasses", "smile", "long_hair")]


def test_differences_of_texts_point_along_their_own_pictures(toyfaces: Domain) -> None:
    rows = {what: values for _, what, _, values in clip_rows(toyfaces, ASKED, portraits=8)}
    assert rows["cos(Δt, Δi)"].shape == (4,)
    assert rows["cos(Δt, Δi)"].min() > 0.8
    assert rows["own above stray"].tolist() == [1, 1, 1, 1]
    assert rows["stray"].max() < 0.3  # the other end of the same factor is no stray


def test_factors_are_read_off_w_better_than_chance(toyfaces: Domain) -> None:
    rows = {(at, what): values for _, what, at, values in readout_rows(toyfaces, pictures=60)}
    assert {at for at, _ in rows} == {"z", "w", "s"}
    r2 = rows["w", "informativeness (R²)"]
    assert r2.shape == (len(toyfaces.factors),)
    assert r2.mean() > 0.4
    assert all(0 <= float(v) <= 1 for (_, what), v in rows.items() if what == "disentanglement")


def test_a_gate_that_nothing_passes_changes_nothing(toyfaces: Domain) -> None:
    pool = Pool(toyfaces, [Sentence(row.prompt, (row,)) for row in ASKED[:1]], faces=4)
    success, side = pool.measure(Editor(toyfaces), threshold=10.0)
    torch.testing.assert_close(torch.stack([success, side]), torch.zeros(2, 1))
    success, side = pool.measure(Editor(toyfaces))
    assert success.item() == 1
    assert 0 < side.item() < 0.1
