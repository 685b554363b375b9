"""Recipes come back as they went, and files hold what they say."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from deltaedit_kit.editor import Editor
from deltaedit_kit.labs.studio.engine import Engine
from deltaedit_kit.labs.studio.recipe import from_recipe, read_file, to_recipe
from deltaedit_kit.labs.studio.saving import SAVERS, Saved, save_to
from deltaedit_kit.labs.studio.state import STRIP, Sentence, StudioState
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.pictures import encode_png, to_uint8
from tests.tiny_domain import tiny_domain

DOMAIN = tiny_domain()
STATE = replace(
    StudioState.first(DOMAIN.spec),
    seed=5,
    row=3,
    truncation=0.4,
    sentences=(Sentence("old", -0.5), Sentence("<b>‮𝕏 \x00 \ud800", 2.0, on=False), Sentence("")),
    neutral="a man",
    threshold=0.02,
    groups=("medium", "fine"),
)


@pytest.fixture
def engine() -> Engine:
    return Engine(DOMAIN)


def test_a_recipe_is_json_and_comes_back_equal(engine: Engine) -> None:
    recipe = json.loads(json.dumps(to_recipe(engine, STATE)))
    assert from_recipe(Engine(DOMAIN), recipe) == STATE


@pytest.mark.parametrize("kind", ["picture", "grid", "recipe"])
def test_what_is_saved_carries_its_recipe(engine: Engine, kind: str) -> None:
    saved = SAVERS[kind](engine, STATE)
    assert read_file(Engine(DOMAIN), saved.name, saved.content) == STATE


def test_a_photo_travels_as_codes(engine: Engine) -> None:
    number = engine.keep_photo(replace(DOMAIN.sample(1, seed=77), origin=None))
    state = STATE.show_photo(number)
    other = Engine(DOMAIN)
    again = from_recipe(other, json.loads(json.dumps(to_recipe(engine, state))))
    assert again == state
    assert torch.allclose(other.look(again).after, engine.look(state).after, atol=1e-4)


def test_a_recipe_of_the_editor_can_be_loaded(engine: Engine) -> None:
    chosen = DOMAIN.sample(4, seed=3).select([2])
    edit = Editor(DOMAIN).edit(chosen, ["old", "a smile"], neutral="man", strength=0.5)
    state = from_recipe(engine, edit.recipe)
    assert [(s.text, s.strength) for s in state.sentences] == [("old", 0.5), ("a smile", 0.5)]
    assert (state.seed, state.row, state.photo, state.neutral) == (3, 2, None, "man")
    far = Editor(DOMAIN).edit(DOMAIN.sample(9, seed=3).select([8]), "old")
    state = from_recipe(engine, far.recipe)
    assert state.photo == 0
    assert torch.allclose(engine.look(state).after, far.after[0], atol=1e-4)


def broken(**fields: object) -> dict:
    recipe = to_recipe(Engine(DOMAIN), STATE)
    return {k: v for k, v in {**recipe, **fields}.items() if v is not None}


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ([], "this is not a recipe"),
        ({"kind": "something"}, "this is not a recipe"),
        (broken(version=2), "version 2"),
        (broken(domain="ffhq"), "for domain 'ffhq'"),
        (broken(sentences=None), "damaged"),
        (broken(sentences=[{"text": "a", "evil": 1}]), "damaged"),
        (broken(sentences=[{"text": 5}]), "must be text"),
        (broken(sentences=[{"text": "a", "strength": 1e9}]), "strength is 1e"),
        (broken(sentences=[{"text": "a"}] * 100), "holds 8 sentences"),
        (broken(threshold="x"), "threshold is 'x'"),
        (broken(sample={"seed": -1}), "seed is -1"),
        (broken(sample=None), "damaged"),
        (broken(groups=None), "damaged"),
        (broken(faces={"codes": {"s": {"shape": [1], "float32": "AAAA"}}}), "damaged|bytes"),
    ],
)
def test_a_damaged_recipe_is_refused_in_one_line(
    engine: Engine, recipe: object, message: str
) -> None:
    with pytest.raises(DeltaEditError, match=message) as caught:
        from_recipe(engine, recipe)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a recipe"),
        (b"\xff\xfe", "is not a recipe"),
        (b"[" * 100_000, "is not a recipe"),
        (encode_png(np.zeros((8, 8, 3), np.uint8)), "contains no recipe"),
        (b"\x89PNG nonsense", "contains no recipe"),
        (b" " * 20_000_001, "too large"),
    ],
)
def test_a_file_that_is_none_is_refused(engine: Engine, content: bytes, message: str) -> None:
    with pytest.raises(DeltaEditError, match=message):
        read_file(engine, "../x.json", content)


def test_the_saved_picture_is_the_picture(engine: Engine) -> None:
    saved = SAVERS["picture"](engine, STATE)
    array = np.asarray(Image.open(io.BytesIO(saved.content)))
    assert np.array_equal(array, to_uint8(engine.look(STATE).after))


def test_the_animation_starts_before_and_turns_at_after(engine: Engine) -> None:
    saved = SAVERS["animation"](engine, STATE)
    with Image.open(io.BytesIO(saved.content)) as movie:
        assert movie.n_frames == 22
        assert movie.info["loop"] == 0
        shown = []
        for k in (0, 11):
            movie.seek(k)
            shown.append(np.asarray(movie.convert("RGB"), dtype=float))
    look = engine.look(STATE)
    for array, picture in zip(shown, (look.before, look.after), strict=True):
        # 256 colours for all frames of a random network's noise
        assert np.abs(array - to_uint8(picture)).mean() < 12


def test_files_are_never_written_over(tmp_path: Path) -> None:
    saved = Saved("picture.png", b"one", "image/png")
    paths = [save_to(tmp_path / "new", saved) for _ in range(3)]
    assert [path.name for path in paths] == ["picture.png", "picture-2.png", "picture-3.png"]
    assert all(path.read_bytes() == b"one" for path in paths)
    (tmp_path / "file").write_text("")
    with pytest.raises(DeltaEditError, match="cannot write to"):
        save_to(tmp_path / "file", saved)


def test_a_folder_of_nobody_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert save_to("~nosuchuser/a", Saved("p.json", b"{}", "application/json")).exists()


def test_a_full_disk_leaves_no_half_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DeltaEditError, match="No space left"):
        save_to(tmp_path, Saved("picture.png", b"one", "image/png"))
    assert not list(tmp_path.iterdir())


def test_the_grid_shows_every_face_of_the_strip(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the fifth and sixth: whoever edits one of them saves it too."""
    from deltaedit_kit.labs.studio import plots as studio

    asked: list[list[list[np.ndarray]]] = []
    monkeypatch.setattr(studio, "grid", lambda lines, *_rest, **_more: asked.append(lines))
    state = StudioState.first(engine.domain.spec).pick(STRIP - 1)
    studio.studio_figure(engine, state)
    before, after = asked[0]
    assert len(before) == len(after) == STRIP
    assert np.array_equal(after[-1], to_uint8(engine.look(state).after))
