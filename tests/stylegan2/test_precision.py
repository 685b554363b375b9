"""The synthesis beside the published algorithm, and in 16 bits beside 32."""

from __future__ import annotations

import pytest
import torch

from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.support.device import computing
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
