"""Sampling is a function of its arguments, and codes know where they belong."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from deltaedit_kit.domain import Domain, pictures_a_pass
from deltaedit_kit.domain.faces import Faces, SampleOrigin
from deltaedit_kit.support.errors import DeltaEditError
from tests.tiny_domain import CLIP_WIDTH, WIDTH


def test_shapes_ranges_and_units(domain: Domain) -> None:
    faces = domain.sample(3, seed=1)
    assert faces.s.shape == (3, domain.layout.total)
    assert faces.w_plus.shape == (3, domain.generator.latent_rows, WIDTH)
    assert faces.images.shape == (3, 3, 64, 64)
    assert faces.clip.shape == (3, CLIP_WIDTH)
    assert torch.allclose(faces.clip.norm(dim=1), torch.ones(3), atol=1e-5)
    assert faces.images.dtype == faces.s.dtype == torch.float32
    assert faces.domain == "tiny"
    assert faces.origin == SampleOrigin(1, 3, 0.7, (0, 1, 2))
    assert not faces.s.requires_grad


def test_pictures_are_limited_but_what_overflowed_does_not_pass_for_white(domain: Domain) -> None:
    faces = domain.sample(2, seed=1)
    raw = domain.generator.synthesize(faces.s, faces.w_plus)
    assert raw.abs().max() > 1  # this generator is untrained
    assert torch.allclose(faces.images, raw.clamp(-1, 1), atol=1e-4)
    assert torch.allclose(faces.clip, domain.clip.encode_images(raw, drawn=True), atol=1e-5)
    assert domain.draw(faces.s * 1e38, faces.w_plus).isnan().any()


def test_same_seed_same_faces_and_other_seed_other_faces(domain: Domain) -> None:
    first, again, other = domain.sample(2, 5), domain.sample(2, 5), domain.sample(2, 6)
    assert torch.equal(first.images, again.images)
    assert torch.equal(first.clip, again.clip)
    assert not torch.allclose(first.s, other.s)


def test_more_faces_only_add(domain: Domain) -> None:
    few, many = domain.sample(2, seed=3), domain.sample(40, seed=3)  # 40: more than one pass
    assert torch.allclose(few.s, many.s[:2], atol=1e-5)
    assert torch.allclose(few.images, many.images[:2], atol=1e-4)


def test_sampling_leaves_the_global_random_state_alone(domain: Domain) -> None:
    before = torch.random.get_rng_state()
    domain.sample(1, seed=9)
    assert torch.equal(before, torch.random.get_rng_state())


def test_truncation_zero_is_one_face(domain: Domain) -> None:
    faces = domain.sample(2, seed=0, truncation=0.0)
    assert torch.allclose(faces.s[0], faces.s[1], atol=1e-6)
    assert not torch.allclose(*domain.sample(2, seed=0, truncation=1.0).s, atol=1e-3)


@pytest.mark.parametrize("seed", [0, 2**32 - 1, np.int64(7), torch.tensor(7)])
def test_every_seed_in_range_is_taken(domain: Domain, seed: object) -> None:
    assert domain.sample(1, seed=seed).images.isfinite().all()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"n": 0}, "n is 0"),
        ({"n": -3}, "n is -3"),
        ({"n": 2.0}, "n is 2.0"),
        ({"n": True}, "n is True"),
        ({"n": 10**12}, "n is 1000000000000"),
        ({"n": "four"}, "n is 'four'"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**32}, "seed is 4294967296"),
        ({"seed": 10**5000}, "seed is a very long int"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"seed": None}, "seed is None"),
        ({"truncation": math.nan}, "truncation is nan"),
        ({"truncation": math.inf}, "truncation is inf"),
        ({"truncation": "much"}, "truncation is 'much'"),
    ],
)
def test_wrong_arguments_are_named(domain: Domain, arguments: dict, word: str) -> None:
    with pytest.raises(DeltaEditError, match="; give ") as caught:
        domain.sample(**{"n": 1, "seed": 0, **arguments})
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_select_keeps_rows_and_their_origin(domain: Domain) -> None:
    faces = domain.sample(4, seed=2)
    part = faces.select([3, 1]).select(1)
    assert len(part) == 1
    assert torch.equal(part.s[0], faces.s[1])
    assert torch.equal(part.images[0], faces.images[1])
    assert part.origin == SampleOrigin(2, 4, 0.7, (1,))
    for wrong in (4, -1, [], "1", 1.0):
        with pytest.raises(DeltaEditError):
            faces.select(wrong)


def test_faces_of_unequal_numbers_are_refused(domain: Domain) -> None:
    faces = domain.sample(2)
    with pytest.raises(DeltaEditError, match="same number"):
        Faces(faces.s, faces.w_plus[:1], faces.clip, faces.images, "tiny")


def test_w_is_drawn_in_one_place(domain: Domain, toyfaces: Domain) -> None:
    w = domain.sample_w(3, seed=4, truncation=0.7)
    assert torch.equal(domain.generator.expand(w), domain.sample(3, seed=4).w_plus)
    assert torch.allclose(w, domain.sample_w(5000, seed=4, truncation=0.7)[:3], atol=1e-5)
    related, unrelated = (toyfaces.sample_w(40, 0, correlated=size) for size in (4, 1))
    spread = [w.unflatten(0, (10, 4)).std(dim=1).mean() for w in (related, unrelated)]
    assert spread[0] < 0.7 * spread[1]
    with pytest.raises(DeltaEditError, match="correlated"):
        domain.sample_w(4, 0, correlated=4)
    with pytest.raises(DeltaEditError, match="correlated"):
        domain.sample_w(4, 0, correlated=0)


@pytest.mark.parametrize("codes", ["s", "w+"])
def test_codes_enter_as_floats_of_any_precision_but_finite(domain: Domain, codes: str) -> None:
    faces = domain.sample(1)
    given = {"s": faces.s, "w+": faces.w_plus}
    for dtype in (torch.float16, torch.float64):
        again = domain.faces_from(*(given | {codes: given[codes].to(dtype)}).values())
        assert again.s.dtype == again.w_plus.dtype == torch.float32
        assert torch.allclose(again.images, faces.images, atol=0.02)
        pictures = domain.draw(*(given | {codes: given[codes].to(dtype)}).values())
        assert torch.allclose(pictures, faces.images, atol=0.02)
    for way_in in (domain.draw, domain.faces_from):
        with pytest.raises(DeltaEditError, match=r"ndarray.*torch\.as_tensor"):
            way_in(*(given | {codes: given[codes].numpy()}).values())
    for wrong in (given[codes] * math.inf, given[codes].long(), given[codes].half() * 1e5):
        with pytest.raises(DeltaEditError, match=codes.replace("+", r"\+")):
            domain.faces_from(*(given | {codes: wrong}).values())


def test_pictures_a_pass_keep_to_their_memory() -> None:
    passes = {size: pictures_a_pass(size) for size in (128, 256, 512, 1024)}
    assert passes == {128: 32, 256: 32, 512: 8, 1024: 2}
