"""16 bits at the high resolutions: close to 32 bits, and finite where float16 would overflow."""

from __future__ import annotations

import pytest
import torch

from deltaedit_kit.device import computing
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.stylegan2 import Generator, Precision
from tests.stylegan2 import reference

CHANNELS = {4: 16, 8: 16, 16: 12, 32: 8, 64: 8}


@pytest.fixture
def generator() -> Generator:
    made = Generator(64, CHANNELS, style_dim=16, mapping_layers=2).eval().requires_grad_(False)
    for layer in made.layers:
        layer.conv.noise.weight.fill_(0.1)
    return made


def codes(generator: Generator, n: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    w_plus = generator.expand(generator.mapping(torch.randn(n, 16)))
    return generator.to_style(w_plus), w_plus


def relative_error(made: torch.Tensor, wanted: torch.Tensor) -> float:
    return ((made - wanted).norm() / wanted.norm()).item()


def test_the_synthesis_equals_the_published_algorithm(generator: Generator) -> None:
    s, w_plus = codes(generator)
    s = s + 0.3 * torch.randn_like(s)
    assert (
        relative_error(generator.synthesize(s, w_plus), reference.synthesize(generator, s, w_plus))
        < 1e-5
    )


def test_gradients_equal_those_of_the_published_algorithm(generator: Generator) -> None:
    s, w_plus = codes(generator)
    gradients = []
    for draw in (generator.synthesize, lambda s, w: reference.synthesize(generator, s, w)):
        own = s.clone().requires_grad_(True)
        draw(own, w_plus).square().mean().backward()
        gradients.append(own.grad)
    assert relative_error(gradients[0], gradients[1]) < 1e-4


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float16, 2e-3), (torch.bfloat16, 2e-2)])
def test_16_bits_stay_within_their_rounding(
    generator: Generator, dtype: torch.dtype, bound: float
) -> None:
    s, w_plus = codes(generator)
    wanted = generator.synthesize(s, w_plus)
    generator.precision = Precision.published(64, dtype)
    made = generator.synthesize(s, w_plus)
    assert made.dtype == torch.float32
    assert 0 < relative_error(made, wanted) < bound  # 0 would mean that nothing was rounded


def test_only_the_high_resolutions_are_rounded(generator: Generator) -> None:
    generator.precision = Precision(torch.bfloat16, from_resolution=32)
    s, w_plus = codes(generator)
    before = [generator.state_before(k, s, w_plus) for k in range(len(generator.layers))]
    for state, layer in zip(before[1:], generator.layers, strict=False):
        assert state.features.dtype == (torch.bfloat16 if layer.resolution >= 32 else torch.float32)
    whole = generator.synthesize(s, w_plus)
    for k in (0, 4, 7):
        torch.testing.assert_close(generator.synthesize_from(k, *before[k], s, w_plus), whole)


def test_clamping_keeps_float16_finite(generator: Generator) -> None:
    generator.layers[6].conv.activate.bias.fill_(1e5)  # past the end of float16
    s, w_plus = codes(generator)
    generator.precision = Precision(torch.float16, from_resolution=32, clamp=256.0)
    assert generator.state_before(7, s, w_plus).features.max() == 256
    assert torch.isfinite(generator.synthesize(s, w_plus)).all()


def test_published_setting_covers_four_resolutions() -> None:
    assert Precision.published(1024).from_resolution == 128
    assert Precision.published(256).from_resolution == 32
    assert Precision.published(32).from_resolution == 8


def test_no_half_precision_is_refused() -> None:
    with pytest.raises(DeltaEditError, match=r"float16 or torch\.bfloat16"):
        Precision(torch.float32)
    with pytest.raises(DeltaEditError, match="clamp is 0"):
        Precision(clamp=0.0)


@pytest.mark.parametrize(("name", "bound"), [("bfloat16", 3e-2), ("float16", 4e-3)])
def test_fast_differs_from_float32_by_rounding_only(
    generator: Generator, monkeypatch: pytest.MonkeyPatch, name: str, bound: float
) -> None:
    s, w_plus = codes(generator)
    wanted = generator.synthesize(s, w_plus)
    monkeypatch.setenv("DELTAEDIT_PRECISION", name)
    with computing("cpu", fast=True):
        made = generator.synthesize(s, w_plus)
    assert made.dtype == torch.float32
    assert 0 < relative_error(made, wanted) < bound
    with computing("cpu", fast=False):
        assert torch.equal(generator.synthesize(s, w_plus), wanted)
