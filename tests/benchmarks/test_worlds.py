"""The questions to a world, asked of toyfaces in miniature: what was arranged there shows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch

from benchmarks.toyfaces_editing import Sentence
from benchmarks.worlds import Pool, clip_rows, readout_rows, write_rows
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
    assert rows["cos above .5"].tolist() == (rows["cos(Δt, Δi)"] > 0.5).tolist()
    assert rows["stray"].max() < 0.3  # the other end of the same factor is no stray


def test_factors_are_read_off_w_better_than_chance(toyfaces: Domain) -> None:
    rows = {(at, what): values for _, what, at, values in readout_rows(toyfaces, pictures=60)}
    assert {at for at, _ in rows} == {"z", "w", "s"}
    r2 = rows["w", "informativeness (R²)"]
    assert r2.shape == (len(toyfaces.factors),)
    assert r2.mean() > 0.4
    assert all(0 <= float(v) <= 1 for (_, what), v in rows.items() if what == "disentanglement")


def test_a_relevance_mask_that_keeps_no_channel_changes_nothing(toyfaces: Domain) -> None:
    pool = Pool(toyfaces, [Sentence(row.prompt, (row,)) for row in ASKED[:1]], faces=4)
    editor = Editor(toyfaces)
    success, side = pool.measure(lambda f, text: editor.edit(f, text, threshold=10.0).after)
    torch.testing.assert_close(torch.stack([success, side]), torch.zeros(2, 1))
    success, side = pool.measure(lambda faces, text: editor.edit(faces, text).after)
    assert success.item() == 1
    assert 0 < side.item() < 0.1


def test_rows_that_were_not_measured_again_stay(tmp_path: Path) -> None:
    columns = pd.Index(["world", "part", "at", "mean"])
    path = tmp_path / "table.csv"
    old = pd.DataFrame([("a", "clip", "", 1.0), ("a", "edits", "", 2.0), ("b", "clip", "0", 3.0)])
    write_rows(old.set_axis(columns, axis=1), path, ["world", "part"])
    new = pd.DataFrame([("a", "clip", "", 4.0), ("c", "clip", "", 5.0)]).set_axis(columns, axis=1)
    write_rows(new, path, ["world", "part"])
    table = pd.read_csv(path)
    assert table["mean"].tolist() == [4.0, 2.0, 3.0, 5.0]
    assert table["world"].tolist() == ["a", "a", "b", "c"]
    assert list(tmp_path.iterdir()) == [path]
