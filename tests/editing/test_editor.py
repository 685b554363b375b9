"""The edit follows its four equations, in one pass, and refuses what it cannot do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.editor import Edit, Editor
from deltaedit_kit.support.errors import DeltaEditError
from tests.tiny_domain import tiny_domain

TEXTS = ["face with glasses", "a smiling face", "an old face with a beard"]


@pytest.fixture(scope="module")
def domain() -> Domain:
    return tiny_domain()


@pytest.fixture(scope="module")
def faces(domain: Domain) -> Faces:
    return domain.sample(2, seed=0)


@pytest.fixture(scope="module")
def editor(domain: Domain) -> Editor:
    return Editor(domain)


def test_one_text_has_no_target_dimension(editor: Editor, faces: Faces) -> None:
    edit = editor.edit(faces, TEXTS[0])
    total = faces.s.shape[1]
    assert isinstance(edit, Edit)
    assert torch.equal(edit.before, faces.images)
    assert edit.after.shape == faces.images.shape
    assert edit.delta_s.shape == faces.s.shape
    assert edit.kept.shape == (total,)
    assert edit.kept.dtype == torch.bool
    assert not edit.several
    assert not edit.after.requires_grad
    assert not torch.allclose(edit.after, edit.before, atol=1e-3)


def test_the_edit_is_its_equations(editor: Editor, faces: Faces) -> None:
    """Every step again, written out with the parts alone."""
    domain, threshold, strength = editor.domain, 0.05, 1.7
    edit = editor.edit(faces, TEXTS[0], neutral="a face", strength=strength, threshold=threshold)
    target, neutral = domain.clip.encode_texts([TEXTS[0], "a face"])
    delta_t = target - neutral
    kept = (domain.relevance @ delta_t).abs() >= threshold
    direction = (delta_t / delta_t.norm()).expand(len(faces), -1)
    with torch.no_grad():
        delta_s = domain.mapper(faces.s, faces.clip, direction) * kept
        after = domain.generator.synthesize(faces.s + strength * delta_s, faces.w_plus)
    assert 0 < kept.sum() < kept.numel()
    assert torch.equal(edit.kept, kept)
    assert torch.allclose(edit.delta_s, delta_s, atol=1e-5)
    assert torch.allclose(edit.after, after.clamp(-1, 1), atol=1e-4)
    assert (edit.delta_s[:, ~kept] == 0).all()


def test_several_targets_are_the_single_ones_stacked(editor: Editor, faces: Faces) -> None:
    together = editor.edit(faces, TEXTS, strength=0.5)
    assert together.several
    assert together.texts == tuple(TEXTS)
    assert together.after.shape == (3, *faces.images.shape)
    assert together.delta_s.shape == (3, *faces.s.shape)
    assert together.kept.shape == (3, faces.s.shape[1])
    for number, text in enumerate(TEXTS):
        alone = editor.edit(faces, text, strength=0.5)
        assert torch.allclose(together.after[number], alone.after, atol=1e-4)
        assert torch.allclose(together.delta_s[number], alone.delta_s, atol=1e-5)
        assert torch.equal(together.kept[number], alone.kept)


def test_several_targets_take_one_mapper_pass(domain: Domain, faces: Faces) -> None:
    calls: list[int] = []
    hook = domain.mapper.register_forward_hook(lambda _m, inputs, _o: calls.append(len(inputs[0])))
    Editor(domain).edit(faces, TEXTS)
    hook.remove()
    assert calls == [len(TEXTS) * len(faces)]


def test_a_list_of_one_keeps_its_dimension(editor: Editor, faces: Faces) -> None:
    assert editor.edit(faces, [TEXTS[0]]).after.shape == (1, *faces.images.shape)
    assert editor.edit(faces, (TEXTS[0],)).several


def test_strength_scales_s_and_zero_does_nothing(editor: Editor, faces: Faces) -> None:
    zero = editor.edit(faces, TEXTS[0], strength=0)
    assert torch.allclose(zero.after, zero.before, atol=1e-5)
    plus, minus = (editor.edit(faces, TEXTS[0], strength=s) for s in (1.0, -1.0))
    assert torch.equal(plus.delta_s, minus.delta_s)  # Δs itself is at strength 1
    assert not torch.allclose(plus.after, minus.after, atol=1e-3)


def test_a_high_threshold_leaves_the_faces_alone(editor: Editor, faces: Faces) -> None:
    edit = editor.edit(faces, TEXTS[0], threshold=10.0)
    assert not edit.kept.any()
    assert torch.allclose(edit.after, edit.before, atol=1e-5)
    assert editor.edit(faces, TEXTS[0], threshold=0.0).kept.all()


def test_defaults_come_from_the_domain(faces: Faces) -> None:
    domain = tiny_domain()
    domain.spec = replace(domain.spec, threshold=0.04, strength=1.5, neutral="picture")
    recipe = Editor(domain).edit(faces, TEXTS[0]).recipe
    assert (recipe["threshold"], recipe["strength"], recipe["neutral"]) == (0.04, 1.5, "picture")


def test_oracle_reads_before_and_after(editor: Editor, faces: Faces) -> None:
    edit = editor.edit(faces, TEXTS)
    assert edit.factors_before is not None
    assert edit.factors_after is not None
    assert edit.factors_before.shape == (2, 2)
    assert edit.factors_after.shape == (3, 2, 2)
    assert torch.allclose(edit.factors_after[1, 0], edit.after[1, 0].mean((1, 2))[:2])
    without = Editor(tiny_domain(oracle=False)).edit(faces, TEXTS[0])
    assert without.factors_before is None
    assert without.factors_after is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        *(
            ({"strength": wrong}, r"strength is .*; give a finite number")
            for wrong in (math.nan, math.inf, "strong", object(), [1.0])
        ),
        ({"strength": 3e38}, r"at strength 3e\+38; give a smaller one"),
        *(
            ({"threshold": wrong}, r"threshold is .*; give a finite number >= 0")
            for wrong in (math.nan, -0.1, math.inf, "low")
        ),
        *(({"neutral": wrong}, ".") for wrong in ("", b"face", 3, "word " * 300)),
        ({"neutral": 1.5}, r"neutral is a float; .*strength=1\.0"),
        ({"neutral": TEXTS[0]}, "says the same as the neutral"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    editor: Editor, faces: Faces, settings: dict, words: str
) -> None:
    with pytest.raises(DeltaEditError, match=words):
        editor.edit(faces, TEXTS[0], **settings)


@pytest.mark.parametrize(
    "text", ["", "   ", b"glasses", "\x00\x01\x02", "word " * 300, None, 7, [], [""], ["a", 3], {}]
)
def test_texts_that_are_no_sentence_are_refused(editor: Editor, faces: Faces, text: object) -> None:
    with pytest.raises(DeltaEditError) as caught:
        editor.edit(faces, text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_faces_of_another_domain_are_refused(editor: Editor, faces: Faces) -> None:
    other = tiny_domain(name="tiny-cats").sample(1)
    with pytest.raises(DeltaEditError, match="codes of domain 'tiny-cats'"):
        editor.edit(other, TEXTS[0])
    with pytest.raises(DeltaEditError, match="faces is a Tensor; give Faces"):
        editor.edit(faces.images, TEXTS[0])
    with pytest.raises(DeltaEditError, match=r"load_domain\('toyfaces'\)"):
        Editor("toyfaces")  # pyright: ignore[reportArgumentType]


def test_a_selected_face_is_edited_like_in_the_batch(editor: Editor, faces: Faces) -> None:
    alone, batch = editor.edit(faces.select(1), TEXTS[0]), editor.edit(faces, TEXTS[0])
    assert torch.allclose(alone.after[0], batch.after[1], atol=1e-4)


CASTS = (torch.Tensor.double, torch.Tensor.half)


@pytest.mark.parametrize(
    ("field", "change", "word"),
    [
        *(("s", kind, r"use domain\.faces_from") for kind in (*CASTS, lambda x: x.to("meta"))),
        ("s", lambda x: x.numpy(), "give a tensor"),
        ("s", lambda x: x[:, :-1], "sample the faces again"),
        ("s", lambda x: x * math.nan, "holds NaN"),
        ("images", lambda x: (x + 1) * 127.5, "as bytes do"),
        ("images", lambda x: x * 1.1 + 0.2, r"in \[-1, 1\]"),
        ("images", lambda x: x * math.nan, "NaN"),
        ("clip", lambda x: x * 3, "3 long, not 1"),
        ("clip", lambda x: x * 0, "0 long, not 1"),
        ("clip", lambda x: x[:, 1:], r"need \[n, 12\]"),
        ("w_plus", lambda x: x * math.inf, "NaN or infinity"),
        ("w_plus", lambda x: x[:, :3], r"need \[n, "),
    ],
)
def test_pictures_and_codes_out_of_their_units_are_refused(
    editor: Editor,
    faces: Faces,
    field: str,
    change: Callable[[torch.Tensor], torch.Tensor],
    word: str,
) -> None:
    wrong = replace(faces, **{field: change(getattr(faces, field))})
    with pytest.raises(DeltaEditError, match=rf"faces\.{field}.*{word}"):
        editor.edit(wrong, "a smiling face")


def test_autocast_of_the_caller_decides_no_channel(editor: Editor, faces: Faces) -> None:
    plain = editor.edit(faces, "a smiling face", threshold=0.1)
    with torch.autocast("cpu", torch.bfloat16):
        cast = editor.edit(faces, "a smiling face", threshold=0.1)
    assert torch.equal(cast.kept, plain.kept)
    assert torch.equal(cast.delta_s, plain.delta_s)
