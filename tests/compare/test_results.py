"""From runs to tables: means, intervals, failures, the Fréchet distance, files."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch

from deltaedit_kit.labs.compare.files import read_index, record
from deltaedit_kit.labs.compare.presets import PRICE, best, score
from deltaedit_kit.labs.compare.prompts import Prompt
from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.labs.compare.runs import Run, load, store
from deltaedit_kit.labs.compare.table import ALL, read_table, write_table
from deltaedit_kit.labs.metrics.frechet import Moments
from deltaedit_kit.support.errors import DeltaEditError
from tests.compare.handmade import FACES, GLASSES, SMILE, failed, good, handmade


@pytest.fixture
def results(tmp_path):
    return handmade(tmp_path)


def test_a_run_comes_back_as_it_was_stored(tmp_path):
    moments = {one: {"eyes": Moments.of(torch.randn(5, 3))} for one in (0.5, 1.0)}
    run = replace(good(GLASSES), moments=moments)
    store(run, tmp_path)
    found = load(tmp_path, run.key)
    assert found is not None
    assert (found.prompt, found.settings, found.seconds) == (GLASSES, run.settings, run.seconds)
    assert math.isnan(found.values[1.0]["success"][0])
    assert found.values[0.5]["ids"] == pytest.approx(run.values[0.5]["ids"])
    torch.testing.assert_close(found.moments[1.0]["eyes"].mean, moments[1.0]["eyes"].mean)
    assert found.key == run.key
    assert load(tmp_path, "another") is None


def test_the_key_is_made_of_all_that_decides_about_the_numbers():
    run = Run("tedigan", {"lr": 0.1}, GLASSES, 3, (1.0,), "abc")
    others = [
        {"method": "deltaedit"},
        {"settings": {"lr": 0.2}},
        {"prompt": SMILE},
        {"prompt": Prompt(GLASSES.text, ("smile",))},
        {"faces": 4},
        {"strengths": (0.5, 1.0)},
        {"origin": "abd"},
    ]
    assert len({replace(run, **other).key for other in ({}, *others)}) == 1 + len(others)
    assert replace(run, values={1.0: {"ids": [1.0]}}).key == run.key


def test_a_damaged_run_is_named(tmp_path):
    run = good(GLASSES)
    store(run, tmp_path)
    path = tmp_path / f"{run.key}.json"
    whole = path.read_text()
    halves = whole.replace('"NaN",', ""), whole.replace("deltaedit", "tedigan")
    for content in ("{", "[]", "{}", "[" * 10_000, whole.replace('"ok"', "3, 4"), *halves):
        path.write_text(content)
        with pytest.raises(DeltaEditError, match=f"{run.key}.json is damaged"):
            load(tmp_path, run.key)


def test_the_table_has_a_row_for_each_number_and_each_failure(results):
    table = results.table
    rows = table[(table["sentence"] == GLASSES.text) & (table["strength"] == 1.0)]
    own = rows[rows["method"] == "deltaedit"].set_index("metric")
    assert own.loc["ids", "value"] == pytest.approx(0.6)
    assert own.loc["ids", "low"] < 0.6 < own.loc["ids", "high"]
    success = own.loc["success"]
    assert (success["value"], success["n"]) == (0.5, 2)  # who had glasses does not count
    assert (success["low"], success["high"]) == pytest.approx((0.095, 0.905), abs=1e-3)
    assert own.loc["seconds.edit", "value"] == 0.25
    (row,) = rows[rows["method"] == "tedigan"].to_dict("records")
    assert (row["status"], row["reason"], row["metric"]) == ("failed", "the <b>reason</b>", "")
    assert math.isnan(row["value"])


def test_the_summary_is_over_sentences(results):
    weak = results.summary.query("method == 'deltaedit' and metric == 'ids' and strength == 0.5")
    assert weak[["value", "n"]].to_numpy().tolist() == [[pytest.approx(0.35), 2]]
    assert results.own_setting("tedigan") == "short"
    (row,) = results.summary.query("status == 'failed'").to_dict("records")
    assert row["reason"] == "1 sentences failed, the first: the <b>reason</b>"
    assert set(results.summary["sentence"]) == {ALL}


def test_tables_are_files_that_can_be_read_again(results):
    results.write()
    found = read_table(results.folder / "table.csv")
    pd.testing.assert_frame_equal(found, results.table, rtol=1e-4)
    with (results.folder / "summary.csv").open() as file:
        assert next(csv.reader(file))[:6] == [
            *("method", "setting", "strength", "sentence", "metric", "value")
        ]


def test_the_committed_table_is_read_and_written_unchanged(tmp_path):
    path = Path(__file__).parents[2] / "figures" / "fig5_metrics.csv"
    write_table(read_table(path), tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"", b"method,value\nx,1\n", b"\x89PNG\xff"])
def test_files_that_are_no_table_are_refused(tmp_path, content):
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(DeltaEditError, match="not the table of a comparison"):
        read_table(tmp_path / "table.csv")


def test_pictures_or_the_reason(results):
    assert len(results.pictures("deltaedit", SMILE.text, strength=0.5)) == FACES
    assert results.pictures("tedigan", GLASSES.text) == "the <b>reason</b>"
    with pytest.raises(DeltaEditError, match="no pictures of 'tedigan'"):
        results.pictures("tedigan", SMILE.text)


def test_a_folder_that_is_none_or_damaged(tmp_path, results):
    with pytest.raises(DeltaEditError, match="contains no comparison"):
        Results(tmp_path / "nothing")
    (results.folder / "index.json").write_text("[[1]]")
    with pytest.raises(DeltaEditError, match=r"index\.json is damaged"):
        Results(results.folder)


def test_a_later_run_takes_the_place_of_an_earlier_one(tmp_path):
    one, other = ("a", "best", "text"), ("b", "best", "text")
    for names, key in ((one, "key-1"), (other, "key-2"), (one, "key-3")):
        record(tmp_path, names, key)
    assert list(read_index(tmp_path).items()) == [(one, "key-3"), (other, "key-2")]
    record(tmp_path, other, "key-4")
    assert list(read_index(tmp_path).items()) == [(one, "key-3"), (other, "key-4")]
    assert read_index(tmp_path / "nothing") == {}


def test_methods_stand_in_the_kits_order_whichever_finished_first(tmp_path):
    for prompt in (GLASSES, SMILE):
        for method in ("tedigan", "somebody's own", "deltaedit"):
            run = replace(good(prompt), method=method)
            store(run, tmp_path / "runs")
            record(tmp_path, (method, "default", prompt.text), run.key)
    found = [(run.method, run.prompt) for _, run in Results(tmp_path).runs]
    methods = ("deltaedit", "tedigan", "somebody's own")
    assert found == [(method, prompt) for method in methods for prompt in (GLASSES, SMILE)]


def run_with(success, side):
    return replace(good(GLASSES), values={1.0: {"success": success, "side_effect": side}})


def test_the_score_is_success_less_the_price_of_side_effects():
    nan = math.nan
    runs = [run_with([1.0, nan], [0.1, 0.1]), run_with([0.0, 1.0], [0.0, 0.2])]
    assert score(runs, 1.0) == pytest.approx((1 - PRICE * 0.1 + 0.5 - PRICE * 0.1) / 2)
    assert score([failed(GLASSES)], 1.0) == -PRICE
    assert score([], 1.0) == -PRICE
    no_oracle = replace(good(SMILE), values={1.0: {"directional": [0.5, 0.3], "ids": [1.0, 0.5]}})
    assert score([no_oracle], 1.0) == pytest.approx(0.4 * 0.75)


def test_the_best_point_wins_and_the_first_of_equals():
    weak, strong = run_with([0.0, 0.0], [0.0, 0.0]), run_with([1.0, 1.0], [0.05, 0.05])
    found = best([({"l2": 1}, [weak]), ({"l2": 2}, [strong]), ({"l2": 3}, [strong])])
    assert found.settings == {"l2": 2}
    assert found.score == pytest.approx(0.75)
    assert best([({"l2": 1}, [failed(GLASSES)])]).score == -PRICE
