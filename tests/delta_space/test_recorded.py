"""The recorded measures are those of the paper's features, and say what the lesson says."""

from __future__ import annotations

from typing import get_args

import pytest

from benchmarks.delta_space import record
from deltaedit_kit import DeltaEditError
from deltaedit_kit.labs.delta_space import recorded
from deltaedit_kit.labs.delta_space.alignment import with_controls
from deltaedit_kit.labs.delta_space.clouds import paper_features
from deltaedit_kit.labs.delta_space.clouds.paper import Data
from deltaedit_kit.labs.delta_space.recorded import recorded_measures, recorded_on

MARGIN, R1, NEIGHBOURS = "paired - unpaired cosine", "R@1 i→t", "kNN two-sample accuracy"


def test_the_authors_pairs_correspond_better_than_both_controls() -> None:
    faces = recorded_measures("celeba")
    for name in (MARGIN, R1):
        authors = faces.value("differences", name)
        assert authors > 1.5 * faces.value("raw, centred", name)
        assert authors > 1.5 * faces.value("random pairs", name)
    assert faces.value("differences", NEIGHBOURS) > 0.99
    assert recorded_on().startswith("20")


def test_random_pairs_alone_raise_retrieval_on_coco() -> None:
    coco = recorded_measures("cocoval")
    assert coco.value("random pairs", R1) > 1.5 * coco.value("raw, centred", R1)


def test_unknown_data_is_one_line() -> None:
    with pytest.raises(DeltaEditError, match="cocoval"):
        recorded_measures("ffhq")  # type: ignore[arg-type]


def test_what_is_recorded_is_read_again(tmp_path, monkeypatch) -> None:
    tables, day = {data: recorded_measures(data) for data in get_args(Data)}, recorded_on()
    monkeypatch.setattr(recorded, "FILE", tmp_path / "again.json")
    record(tables)
    assert recorded_on() >= day
    assert {data: recorded_measures(data) for data in tables} == tables


@pytest.mark.slow
@pytest.mark.parametrize("data", get_args(Data))
def test_measured_again_where_the_features_are(data: Data) -> None:
    try:
        raw, delta = paper_features(data)
    except DeltaEditError:
        pytest.skip(f"the paper's {data} features are not on this machine")
    again, known = with_controls(raw.pair, delta.pair), recorded_measures(data)
    assert list(again.columns) == list(known.columns)
    for title, found in again.columns.items():
        for name, measure in found.items():
            assert known.value(title, name) == pytest.approx(measure.value, rel=2e-3, abs=2e-3)
