"""A recipe survives JSON and gives the same pictures; a damaged one is refused in one line."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
import torch

from deltaedit_kit import recipe as edit_recipe
from deltaedit_kit.editor import Editor
from deltaedit_kit.support.errors import DeltaEditError
from tests.tiny_domain import tiny_domain

DOMAIN = tiny_domain()
EDITOR = Editor(DOMAIN)
FINGERPRINT = DOMAIN.fingerprint(*edit_recipe.EDITED_BY)


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
    assert len(json.dumps(recipe_of())) < 600


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
        {"shape": [1] * 100, "float32": "AAAAAA=="},
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


def test_other_weights_are_named_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, other = recipe_of(), tiny_domain(weights_seed=1)
    assert recipe["faces"]["sample"]["networks"] == EDITOR.domain.fingerprint()
    monkeypatch.setattr(other, "faces_from", lambda *_: pytest.fail("drew"))
    with pytest.raises(DeltaEditError, match="other networks of 'tiny'"):
        Editor(other).replay(recipe)
    with pytest.raises(DeltaEditError, match="sampled with other weights of 'tiny'"):
        edit_recipe.read_faces(recipe["faces"], other)


@pytest.mark.parametrize("network", ["mapper", "relevance", "text", "mean_w"])
def test_a_recipe_of_another_network_is_refused(network: str) -> None:
    """Replay promises the same pictures, and each of these changes them."""
    recipe, other = EDITOR.edit(DOMAIN.sample(1), "an old face").recipe, tiny_domain()
    with torch.no_grad():
        if network == "mapper":
            other.mapper.cm_fine.mapping[1].bias += 1
        elif network == "relevance":
            other.relevance[:] = other.relevance.flip(0)
        elif network == "text":
            other.clip.model.token_embedding.weight += 1
        else:
            other.generator.mean_w += 1
    with pytest.raises(DeltaEditError, match="other networks"):
        Editor(other).replay(recipe)


def test_a_recipe_without_fingerprint_is_replayed_with_a_note() -> None:
    recipe = recipe_of()
    del recipe["networks"], recipe["faces"]["sample"]["networks"]  # as it was written before
    with pytest.warns(UserWarning, match="mapper"):
        again = EDITOR.replay(recipe)
    assert torch.allclose(again.after, EDITOR.replay(recipe_of()).after, atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        {"faces": {"sample": {"seed": 0, "count": 2000, "truncation": 1, "rows": [0] * 1001}}},
        {"faces": {"sample": {"seed": 0, "count": 10**6, "truncation": 1, "rows": [0]}}},
        {"faces": {"codes": {"s": {"shape": [5000, 8]}, "w_plus": {"shape": [5000, 8]}}}},
        {"text": [f"face {k}" for k in range(1000)]},
        {"text": ["an old face"] * 6000},
        {"text": "old " * 500},
        {"neutral": "old " * 500},
    ],
)
def test_too_much_work_is_refused_before_any(change: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    domain, recipe = tiny_domain(), recipe_of()
    for work in ("sample_w", "faces_from", "delta_text"):
        monkeypatch.setattr(domain, work, lambda *_: pytest.fail("began to work"))
    with pytest.raises(DeltaEditError) as caught:
        Editor(domain).replay({**recipe, **change})
    assert len(str(caught.value)) < 400


def test_a_face_far_down_a_seed_is_cheap_to_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    edit = EDITOR.edit(DOMAIN.sample(40, seed=3).select([39]), "an old face")
    drawn: list[int] = []
    plain = DOMAIN.generator.synthesize

    def counted(s: torch.Tensor, *rest: Any, **options: Any) -> torch.Tensor:
        drawn.append(len(s))
        return plain(s, *rest, **options)

    monkeypatch.setattr(DOMAIN.generator, "synthesize", counted)
    again = EDITOR.replay(edit.recipe)
    assert drawn == [1, 1]
    assert torch.allclose(again.after, edit.after, atol=1e-4)
