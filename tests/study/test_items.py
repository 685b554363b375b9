"""Pairs of pictures: each method's own, on the same face, and refused when broken."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import pytest
import torch

from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.editor import Editor
from deltaedit_kit.labs.study.items import make_items, shuffled_tiles
from deltaedit_kit.labs.study.oracle_raters import from_png
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.pictures import encode_png
from tests.tiny_domain import tiny_domain

DOMAIN = tiny_domain()
FACES = DOMAIN.sample(2, seed=0)
EDIT = Editor(DOMAIN).edit
METHODS = {"whole": EDIT, "half": partial(EDIT, strength=0.5), "wide": partial(EDIT, strength=2.0)}
SENTENCES = ["face with glasses", "an old face", "a smiling face"]


def test_every_pair_of_methods_on_every_sentence() -> None:
    items = make_items(METHODS, FACES, SENTENCES)
    pairs = [("whole", "half"), ("whole", "wide"), ("half", "wide")]
    assert [(i.first, i.second) for i in items] == pairs * 3
    assert [i.sentence for i in items] == [s for s in SENTENCES for _ in pairs]
    assert [i.face for i in items] == ["face 0"] * 3 + ["face 1"] * 3 + ["face 0"] * 3


def test_pictures_are_those_that_the_methods_make() -> None:
    item = make_items(METHODS, FACES, SENTENCES)[4]  # "an old face" on face 1, whole against wide
    face = FACES.select(1)
    assert item.before_png == encode_png(face.images[0])
    assert item.first_png == encode_png(EDIT(face, "an old face").after[0])
    assert item.second_png == encode_png(EDIT(face, "an old face", strength=2.0).after[0])
    assert item.intact_png == item.first_png != item.shuffled_png


def test_a_png_comes_back_as_the_picture() -> None:
    picture = FACES.images[0].clamp(-1, 1)
    assert (from_png(encode_png(picture)) - picture).abs().max() <= 1 / 255 + 1e-6


def test_shuffled_tiles_keep_every_pixel_and_leave_no_tile_in_place() -> None:
    picture = torch.arange(3 * 64 * 64, dtype=torch.float32).view(3, 64, 64)
    mixed = shuffled_tiles(picture, torch.Generator().manual_seed(0))
    assert torch.equal(mixed.flatten().sort().values, picture.flatten())
    moved = (mixed != picture).view(3, 4, 16, 4, 16)
    assert moved.all()
    inside = mixed[:, :16, :16]  # a tile is moved as a whole
    assert torch.equal(inside[0, 1] - inside[0, 0], torch.full((16,), 64.0))


def broken(change: Callable[[torch.Tensor], object]) -> dict:
    def method(faces: Faces, text: str) -> SimpleNamespace:
        return SimpleNamespace(after=change(EDIT(faces, text).after))

    return {"whole": EDIT, "broken": method}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: x * float("nan"), "'broken' for 'an old face' hold NaN"),
        (lambda x: x[:, :, ::2], r"'broken' made \[1, 3, 32, 64\] of a face"),
        (lambda x: x[0], "made .* of a face"),
        (lambda x: (x + 1) * 127.5, "'broken' .* as bytes do"),
        (lambda _: None, "made NoneType of a face"),
    ],
)
def test_a_broken_picture_reaches_no_participant(change: Callable, words: str) -> None:
    with pytest.raises(DeltaEditError, match=words):
        make_items(broken(change), FACES, ["an old face"])


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(DeltaEditError, match="1 methods cannot be compared"):
        make_items({"whole": EDIT}, FACES, SENTENCES)
    for sentences in ([], "an old face"):
        with pytest.raises(DeltaEditError, match="give a list"):
            make_items(METHODS, FACES, sentences)
    with pytest.raises(DeltaEditError, match="CLIP reads"):
        make_items(METHODS, FACES, ["smile " * 400])
