"""Whole comparisons of random networks: every method, interrupted, resumed, with new weights."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.compare import comparison as module
from deltaedit_kit.labs.compare import presets
from deltaedit_kit.labs.compare.baselines import METHODS
from deltaedit_kit.labs.compare.comparison import Comparison, Plan
from deltaedit_kit.labs.compare.prompts import Prompt
from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.labs.compare.rows import read_rows
from deltaedit_kit.labs.compare.weights import fingerprint
from deltaedit_kit.labs.metrics.frechet import frechet_distance
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
    first, second = (read_rows(tmp_path / name / "table.csv") for name in ("whole", "parts"))
    plain = [[r for r in rows if not r.metric.startswith("sec")] for rows in (first, second)]
    assert repr(plain[0]) == repr(plain[1])
    counted.update(runs=0)
    Comparison(domain, PLAN, PROMPTS, tmp_path / "parts").run(progress=False)
    assert counted["runs"] == 0


def test_a_method_that_fails_is_a_row_with_its_reason(tmp_path):
    """Random networks know no persons, so that a method with an identity term cannot work."""
    Comparison(tiny_domain(), PLAN, PROMPTS, tmp_path).run(progress=False)
    rows = [r for r in read_rows(tmp_path / "table.csv") if r.method == "styleclip-optimisation"]
    assert len(rows) == 4
    assert {r.status for r in rows} == {"failed"}
    assert all("no identity network" in r.reason for r in rows)
    good = [r for r in read_rows(tmp_path / "table.csv") if r.method == "deltaedit"]
    assert {r.status for r in good} == {"ok"}
    assert {r.setting for r in good} == {"default", "best"}  # it has no short form


def test_whatever_breaks_in_a_cell_the_others_go_on(tmp_path, monkeypatch):
    from deltaedit_kit.labs.compare.baselines.global_directions import GlobalDirections

    def broken(*_arguments):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(GlobalDirections, "_change", broken)
    plan = replace(PLAN, settings=("short",))
    Comparison(tiny_domain(), plan, PROMPTS, tmp_path).run(progress=False)
    rows = [r for r in read_rows(tmp_path / "table.csv") if r.method == "styleclip-directions"]
    assert {r.reason for r in rows} == {"ZeroDivisionError: a bug"}


def test_other_weights_compute_only_what_depends_on_them(tmp_path, counted):
    plan = replace(PLAN, methods=METHODS, settings=("short",))
    domain = tiny_domain()
    Comparison(domain, plan, PROMPTS, tmp_path).run(progress=False)
    before = Results(tmp_path)
    assert counted["runs"] == 2 * len(METHODS)
    domain.relevance.neg_()
    counted.update(runs=0)
    Comparison(domain, plan, PROMPTS, tmp_path).run(progress=False)
    assert counted["runs"] == 2 * 2  # DeltaEdit and the directions
    after = Results(tmp_path)
    assert len(after.runs) == len(before.runs)
    keys = [{run.key for _, run in results.runs} for results in (before, after)]
    assert len(keys[0] & keys[1]) == len(after.runs) - 4


def test_a_fingerprint_follows_its_networks_only():
    one, two = tiny_domain(), tiny_domain(weights_seed=1)
    assert fingerprint(one) == fingerprint(tiny_domain())
    assert fingerprint(one) != fingerprint(two)
    drawn = fingerprint(one, ("generator", "clip"))
    one.relevance.mul_(2)
    assert fingerprint(one, ("generator", "clip")) == drawn
    assert fingerprint(one) != fingerprint(tiny_domain())


@pytest.mark.parametrize(
    ("network", "address"),
    [("oracle", "oracle:read_factors"), ("identity", "identity:embed_faces")],
)
def test_what_evaluates_counts_where_there_is_one(network, address, tmp_path, monkeypatch):
    domain = tiny_domain()
    without = fingerprint(domain, ("generator", network))
    assert without == fingerprint(domain, ("generator",))
    address = f"deltaedit_kit.toyfaces.{address}"
    domain.spec = replace(domain.spec, **{network: address})
    (tmp_path / "other").write_bytes(b"a better one")
    known = fingerprint(domain, ("generator", network))
    monkeypatch.setattr(f"{address.partition(':')[0]}.FILE", tmp_path / "other")
    assert len({without, known, fingerprint(domain, ("generator", network))}) == 3


def test_fixed_noise_and_the_mean_of_w_count_too():
    domain = tiny_domain()
    found = {fingerprint(domain, ("generator",))}
    domain.generator.noises.noise_0.add_(1)
    found.add(fingerprint(domain, ("generator",)))
    domain.generator.mean_w.add_(1)
    found.add(fingerprint(domain, ("generator",)))
    assert len(found) == 3


def test_fid_pools_the_sentences(tmp_path):
    plan = replace(PLAN, methods=("deltaedit",), settings=("short",))
    domain = tiny_domain()
    comparison = Comparison(domain, plan, PROMPTS, tmp_path)
    comparison.run(progress=False)
    results = Results(tmp_path)
    fid = results.value("deltaedit", "fid:clip-tiny")
    assert fid.n == 2 * plan.faces
    from deltaedit_kit.labs.compare.baselines import make

    faces = domain.sample(plan.faces, seed=plan.seed)
    other = domain.sample(plan.reference_faces, seed=plan.seed + 2)
    after = make("deltaedit", domain).edit(faces, [p.text for p in PROMPTS[:2]]).after.flatten(0, 1)
    features = [domain.clip.encode_images(p.clamp(-1, 1)) for p in (after, other.images)]
    assert fid.value == pytest.approx(frechet_distance(*features), rel=0.1)  # bfloat16 drew them
    floor = [r for r in results.summary if r.method == "unedited"]
    assert [(r.metric, r.n) for r in floor] == [("fid:clip-tiny", plan.faces)]


def test_best_is_chosen_on_other_sentences_and_other_faces(tmp_path):
    comparison = Comparison(tiny_domain(), PLAN, PROMPTS, tmp_path)
    comparison.run(progress=False)
    tuned = {json.loads(f.read_text())["prompt"]["text"] for f in tmp_path.glob("tuning/*.json")}
    assert tuned == {"a smiling face"}
    assert not tuned & {r.sentence for r in read_rows(tmp_path / "table.csv")}
    chosen = json.loads((tmp_path / "best.json").read_text())
    assert set(chosen) == set(PLAN.methods)
    points = [point["threshold"] for point in presets.GRIDS["deltaedit"]]
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
        ({"settings": ("worst",)}, "no settings 'worst'"),
        ({"strengths": (0.5,)}, "must contain 1"),
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
    with pytest.raises(DeltaEditError, match="no sentence is for the table"):
        Comparison(domain, PLAN, [Prompt("a face", (), "tune")], tmp_path)
    with pytest.raises(DeltaEditError, match="no sentence is for tuning"):
        Comparison(domain, PLAN, PROMPTS[:1], tmp_path)
    plan = replace(PLAN, methods=("deltaedit",), settings=("short",))
    Comparison(domain, plan, PROMPTS, tmp_path).run(progress=False)
    with pytest.raises(DeltaEditError, match="other faces, strengths"):
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
    assert presets.settings_of("tedigan", "short", tiny_domain()) == {}
    with pytest.raises(DeltaEditError, match="no settings are called"):
        presets.settings_of("tedigan", "long", toyfaces)


def test_pictures_drawn_twice_are_equal(tmp_path):
    """The same seed gives the same faces whatever was drawn before."""
    domain = tiny_domain()
    torch.testing.assert_close(domain.sample(2, seed=5).s, domain.sample(4, seed=5).s[:2])
