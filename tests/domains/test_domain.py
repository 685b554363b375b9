"""Sampling is a function of its arguments, and codes know where they belong."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from deltaedit_kit.device import usable_device
from deltaedit_kit.domain import Domain, pictures_a_pass
from deltaedit_kit.editor import Editor
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.faces import Faces, SampleOrigin
from deltaedit_kit.io.loading import load_domain
from deltaedit_kit.toyfaces import render, sample_factors
from tests.tiny_domain import CLIP_WIDTH, SPEC, WIDTH, tiny_domain

SAMPLED = sample_factors(3, seed=1)
DRAWN = render(SAMPLED, 32)
SAMPLED_PORTRAITS = render(SAMPLED)


@pytest.fixture(scope="module")
def domain() -> Domain:
    return tiny_domain()


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
    assert torch.allclose(faces.clip, domain.clip.encode_images(raw), atol=1e-5)
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


def test_codes_that_are_no_tensors_are_refused(domain: Domain) -> None:
    faces = domain.sample(1)
    for s, w_plus in ((faces.s.numpy(), faces.w_plus), (faces.s, faces.w_plus.tolist())):
        with pytest.raises(DeltaEditError, match=r"torch\.as_tensor"):
            domain.faces_from(s, w_plus)


def test_faces_of_unequal_numbers_are_refused(domain: Domain) -> None:
    faces = domain.sample(2)
    with pytest.raises(DeltaEditError, match="same number"):
        Faces(faces.s, faces.w_plus[:1], faces.clip, faces.images, "tiny")


def test_networks_load_at_first_use_and_once() -> None:
    domain = tiny_domain()
    loaded: list[str] = []
    networks = domain._networks
    domain._networks = replace(
        networks,
        generator=lambda: (loaded.append("generator"), networks.generator())[1],
        clip=lambda: (loaded.append("clip"), networks.clip())[1],
    )
    assert "tiny" in repr(domain)
    assert loaded == []
    _ = domain.layout, domain.generator
    assert loaded == ["generator"]
    domain.sample(1)
    domain.sample(1)
    assert loaded == ["generator", "clip"]
    assert all(not p.requires_grad for p in domain.generator.parameters())


def test_relevance_of_other_sizes_is_refused() -> None:
    domain = tiny_domain()
    domain._networks = replace(domain._networks, relevance=lambda: torch.ones(5, CLIP_WIDTH))
    with pytest.raises(DeltaEditError, match=r"is \[5, 12\]"):
        _ = domain.relevance


def test_devices() -> None:
    assert usable_device("cpu") == torch.device("cpu")
    with pytest.raises(DeltaEditError, match="unknown device 'gpu'"):
        usable_device("gpu")
    if not torch.cuda.is_available():
        with pytest.raises(DeltaEditError, match="no CUDA"):
            Domain(SPEC, tiny_domain()._networks, device="cuda")


@pytest.mark.parametrize("device", ["meta", "cuda:99", "mps"])
def test_a_device_that_is_not_there_is_refused(device: str) -> None:
    if device == "mps" and torch.backends.mps.is_available():
        pytest.skip("this machine has one")
    with pytest.raises(DeltaEditError, match="'cpu'"):
        usable_device(device)


def test_networks_that_load_under_inference_mode_can_be_differentiated() -> None:
    domain = tiny_domain()
    with torch.inference_mode():
        _ = domain.sample(1), domain.mapper, domain.relevance
    faces = domain.sample(1)
    s = faces.s.clone().requires_grad_(True)
    picture = domain.generator.synthesize(s, faces.w_plus)
    domain.clip.encode_images(picture)[0, 0].backward()
    assert s.grad is not None
    assert s.grad.abs().sum() > 0


def test_pictures_a_pass_keep_to_their_memory() -> None:
    passes = {size: pictures_a_pass(size) for size in (128, 256, 512, 1024)}
    assert passes == {128: 32, 256: 32, 512: 8, 1024: 2}


def test_a_domain_tells_its_factors_and_attributes(toyfaces: Domain) -> None:
    assert toyfaces.read_factors is not None
    read = toyfaces.read_factors(toyfaces.sample(1).images)
    assert read.shape == (1, len(toyfaces.factors))
    asked = toyfaces.attributes["glasses"]
    assert asked.factor in toyfaces.factors
    assert bool(asked.holds(torch.tensor(asked.target)))
    plain = tiny_domain(oracle=False)
    assert (plain.factors, dict(plain.attributes), plain.read_factors) == ((), {}, None)


def test_the_direction_of_a_sentence_uses_the_domains_neutral_and_templates(domain: Domain) -> None:
    spec = domain.spec
    expected = domain.clip.delta_text("an old face", spec.neutral, spec.templates or None)
    assert torch.equal(domain.delta_text("an old face"), expected)
    other = domain.clip.delta_text("an old face", "a young face", None)
    assert torch.equal(domain.delta_text("an old face", "a young face"), other)
    with pytest.raises(DeltaEditError, match="says the same"):
        domain.delta_text(spec.neutral)


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


def test_a_fingerprint_follows_the_networks_it_names() -> None:
    domain = tiny_domain()
    names = ("generator", "clip", "text", "mean_w", "mapper", "relevance")
    fingerprints = {name: domain.fingerprint(name) for name in names}
    assert domain.fingerprint() == domain.fingerprint("generator", "clip")
    assert domain.fingerprint() == tiny_domain().fingerprint() != tiny_domain("o", 1).fingerprint()
    other = tiny_domain()
    with torch.no_grad():
        other.clip.model.token_embedding.weight += 1
        other.mapper.cm_fine.mapping[1].bias += 1
    changed = {name for name in names if other.fingerprint(name) != fingerprints[name]}
    assert changed == {"text", "mapper"}
    assert domain.fingerprint("identity") == domain.fingerprint("oracle") == "00000000"
    with pytest.raises(DeltaEditError, match="no network 'mappper'"):
        domain.fingerprint("mappper")


@pytest.fixture
def other_defaults() -> Iterator[None]:
    yield
    torch.set_default_dtype(torch.float32)
    torch.set_default_device("cpu")


@pytest.mark.usefixtures("other_defaults")
@pytest.mark.parametrize("setting", [torch.float64, torch.bfloat16, torch.float16, "meta"])
def test_what_the_notebook_set_for_torch_changes_no_face(setting: object) -> None:
    """The networks are loaded anew under it: in which dtype they are made is part of the fault."""
    plain = tiny_domain()
    faces = plain.sample(2, seed=0)
    edit = Editor(plain).edit(faces, "an old face")
    if isinstance(setting, torch.dtype):
        torch.set_default_dtype(setting)
    else:
        torch.set_default_device(setting)
    domain = tiny_domain()
    again = domain.sample(2, seed=0)
    assert torch.equal(again.images, faces.images)
    assert torch.equal(again.clip, faces.clip)
    after = Editor(domain).edit(again, "an old face").after
    assert (after.dtype, after.device.type) == (torch.float32, "cpu")
    assert torch.equal(after, edit.after)
    assert torch.equal(Editor(domain).replay(edit.recipe).after, edit.after)
    assert domain.fingerprint("mapper", "relevance") == plain.fingerprint("mapper", "relevance")
    assert torch.equal(sample_factors(3, seed=1), SAMPLED)
    assert torch.equal(render(SAMPLED, 32), DRAWN)
    if isinstance(setting, torch.dtype):
        assert torch.get_default_dtype() == setting


@pytest.mark.parametrize("network", ["mapper", "relevance"])
@pytest.mark.parametrize("wrong", [{"domain": "lsun-church"}, {"networks": "0123abcd"}])
def test_a_network_made_for_another_domain_is_refused(network: str, wrong: dict[str, str]) -> None:
    domain = tiny_domain()
    own = {"domain": "an older name", "networks": domain.fingerprint(), "method": "any"}
    domain._networks = replace(domain._networks, header=lambda name: own)
    assert getattr(domain, network) is not None
    other = tiny_domain()
    other._networks = replace(other._networks, header=lambda name: wrong if name == network else {})
    with pytest.raises(DeltaEditError, match=f"the {network} of 'tiny' was made for") as caught:
        getattr(other, network)
    assert next(iter(wrong.values())) in str(caught.value)


def test_another_mapper_shares_everything_else(domain: Domain) -> None:
    other = tiny_domain(weights_seed=3).mapper
    copied = domain.with_mapper(other)
    assert copied.mapper is other
    assert domain.mapper is not other
    assert copied.generator is domain.generator
    assert copied.fingerprint("mapper") != domain.fingerprint("mapper")
    assert copied.fingerprint() == domain.fingerprint()


def test_the_first_use_of_any_network_leaves_random_numbers_alone() -> None:
    """Networks that read pictures load at their first call, so they are called here."""
    for network in ("inversion", "identity", "read_factors"):
        domain = load_domain("toyfaces")
        portraits = torch.zeros(1, 3, 128, 128)
        torch.manual_seed(3)
        before = torch.get_rng_state()
        getattr(domain, network)(portraits)
        assert torch.equal(torch.get_rng_state(), before), network


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda x: (x + 1) * 127.5, "as bytes do"),
        (lambda x: ((x + 1) * 127.5).byte(), "uint8"),
        (lambda x: x * math.nan, "NaN"),
        (lambda x: x[0], r"picture\[None\]"),
        (lambda x: x.numpy(), "ndarray"),
    ],
)
@pytest.mark.parametrize("network", ["clip", "oracle", "inversion", "identity"])
def test_whatever_looks_at_pictures_refuses_other_units(
    toyfaces: Domain, network: str, change: Callable[[torch.Tensor], object], word: str
) -> None:
    portraits = SAMPLED_PORTRAITS
    look = {
        "clip": toyfaces.clip.encode_images,
        "oracle": toyfaces.read_factors,
        "inversion": toyfaces.inversion,
        "identity": toyfaces.identity,
    }[network]
    assert len(look(portraits)) == 3
    assert len(look(portraits.half())) == 3
    assert len(look(portraits * 1.05)) == 3  # as a generator draws it
    with pytest.raises(DeltaEditError, match=f"pictures .*{word}"):
        look(change(portraits))


def test_a_network_of_any_domain_that_reads_pictures_is_guarded() -> None:
    domain = tiny_domain()
    domain._networks = replace(domain._networks, identity=torch.nn.Identity)
    assert domain.identity is not None
    with pytest.raises(DeltaEditError, match="as bytes do"):
        domain.identity(torch.full((1, 3, 64, 64), 200.0))


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
    with pytest.raises(DeltaEditError, match="ndarray"):
        domain.draw(*(given | {codes: given[codes].numpy()}).values())
    for wrong in (given[codes] * math.inf, given[codes].long(), given[codes].half() * 1e5):
        with pytest.raises(DeltaEditError, match=codes.replace("+", r"\+")):
            domain.faces_from(*(given | {codes: wrong}).values())
