"""Words follow the numbers, whoever wins; figures draw what is in the rows."""

from __future__ import annotations

import math
from importlib import import_module
from types import SimpleNamespace

import pytest

from deltaedit_kit.labs.compare.findings import finding, findings
from deltaedit_kit.labs.compare.plot_methods import methods_figure
from deltaedit_kit.labs.compare.plot_metrics import metrics_figure
from deltaedit_kit.labs.compare.table import ALL, at_own, summary_table, table_of
from tests.compare.handmade import GLASSES, SMILE, handmade


def row(method, metric, value, reach=0.1, setting="default", strength=1.0):
    place = {"method": method, "setting": setting, "strength": strength, "sentence": ALL}
    ends = {"low": value - reach, "high": value + reach}
    return place | {"metric": metric, "value": value, "n": 24} | ends


ROWS = [
    row("deltaedit", "success", 0.7),
    row("deltaedit", "success", 0.9, setting="best"),
    row("deltaedit", "success", 0.95, strength=1.5),
    row("tedigan", "success", 0.75, setting="short"),
    row("styleclip-mapper", "success", 0.2, setting="short"),
    row("deltaedit", "side_effect", 0.02, 0.005),
    row("tedigan", "side_effect", 0.05, 0.005, setting="short"),
    row("deltaedit", "ids", 0.8),
    row("tedigan", "ids", 0.7, setting="short"),
    row("styleclip-mapper", "ids", 0.99, 0.01, setting="short"),
    row("deltaedit", "fid:clip-toyfaces", 0.5),
    row("unedited", "fid:clip-toyfaces", 0.3, math.nan, "floor"),
]
TABLE = table_of(ROWS)


def test_the_best_is_named_and_who_cannot_be_told_apart():
    assert finding(TABLE, "success") == (
        "success ↑: tedigan 0.75 [0.65, 0.85]; indistinguishable from it: deltaedit; "
        "deltaedit is 2 of 3 with 0.7 [0.6, 0.8]"
    )
    assert finding(TABLE, "side_effect") == "side effect ↓: deltaedit 0.02 [0.015, 0.025]"
    assert finding(TABLE, "success", "best") == "success ↑: deltaedit 0.9 [0.8, 1]"
    assert finding(TABLE, "kid") == ""


def test_who_wins_by_changing_nothing_is_shown_with_its_success():
    line = finding(TABLE, "ids")
    assert line.startswith("IDS ↑: styleclip-mapper 0.99")
    assert line.partition(";")[0].endswith("(its success: 20%)")  # of the winner


def test_fid_stands_beside_its_floor():
    assert findings(TABLE)[-2:] == [
        "FID [clip-toyfaces] ↓: deltaedit 0.5 [0.4, 0.6]",
        "FID [clip-toyfaces] ↓ of unedited faces: 0.3",
    ]
    assert findings(table_of(ROWS[-2:]), "best") == []
    assert list(at_own(TABLE, "fid:clip-toyfaces")["method"]) == ["deltaedit"]


SETTINGS = {"short": 0.4, "best": 0.7}


def test_fid_of_fewer_faces_is_not_compared():
    few = [row("tedigan", "fid:clip-toyfaces", 0.4, setting="short")]
    faces = [row("deltaedit", "faces", 30), row("tedigan", "faces", 6, setting="short")]
    assert "deltaedit is 2 of 2" in finding(table_of(ROWS + few), "fid:clip-toyfaces")
    table = table_of(ROWS + few + faces)
    assert finding(table, "fid:clip-toyfaces").endswith("deltaedit 0.5 [0.4, 0.6]")
    labels = metrics_figure(table).axes[3].get_yticklabels()
    assert "tedigan\n(6 faces)" in [label.get_text() for label in labels]


def test_fewer_faces_of_the_tuned_do_not_count_against_the_untuned():
    both = [row("tedigan", "fid:clip-toyfaces", v, setting=s) for s, v in SETTINGS.items()]
    faces = [row("tedigan", "faces", n, setting=s) for s, n in (("short", 30), ("best", 6))]
    table = table_of([*ROWS, *both, row("deltaedit", "faces", 30), *faces])
    assert "deltaedit is 2 of 2" in finding(table, "fid:clip-toyfaces")
    bars = metrics_figure(table).axes[3]
    assert "tedigan" in [label.get_text() for label in bars.get_yticklabels()]
    stars = [line.get_xdata()[0] for line in bars.lines if line.get_marker() == "*"]
    assert stars == []  # of six faces, beside a bar of thirty


def test_the_summary_for_readers_has_a_row_for_each_method_and_setting(tmp_path):
    shown = summary_table(handmade(tmp_path).summary)
    assert list(shown.index) == [("deltaedit", "default"), ("tedigan", "short")]
    ours = shown.loc[("deltaedit", "default")]
    assert (ours["faces"], ours["success"], ours["edit s"]) == ("3", "0.500", "0.250")
    assert "<b>reason</b>" in shown.loc[("tedigan", "short"), "failed"]
    assert "fid:clip-toyfaces" in summary_table(TABLE).columns
    assert "failed" not in summary_table(TABLE).columns


def test_the_summary_for_readers_has_a_dash_for_what_was_not_measured():
    table = table_of([*ROWS, row("deltaedit", "seconds.training", 1234.4)])
    shown = summary_table(table)
    floor = shown.loc[("unedited", "floor")]
    assert floor.pop("fid:clip-toyfaces") == "0.300"
    assert set(floor) == {"–"}
    assert shown.loc[("deltaedit", "default"), "training s"] == "1234"
    assert "nan" not in shown.to_string().lower()


def test_the_metrics_figure_draws_lines_over_strength_and_skips_what_is_missing():
    figure = metrics_figure(TABLE, "title", "note")
    trade_off = figure.axes[0]
    labels = [line.get_label() for line in trade_off.get_lines()]
    assert "deltaedit" in labels
    assert "tedigan (fewer steps)" in labels
    assert figure.axes[1].yaxis_inverted()  # a side effect is better when it is lower
    bars = [patch.get_width() for patch in figure.axes[3].patches]
    assert bars == [0.5, 0.3]
    assert len(metrics_figure(table_of([]), "nothing").axes) == 6


def test_the_methods_figure_shows_pictures_and_reasons(tmp_path):
    results = handmade(tmp_path)
    texts = [GLASSES.text, SMILE.text]
    after = {
        "deltaedit": {text: results.pictures("deltaedit", text) for text in texts},
        "tedigan": {GLASSES.text: results.pictures("tedigan", GLASSES.text)},
    }
    figure = methods_figure(results.before[:2], after, texts)
    shown = [axis.get_images()[0].get_array() for axis in figure.axes]
    assert len(shown) == 2 * 2 + 2 * 2  # before and DeltaEdit, two faces, two sentences
    words = [text.get_text().replace("\n", " ") for text in figure.texts]
    assert "the <b>reason</b>" in words
    assert "not computed" in words


@pytest.mark.parametrize("name", ["fig4_methods", "fig5_metrics"])
def test_the_recipes_draw_from_a_folder(tmp_path, name):
    results = handmade(tmp_path / "run")
    recipe = import_module(f"recipes.figures.{name}")
    path = recipe.main(results, tmp_path / f"{name}.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    if name == "fig5_metrics":
        assert "deltaedit" in (tmp_path / f"{name}.csv").read_text()


def test_the_legend_says_what_stars_and_whiskers_are():
    def legend(rows):
        (shown,) = metrics_figure(table_of(rows)).legends
        return [text.get_text() for text in shown.get_texts()]

    shared = ["filled: own strength", "tuned: “best”", "95 % interval over sentences"]
    assert legend(ROWS)[-3:] == shared
    untuned = [one for one in ROWS if one["setting"] != "best"]
    assert "tuned: “best”" not in legend(untuned)


def test_the_panel_of_costs_says_where_steps_were_cut():
    seconds = [row("deltaedit", "seconds.edit", 0.01)]
    cut = [row("tedigan", "seconds.edit", 0.5, setting="short")]
    assert metrics_figure(table_of(ROWS[:1] + seconds)).axes[5].get_title("left") == ""
    shortened = metrics_figure(table_of(ROWS[:1] + seconds + cut)).axes[5]
    assert shortened.get_title("left") == "at the shortened settings"


def test_the_note_says_who_had_fewer_faces():
    def run(method, faces):
        return SimpleNamespace(method=method, faces=faces, prompt=SimpleNamespace(text="a face"))

    note = import_module("recipes.figures.comparison").note
    text = note([("default", run("deltaedit", 100)), ("best", run("tedigan", 20))])
    assert text.startswith("toyfaces: 1 sentences, 100 faces each")
    assert text.endswith("; 20 faces: tedigan (best)")
    assert note([("default", run("deltaedit", 100))]).endswith("same faces, sentences and CLIP")
