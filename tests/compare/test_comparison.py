"""Whole comparisons of random networks: every method, interrupted, resumed, with new weights."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from deltaedit_kit.labs.compare import comparison as module
from deltaedit_kit.labs.compare import presets
from deltaedit_kit.labs.compare.baselines import METHODS, make, method_class
from deltaedit_kit.labs.compare.baselines.latent_optimisation import LatentOptimisation
from deltaedit_kit.labs.compare.baselines.method import Seconds
from deltaedit_kit.labs.compare.comparison import Comparison, Plan
from deltaedit_kit.labs.compare.evaluator import Evaluator
from deltaedit_kit.labs.compare.files import CLAIM
from deltaedit_kit.labs.compare.prompts import Prompt
from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.labs.compare.runs import compute_run
from deltaedit_kit.labs.compare.table import at_own, read_table
from deltaedit_kit.labs.metrics.frechet import frechet_distance
from deltaedit_kit.support.atomic import with_checksum, without_checksum
from deltaedit_kit.support.device import name_precision
from deltaedit_kit.support.errors import DeltaEditError
from tests.tiny_domain import tiny_domain

PROMPTS = [Prompt("face with glasses"), Prompt("an old face"), Prompt("a smiling face", (), "tune")]
PLAN = Plan(
    methods=("deltaedit", "styleclip-directions", "styleclip-optimisation"),
    settings=("short", "best"),
    faces=4,
    slow_faces=2,
    tuning_faces=2,
    strengths=(0.5, 1.0),
    reference_faces=12,
    quick=True,
)


@pytest.fixture
def counted(monkeypatch):
    """How many runs are computed; a test may let the k-th one be interrupted."""
    calls = {"runs": 0, "interrupt": None}
    real = module.compute_run

    def compute_run(*arguments):
        calls["runs"] += 1
        if calls["runs"] == calls["interrupt"]:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(module, "compute_run", compute_run)
    return calls


@pytest.mark.slow
def test_an_interrupted_comparison_goes_on_where_it_was(tmp_path, counted):
    domain = tiny_domain()
    whole = Comparison(domain, PLAN, PROMPTS, tmp_path / "whole")
    whole.run(progress=False)
    runs = counted["runs"]
    # tuning: 3 methods × 3 points × 1 sentence; then 3 × 2 settings × 2 sentences
    assert runs == 9 + 12

    for interrupt in (4, 15):
        counted.update(runs=0, interrupt=interrupt)
        with pytest.raises(KeyboardInterrupt):
            Comparison(domain, PLAN, PROMPTS, tmp_path / "parts").run(progress=False)
    counted.update(runs=0, interrupt=None)
    Comparison(domain, PLAN, PROMPTS, tmp_path / "parts").run(progress=False)
    assert counted["runs"] == runs - 3 - 14
    tables = [read_table(tmp_path / name / "table.csv") for name in ("whole", "parts")]
    plain = [table[~table["metric"].str.startswith("sec")] for table in tables]
    assert plain[0].to_csv() == plain[1].to_csv()
    counted.update(runs=0)
    Comparison(domain, PLAN, PROMPTS, tmp_path / "parts").run(progress=False)
    assert counted["runs"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("fast", [True, False])
def test_a_folder_names_the_precision_and_keeps_to_it(tmp_path, fast):
    plan = replace(PLAN, methods=("deltaedit",), settings=("short",), fast=fast)
    Comparison(tiny_domain(), plan, PROMPTS, tmp_path).run(progress=False)
    claim = Results(tmp_path).claim
    assert claim is not None
    assert claim.precision == name_precision("cpu", fast)
    path = tmp_path / CLAIM
    changed = without_checksum(json.loads(path.read_text())) | {"precision": "float8"}
    path.write_text(json.dumps(with_checksum(changed)))
    with pytest.raises(DeltaEditError, match="different precision"):
        Comparison(tiny_domain(), plan, PROMPTS, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "reason"),
    [(DeltaEditError("no"), "no"), (ZeroDivisionError("a bug"), "ZeroDivisionError: a bug")],
)
def test_a_method_that_fails_is_a_row_with_its_reason(tmp_path, monkeypatch, error, reason):
    def refuse(*_arguments, **_options):
        raise error

    monkeypatch.setattr(LatentOptimisation, "objective", refuse)
    Comparison(tiny_domain(), PLAN, PROMPTS, tmp_path).run(progress=False)
    table = read_table(tmp_path / "table.csv")
    rows = table[table["method"] == "styleclip-optimisation"]
    assert len(rows) == 4
    assert set(rows["status"]) == {"failed"}
    assert set(rows["reason"]) == {reason}
    good = table[table["method"] == "deltaedit"]
    assert set(good["status"]) == {"ok"}
    assert set(good["setting"]) == {"default", "best"}  # it has no short form


@pytest.mark.slow
def test_other_weights_compute_only_what_depends_on_them(tmp_path, counted):
    plan = replace(PLAN, methods=METHODS, settings=("short",))
    domain = tiny_domain()
    Comparison(domain, plan, PROMPTS, tmp_path).run(progress=False)
    before = Results(tmp_path)
    assert counted["runs"] == 2 * len(METHODS)
    assert set(before.table["status"]) == {"ok"}  # no method needs a network that knows people
    domain = tiny_domain()
    domain.relevance.neg_()
    counted.update(runs=0)
    Comparison(domain, plan, PROMPTS, tmp_path).run(progress=False)
    assert counted["runs"] == 2 * 2  # DeltaEdit and the directions
    after = Results(tmp_path)
    assert len(after.runs) == len(before.runs)
    keys = [{run.key for _, run in results.runs} for results in (before, after)]
    assert len(keys[0] & keys[1]) == len(after.runs) - 4


@pytest.mark.slow
def test_fid_pools_the_sentences(tmp_path):
    plan = replace(PLAN, methods=("deltaedit",), settings=("short",))
    domain = tiny_domain()
    comparison = Comparison(domain, plan, PROMPTS, tmp_path)
    comparison.run(progress=False)
    results = Results(tmp_path)
    (fid,) = at_own(results.summary, "fid:clip-tiny").to_dict("records")
    assert fid["n"] == 2 * plan.faces
    faces = domain.sample(plan.faces, seed=plan.seed)
    other = domain.sample(plan.reference_faces, seed=plan.seed + 2)
    after = make("deltaedit", domain).edit(faces, [p.text for p in PROMPTS[:2]]).after.flatten(0, 1)
    features = [domain.clip.encode_images(p) for p in (after, other.images)]
    wanted = frechet_distance(*features)
    assert fid["value"] == pytest.approx(wanted, rel=0.1)  # maybe drawn in bfloat16
    floor = results.summary.query("method == 'unedited'")[["metric", "n"]]
    assert floor.to_numpy().tolist() == [["fid:clip-tiny", plan.faces]]


@pytest.mark.slow
def test_best_is_chosen_on_other_sentences_and_other_faces(tmp_path):
    comparison = Comparison(tiny_domain(), PLAN, PROMPTS, tmp_path)
    comparison.run(progress=False)
    tuned = {json.loads(f.read_text())["prompt"]["text"] for f in tmp_path.glob("tuning/*.json")}
    assert tuned == {"a smiling face"}
    assert not tuned & set(read_table(tmp_path / "table.csv")["sentence"])
    chosen = without_checksum(json.loads((tmp_path / "best.json").read_text()))
    assert set(chosen) == set(PLAN.methods)
    points = [point["threshold"] for point in method_class("deltaedit").grid]
    assert chosen["deltaedit"]["settings"]["threshold"] in points
    settings = {c.settings["threshold"] for s, c in Results(tmp_path).runs if s == "best"
                and c.method == "deltaedit"}  # fmt: skip
    assert settings == {chosen["deltaedit"]["settings"]["threshold"]}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"faces": 1}, "faces"),
        ({"faces": 99_999_999_999}, "faces"),
        ({"seed": -1}, "seed"),
        ({"slow_faces": 0}, "slow_faces"),
        ({"methods": ()}, "at least one"),
        ({"methods": ("deltaedit", "gan")}, "no method 'gan'"),
        ({"settings": ("worst",)}, "no settings are called 'worst'"),
        ({"strengths": (0.5,)}, "must contain 1"),
        ({"strengths": (1.0, math.nan)}, "strength is nan"),
        ({"tuning_faces": 0}, "tuning_faces"),
        ({"reference_faces": 1}, "reference_faces"),
    ],
)
def test_a_plan_that_cannot_work_is_refused(changed, words):
    with pytest.raises(DeltaEditError, match=words):
        replace(PLAN, **changed)


def test_what_can_be_known_is_said_before_any_work(tmp_path):
    domain = tiny_domain()
    with pytest.raises(DeltaEditError, match="empty"):
        Comparison(domain, PLAN, [], tmp_path)
    with pytest.raises(DeltaEditError, match="shorten it"):
        Comparison(domain, PLAN, [Prompt("smile " * 90)], tmp_path)
    with pytest.raises(DeltaEditError, match="split = test"):
        Comparison(domain, PLAN, [Prompt("a face", (), "tune")], tmp_path)
    with pytest.raises(DeltaEditError, match="split = tune"):
        Comparison(domain, PLAN, PROMPTS[:1], tmp_path)
    plan = replace(PLAN, methods=("deltaedit",), settings=("short",))
    Comparison(domain, plan, PROMPTS, tmp_path).run(progress=False)
    with pytest.raises(DeltaEditError, match="different faces, strengths"):
        Comparison(domain, replace(PLAN, faces=5, strengths=(1.0,)), PROMPTS, tmp_path)


def test_a_run_that_was_refused_does_not_keep_the_folder(tmp_path):
    plan = replace(PLAN, methods=("deltaedit",), settings=("short",))
    with pytest.raises(DeltaEditError, match="no feature network 'foo'"):
        Comparison(
            tiny_domain(), replace(plan, features=("foo",), faces=3), PROMPTS, tmp_path / "a"
        ).run(progress=False)
    assert not (tmp_path / "a").exists()
    Comparison(tiny_domain(), plan, PROMPTS[:1], tmp_path / "a").run(progress=False)


def test_a_folder_that_cannot_be_is_one_line(tmp_path):
    plan = replace(PLAN, methods=("deltaedit",), settings=("short",))
    (tmp_path / "one.csv").write_text("")
    with pytest.raises(DeltaEditError, match=r"cannot write to .*one\.csv"):
        Comparison(tiny_domain(), plan, PROMPTS, tmp_path / "one.csv").run(progress=False)


def test_default_is_as_published_and_short_says_so(toyfaces):
    for method in METHODS:
        assert presets.settings_of(method, "default", toyfaces) == {}
        short = presets.settings_of(method, "short", toyfaces)
        assert presets.label_of(method, "short", toyfaces) == ("short" if short else "default")
        assert presets.label_of(method, "default", toyfaces) == "default"
    on_gpu = SimpleNamespace(device=torch.device("cuda"))
    assert presets.settings_of("tedigan", "short", on_gpu) == {}
    with pytest.raises(DeltaEditError, match="no settings are called"):
        presets.settings_of("tedigan", "long", toyfaces)


def test_the_seconds_of_an_edit_are_the_mean_over_all_strengths(monkeypatch):
    """Drawing takes 3 and 5 seconds for two faces: 2 seconds a picture, and the change itself 1."""
    clock = iter([0.0, 3.0, 10.0, 15.0])
    monkeypatch.setattr("deltaedit_kit.labs.compare.runs.now", lambda _device: next(clock))
    domain = tiny_domain()
    faces = domain.sample(2, seed=0)
    method = make("deltaedit", domain)
    change = replace(method.change(faces, "an old face"), seconds=Seconds(edit=2.0))
    monkeypatch.setattr(method, "change", lambda *_arguments: change)
    evaluator = Evaluator(domain, faces, ())
    run = compute_run(method, Prompt("an old face"), faces, evaluator, (0.5, 1.0))
    assert run.seconds["edit"] == pytest.approx(1 + 2)
