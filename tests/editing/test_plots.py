"""Figures: the right pixels in the right cell, labels as they were typed, recipes on board."""

from __future__ import annotations

import io
import os
import struct
import warnings
import zlib
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from deltaedit_kit.editor import Editor
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.pictures import (
    FAINT,
    INK,
    RECIPE_KEY,
    encode_png,
    grid,
    read_recipe,
    sample_figure,
    save_figure,
    to_uint8,
)
from tests.tiny_domain import tiny_domain

DOMAIN = tiny_domain()
EDITOR = Editor(DOMAIN)
TEXTS = ["face with glasses", "cost: $5 and x_1 \\frac", "an old face"]


def texts_of(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


def test_levels_of_the_screen() -> None:
    levels = torch.tensor([-1.0, 1.0, 0.0, -7.0, 7.0])
    pictures = levels[:, None, None, None].expand(5, 3, 2, 2)
    shown = to_uint8(pictures)
    assert shown.shape == (5, 2, 2, 3)
    assert shown.dtype == np.uint8
    assert shown[:, 0, 0, 0].tolist() == [0, 255, 128, 0, 255]


def test_png_bytes_round_trip() -> None:
    picture = torch.rand(3, 6, 4) * 2 - 1
    read = matplotlib.image.imread(io.BytesIO(encode_png(picture, zoom=3)), format="png")
    assert read.shape[:2] == (18, 12)
    assert np.allclose(read[::3, ::3, :3], to_uint8(picture) / 255, atol=1e-6)


@pytest.mark.parametrize(("faces", "texts"), [(2, 3), (3, 2), (1, 1), (4, 1)])
def test_every_picture_stands_under_or_beside_its_label(faces: int, texts: int) -> None:
    edit = EDITOR.edit(DOMAIN.sample(faces), TEXTS[:texts])
    figure = edit.figure()
    images = [axis.images[0].get_array() for axis in figure.axes]
    assert len(images) == faces * (texts + 1)
    lines = np.stack([to_uint8(edit.before), *to_uint8(edit.after)])  # [T + 1, n, H, W, 3]
    columns = texts >= faces
    order = lines.swapaxes(0, 1) if columns else lines  # figure.axes runs row by row
    assert np.array_equal(np.stack(images), order.reshape(-1, *order.shape[2:]))
    labels = [" ".join(text.split()) for text in texts_of(figure)]
    assert "before" in labels
    assert all(text in labels for text in TEXTS[:texts])
    assert any("strength 1" in text and "neutral “face”" in text for text in labels)


def test_figure_of_one_text_shows_itself() -> None:
    figure = EDITOR.edit(DOMAIN.sample(2), "an old face").figure()
    picture, words = figure._repr_jpeg_()
    assert picture.startswith(b"\xff\xd8")
    assert matplotlib.image.imread(io.BytesIO(picture), format="jpeg").std() > 10
    assert "an old face" in words["alt"]


def test_strange_labels_are_drawn_without_a_warning(tmp_path: Path) -> None:
    strange = ["😀 face", "وجه مبتسم", "$\\frac$ \x07 bell", "a" * 40, "long words " * 3]
    edit = EDITOR.edit(DOMAIN.sample(1), "an old face")
    from deltaedit_kit.support.pictures import grid

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lines = [[to_uint8(edit.before)[0]]] * len(strange)
        for columns in (True, False):
            saved = save_figure(grid(lines, strange, "t", "n", columns), tmp_path / "a.png")
            assert saved.stat().st_size > 5000


def test_labels_do_not_overlap_each_other_or_leave_the_figure() -> None:
    long = "a face with a very long curly ginger beard and round glasses"
    edit = EDITOR.edit(DOMAIN.sample(2), [long, long, TEXTS[0]])
    for figure in (edit.figure(), EDITOR.edit(DOMAIN.sample(2), long).figure()):
        renderer = figure.canvas.get_renderer()
        figure.draw(renderer)
        drawn = [t for t in figure.findobj(matplotlib.text.Text) if t.get_text()]
        boxes = [text.get_window_extent(renderer) for text in drawn]
        for box in boxes:
            assert figure.bbox.x0 <= box.x0
            assert box.x1 <= figure.bbox.x1
        for first in range(len(boxes)):
            for second in range(first):
                assert not boxes[first].overlaps(boxes[second]), (drawn[first], drawn[second])


def test_sample_figure_numbers_the_faces() -> None:
    figure = sample_figure(DOMAIN.sample(10), "Ten", "seed 0")
    assert len([axis for axis in figure.axes if axis.images]) == 10
    assert {str(number) for number in range(10)} <= set(texts_of(figure))


@pytest.mark.parametrize("name", ["a.jpg", "b.pdf", "c.svg", "d.webp"])
def test_other_file_types(tmp_path: Path, name: str) -> None:
    edit = EDITOR.edit(DOMAIN.sample(1), "an old face")
    path = save_figure(edit.figure(), tmp_path / "deep" / "er" / name, edit.recipe)
    assert path.stat().st_size > 2000
    with pytest.raises(DeltaEditError, match=r"cannot read a recipe|carries no recipe"):
        read_recipe(path)


def test_recipe_travels_in_the_png(tmp_path: Path) -> None:
    edit = EDITOR.edit(DOMAIN.sample(1), "an old face")
    path = save_figure(edit.figure(), tmp_path / "a.png", edit.recipe)
    assert read_recipe(path) == edit.recipe
    bare = save_figure(edit.figure(), tmp_path / "b.png")
    for wrong in (bare, tmp_path / "missing.png"):
        with pytest.raises(DeltaEditError):
            read_recipe(wrong)


def test_a_full_disk_leaves_the_picture_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = EDITOR.edit(DOMAIN.sample(1), "an old face").figure()
    path = save_figure(figure, tmp_path / "a.svg")
    good = path.read_bytes()

    def full(target: Path, **_: object) -> None:
        target.write_bytes(good[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(figure, "savefig", full)
    with pytest.raises(DeltaEditError, match="No space left"):
        save_figure(figure, path)
    assert path.read_bytes() == good
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["noend", "a.exe", ".png/x", ""])
def test_places_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    figure = EDITOR.edit(DOMAIN.sample(1), "an old face").figure()
    with pytest.raises(DeltaEditError, match="cannot write"):
        save_figure(figure, tmp_path / name if name else "")


def test_only_what_was_not_edited_is_pale_and_columns_have_heads() -> None:
    picture = np.zeros((4, 4, 3), dtype=np.uint8)

    def colours(*labels: str) -> dict[str, str]:
        figure = grid([[picture, picture]] * len(labels), labels, "title", columns=False)
        texts = figure.findobj(matplotlib.text.Text)
        return {t.get_text(): t.get_color() for t in texts if t.get_text() in labels}

    assert colours("before", "old") == {"before": FAINT, "old": INK}
    assert colours("A", "B") == {"A": INK, "B": INK}
    headed = grid([[picture, picture]], ["A"], "title", columns=False, heads=["+5 σ", "as it was"])
    assert {"+5 σ", "as it was"} <= set(texts_of(headed))


def test_captions_stand_on_one_line_whatever_their_letters() -> None:
    picture = np.zeros((4, 4, 3), dtype=np.uint8)
    figure = grid([[picture]] * 2, ["a beard", "a gag"], "title")
    captions = [axis.texts[0] for axis in figure.axes]
    assert {(text.get_position(), text.get_va()) for text in captions} == {
        ((0.5, 1.06), "baseline")
    }


@pytest.mark.parametrize("wrong", ["pipe", "zeros", "deep", "huge", "a\0b.png", "~nobody/a.png"])
def test_a_recipe_is_looked_for_in_a_picture_file_only(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "a.png"
    if wrong == "pipe":
        os.mkfifo(path)  # opening it would wait for ever
    elif wrong == "deep":
        text = PngInfo()
        text.add_text(RECIPE_KEY, "[" * 200_000)
        Image.new("RGB", (8, 8)).save(path, pnginfo=text)
    elif wrong == "huge":
        Image.new("RGB", (8, 8)).save(path)
        content = path.read_bytes()
        header = b"IHDR" + struct.pack(">II", 60_000, 60_000) + content[24:29]
        rest = content[33:]
        path.write_bytes(content[:12] + header + struct.pack(">I", zlib.crc32(header)) + rest)
    with pytest.raises(DeltaEditError):
        read_recipe({"zeros": "/dev/zero"}.get(wrong, path if path.exists() else wrong))
