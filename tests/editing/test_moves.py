"""What texts ask for, without a picture: the parts that an edit is made of."""

from __future__ import annotations

import pytest
import torch

from deltaedit_kit.editor import Editor
from deltaedit_kit.support.errors import DeltaEditError
from tests.tiny_domain import tiny_domain

TEXTS = ["face with glasses", "a smiling face"]


def test_an_edit_is_its_moves_under_mask_and_strength() -> None:
    editor = Editor(tiny_domain())
    faces = editor.domain.sample(3, seed=4)
    moves = editor.moves(faces, TEXTS, neutral="a face")
    kept = editor.kept(moves, 0.05)
    edit = editor.edit(faces, TEXTS, neutral="a face", strength=0.7, threshold=0.05)
    assert moves.texts == tuple(TEXTS)
    assert moves.delta_s.shape == (2, 3, faces.s.shape[1])
    assert 0 < kept.sum() < kept.numel()
    assert torch.equal(kept, edit.kept)
    assert torch.equal(moves.delta_s * kept[:, None], edit.delta_s)


def test_moves_of_one_text_keep_the_first_dimension() -> None:
    editor = Editor(tiny_domain())
    faces = editor.domain.sample(1, seed=0)
    alone = editor.moves(faces, TEXTS[0])
    both = editor.moves(faces, TEXTS)
    assert alone.delta_s.shape == (1, 1, faces.s.shape[1])
    assert torch.allclose(alone.delta_s[0], both.delta_s[0], atol=1e-5)
    assert torch.allclose(alone.delta_t[0], both.delta_t[0], atol=1e-6)


def test_moves_refuse_what_edit_refuses() -> None:
    editor = Editor(tiny_domain())
    faces = editor.domain.sample(1, seed=0)
    with pytest.raises(DeltaEditError, match="the text is empty"):
        editor.moves(faces, ["fine", " "])
    with pytest.raises(DeltaEditError, match="give Faces"):
        editor.moves(faces.s, "fine")  # type: ignore[arg-type]
    moves = editor.moves(faces, "fine")
    with pytest.raises(DeltaEditError, match="threshold is -1"):
        editor.kept(moves, -1)
