"""A mapping network that needs no training: what w shall know of a picture is solved for.

    w = m + P c(z),   P repeats the entries of the code c until w is full

m keeps w positive, where the last leaky ReLU is linear. Two layers can say w, and no descent is
needed to find them: the first holds hinges leaky(z_k - t) along every coordinate that names a
factor, the second is their ridge regression. No rotation mixes the entries, so that w can be read.
The synthesis learns on w - m (`fold_offset` puts m back): a constant three times as large as what
varies would fill the optimizer's averages.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.stylegan2.layers import EqualLinear
from deltaedit_kit.stylegan2.ops import LEAKY_GAIN

LAYERS = 2
KNOTS = (-1.7, -0.9, 0.0, 0.9, 1.7)  # hinges t along a coordinate of z
OFFSET = 1.9  # m: w then is positive but for one value in a thousand
SPREAD = 0.58  # standard deviation of an entry of the code: that of 2 f - 1
SAMPLES = 30_000
RIDGE = 1e-3


def latents(width: int, seeded: torch.Generator) -> Tensor:
    """The z that the mapping is solved on, [SAMPLES, width]."""
    return torch.randn(SAMPLES, width, generator=seeded)


def hinges_of(factors: int) -> tuple[Tensor, Tensor]:
    """(columns of z, knots) of the first layer's units, the same for each factor."""
    return torch.arange(factors).repeat_interleave(len(KNOTS)), torch.tensor(KNOTS * factors)


@contextmanager
def on_the_cpu(*generators: Generator) -> Iterator[None]:
    """Generators moved to the CPU and back: least squares then are the same on every machine."""
    homes = [next(generator.parameters()).device for generator in generators]
    for generator in generators:
        generator.cpu()
    yield
    for generator, home in zip(generators, homes, strict=True):
        generator.to(home)


@torch.no_grad()
def solve(generator: Generator, z: Tensor, code: Tensor, columns: Tensor, knots: Tensor) -> float:
    """Set the two mapping layers so that z [n, Z] says code [n, c]; the rms error of w.

    An entry of `code` of unit deviation moves w by SPREAD. ToRGB layers get one style for every w:
    they are not part of s, and what they knew of a picture, no edit of s could change.
    """
    with on_the_cpu(generator):
        width = generator.style_dim
        entries = (code - code.mean(dim=0)) * SPREAD
        wanted = OFFSET + entries[:, torch.arange(width) % code.shape[1]]
        first, second = (layer for layer in generator.style if isinstance(layer, EqualLinear))
        weight, bias = torch.zeros(width, width), torch.zeros(width)
        weight[torch.arange(len(columns)), columns] = 1.0
        bias[: len(columns)] = -knots
        first.weight.copy_(weight / first.scale)
        first.bias.copy_(bias / first.lr_mul)

        bent = generator.style[1](generator.style[0](z))
        known = torch.cat((bent, torch.ones(len(z), 1)), dim=1)
        gram = known.T @ known + RIDGE * len(z) * torch.eye(width + 1)
        solution = torch.linalg.solve(gram, known.T @ (wanted / LEAKY_GAIN))
        second.weight.copy_(solution[:-1].T / second.scale)
        second.bias.copy_(solution[-1] / second.lr_mul)
        for layer in generator.layers:
            if layer.to_rgb is not None:
                layer.to_rgb.conv.modulation.weight.zero_()
        return (generator.style(z) - wanted).square().mean().sqrt().item()


@torch.no_grad()
def fold_offset(generator: Generator, offset: float = OFFSET) -> None:
    """Turn maps (w - m) -> s into maps w -> s, which is how a generator is saved and used.

    With `-OFFSET` it turns them back.
    """
    for layer in generator.layers:
        linear = layer.conv.conv.modulation
        linear.bias.sub_((linear.weight * linear.scale).sum(dim=1) * offset)
