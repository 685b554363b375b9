"""A recipe survives JSON and gives the same pictures; a damaged one is refused in one line."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deltaedit_kit import recipe as edit_recipe
from deltaedit_kit.editor import Editor
from deltaedit_kit.errors import DeltaEditError
from tests.tiny_domain import tiny_domain

DOMAIN = tiny_domain()
EDITOR = Editor(DOMAIN)


def recipe_of(codes: bool = False) -> dict[str, Any]:
    faces = DOMAIN.sample(3, seed=4, truncation=0.5).select([2, 0])
    if codes:
        faces = replace(faces, origin=None)
    edit = EDITOR.edit(faces, ["an old face", "a smiling face"], "a face", -0.5, 0.02)
    return edit.recipe


@pytest.mark.parametrize("codes", [False, True])
def test_replay_through_json_gives_the_same_edit(codes: bool) -> None:
    recipe = recipe_of(codes)
    again = Editor(tiny_domain()).replay(json.loads(json.dumps(recipe)))
    first = EDITOR.replay(recipe)
    assert again.recipe == recipe
    assert torch.equal(again.kept, first.kept)
    assert torch.allclose(again.after, first.after, atol=1e-5)
    assert again.after.shape[:2] == (2, 2)


def test_replay_of_one_text_keeps_its_shape() -> None:
    edit = EDITOR.edit(DOMAIN.sample(1), "an old face")
    again = EDITOR.replay(json.loads(json.dumps(edit.recipe)))
    assert torch.equal(again.after, edit.after)


def test_a_recipe_of_sampled_faces_is_small() -> None:
    assert len(json.dumps(recipe_of())) < 500


@pytest.mark.parametrize(
    "wrong", [None, [], "recipe", {}, {"kind": "other"}, {"kind": "deltaedit-recipe"}]
)
def test_what_is_no_recipe_is_refused(wrong: object) -> None:
    with pytest.raises(DeltaEditError):
        EDITOR.replay(wrong)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), 2),
        (("domain",), "toyfaces"),
        (("strength",), float("nan")),
        (("threshold",), "much"),
        (("text",), []),
        (("text",), None),
        (("neutral",), 3),
        (("faces",), None),
        (("faces",), {}),
        (("faces", "sample", "count"), 10**12),
        (("faces", "sample", "count"), "3"),
        (("faces", "sample", "seed"), -1),
        (("faces", "sample", "rows"), [7]),
        (("faces", "sample", "rows"), [0] * 50_000),
        (("faces", "sample", "networks"), "0123abcd"),
        (("faces", "sample", "rows"), "012"),
        (("faces", "sample", "rows"), {"0": 1}),
        (("faces", "sample", "truncation"), "half"),
    ],
)
def test_damaged_fields_are_refused(path: tuple[str, ...], value: object) -> None:
    recipe = copy.deepcopy(recipe_of())
    place: Any = recipe
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(DeltaEditError) as caught:
        EDITOR.replay(recipe)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("field", ["text", "neutral", "strength", "threshold", "faces"])
def test_missing_fields_are_refused(field: str) -> None:
    recipe = recipe_of()
    del recipe[field]
    with pytest.raises(DeltaEditError, match="damaged"):
        EDITOR.replay(recipe)


@pytest.mark.parametrize(
    "change",
    [
        {"float32": "not base64!"},
        {"float32": "AAAA"},
        {"float32": 5},
        {"shape": [2]},
        {"shape": [2, -1]},
        {"shape": [10**9, 10**9]},
        {"shape": []},
        {"shape": "23"},
    ],
)
def test_damaged_codes_are_refused(change: dict) -> None:
    recipe = copy.deepcopy(recipe_of(codes=True))
    recipe["faces"]["codes"]["s"].update(change)
    with pytest.raises(DeltaEditError):
        EDITOR.replay(recipe)


def test_codes_with_nan_are_refused() -> None:
    faces = DOMAIN.sample(1)
    hurt = replace(faces, s=torch.full_like(faces.s, float("nan")), origin=None)
    recipe = edit_recipe.write(DOMAIN, hurt, "an old face", "face", 1.0, 0.0)
    with pytest.raises(DeltaEditError, match="NaN"):
        EDITOR.replay(recipe)


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(field=st.sampled_from(["faces", "text", "neutral", "strength", "threshold"]), value=values)
def test_any_json_is_a_recipe_or_an_error(field: str, value: object) -> None:
    recipe = {**recipe_of_seed(), field: value}
    try:
        edit = EDITOR.replay(recipe)
    except DeltaEditError:
        return
    assert edit.after.isfinite().all() or abs(recipe["strength"]) > 1e3


def recipe_of_seed() -> dict[str, Any]:
    sample = {"seed": 0, "count": 1, "truncation": 0.5, "rows": [0]}
    return {
        "kind": "deltaedit-recipe",
        "version": 1,
        "domain": "tiny",
        "faces": {"sample": sample},
        "text": "an old face",
        "neutral": "face",
        "strength": 1.0,
        "threshold": 0.0,
    }


def test_other_weights_are_named_and_an_older_recipe_is_read() -> None:
    recipe = recipe_of()
    assert recipe["faces"]["sample"]["networks"] == EDITOR.domain.fingerprint()
    with pytest.raises(DeltaEditError, match="sampled with other weights of 'tiny'"):
        Editor(tiny_domain(weights_seed=1)).replay(recipe)
    del recipe["faces"]["sample"]["networks"]  # as it was written before
    assert torch.equal(EDITOR.replay(recipe).after, EDITOR.replay(recipe_of()).after)
