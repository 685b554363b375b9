"""A domain loads its networks once, guards what they look at, and tells them from others."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch

from deltaedit_kit.clip_space import CLIP_MEAN, CLIP_STD
from deltaedit_kit.domain import Domain
from deltaedit_kit.editor import Editor
from deltaedit_kit.io.loading import load_domain
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces import render, sample_factors
from tests.tiny_domain import CLIP_WIDTH, tiny_domain

SAMPLED = sample_factors(3, seed=1)
DRAWN = render(SAMPLED, 32)
SAMPLED_PORTRAITS = render(SAMPLED)


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


def test_a_domain_on_no_device_is_refused(domain: Domain) -> None:
    with pytest.raises(DeltaEditError, match="unknown device 'gpu'"):
        Domain(domain.spec, domain._networks, device="gpu")


def test_networks_that_load_under_inference_mode_can_be_differentiated() -> None:
    domain = tiny_domain()
    with torch.inference_mode():
        _ = domain.sample(1), domain.mapper, domain.relevance
    faces = domain.sample(1)
    s = faces.s.clone().requires_grad_(True)
    picture = domain.generator.synthesize(s, faces.w_plus)
    domain.clip.encode_images(picture, drawn=True)[0, 0].backward()
    assert s.grad is not None
    assert s.grad.abs().sum() > 0


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
    expected = domain.clip.delta_texts(["an old face"], spec.neutral, spec.templates or None)[0]
    assert torch.equal(domain.delta_text("an old face"), expected)
    other = domain.clip.delta_texts(["an old face"], "a young face")[0]
    assert torch.equal(domain.delta_text("an old face", "a young face"), other)
    with pytest.raises(DeltaEditError, match="says the same"):
        domain.delta_text(spec.neutral)


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
    assert domain.clip.encode_texts(["an old face"]).dtype == torch.float32
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
    drawn = {"drawn": True} if network == "clip" else {}
    assert len(look(portraits * 1.05, **drawn)) == 3  # as a generator draws it
    with pytest.raises(DeltaEditError, match=f"pictures .*{word}"):
        look(change(portraits))


def test_pictures_that_were_normalised_or_centred_are_refused(toyfaces: Domain) -> None:
    mean, deviation = (torch.tensor(x).view(3, 1, 1) for x in (CLIP_MEAN, CLIP_STD))
    with pytest.raises(DeltaEditError, match="undo what scaled them"):
        toyfaces.clip.encode_images((SAMPLED_PORTRAITS * 0.5 + 0.5 - mean) / deviation)
    with pytest.raises(DeltaEditError, match="centred"):
        toyfaces.clip.encode_images(SAMPLED_PORTRAITS * 127.5)


def test_a_network_of_any_domain_that_reads_pictures_is_guarded() -> None:
    domain = tiny_domain()
    domain._networks = replace(domain._networks, identity=torch.nn.Identity)
    assert domain.identity is not None
    with pytest.raises(DeltaEditError, match="as bytes do"):
        domain.identity(torch.full((1, 3, 64, 64), 200.0))
