"""What w knows before a generator draws anything: the portrait, as a rotated linear code.

    w = m + Q c(f(z)),   c = [2 f - 1, 2 g - 1]

f are the factors that z stands for, g how much of the glasses can be seen, Q a random matrix with
orthonormal columns, m a constant that keeps w positive, where the last leaky ReLU is linear. Two
layers can say this, and no descent is needed to find them: the first holds hinges
leaky(z_k - t) along every coordinate that names a factor, the second is their ridge regression.
A mapping network that has to learn it from pictures blurs them: for a long time it tells the
synthesis layers only roughly where an eye is.
"""

import math

import torch
from torch import Tensor

from deltaedit_kit.domains.toyfaces.factors import FACTORS, GLASSES_SHARES, factors_from_z, index
from deltaedit_kit.domains.toyfaces.renderer.anatomy import anatomy
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.stylegan2.layers import EqualLinear

LAYERS = 2
HINGES = (-1.7, -0.9, 0.0, 0.9, 1.7)  # knots t along each coordinate of z
OFFSET = 1.9  # m: w then is positive but for one value in a thousand
SAMPLES = 30_000
RIDGE = 1e-3


def code_of(factors: Tensor) -> Tensor:
    """What w should know of a portrait: [n, K + 1] in [-1, 1], factors and seen glasses."""
    return torch.cat((factors, anatomy(factors).glasses.flatten(1)), dim=1) * 2 - 1


@torch.no_grad()
def solve_mapping(generator: Generator, seed: int) -> float:
    """Set the two mapping layers of `generator`; returns the rms error of w (w varies by 0.58)."""
    seeded = torch.Generator().manual_seed(seed)
    width = generator.style_dim
    z = torch.randn(SAMPLES, width, generator=seeded)
    code = code_of(factors_from_z(z))
    rotation, _ = torch.linalg.qr(torch.randn(width, code.shape[1], generator=seeded))
    wanted = OFFSET + code @ rotation.T * math.sqrt(width / code.shape[1])

    first, second = (layer for layer in generator.style if isinstance(layer, EqualLinear))
    places = [(column, knot) for column in range(len(FACTORS)) for knot in HINGES]
    # The frame of the glasses fades in within a narrow range of z, which gets knots of its own.
    below, between, _ = GLASSES_SHARES
    normal = torch.distributions.Normal(0.0, 1.0)
    for share in (below, below + between):
        knot = normal.icdf(torch.tensor(share)).item()
        places.append((index("glasses"), knot))
    columns = torch.tensor([column for column, _ in places])
    weight, bias = torch.zeros(width, width), torch.zeros(width)
    weight[torch.arange(len(places)), columns] = 1.0
    bias[: len(places)] = -torch.tensor([knot for _, knot in places])
    first.weight.copy_(weight / first.scale)
    first.bias.copy_(bias / first.lr_mul)

    hinges = generator.style[1](generator.style[0](z))
    known = torch.cat((hinges, torch.ones(SAMPLES, 1)), dim=1)
    gram = known.T @ known + RIDGE * SAMPLES * torch.eye(width + 1)
    solution = torch.linalg.solve(gram, known.T @ (wanted / math.sqrt(2)))
    second.weight.copy_(solution[:-1].T / second.scale)
    second.bias.copy_(solution[-1] / second.lr_mul)
    center_styles(generator)
    return (generator.style(z) - wanted).square().mean().sqrt().item()


def center_styles(generator: Generator) -> None:
    """Let the styles of the average w be 1, as they would be if w had no offset."""
    rgb = [layer.to_rgb.conv for layer in generator.layers if layer.to_rgb is not None]
    for conv in [layer.conv.conv for layer in generator.layers] + rgb:
        linear = conv.modulation
        linear.bias.copy_(1 - (linear.weight * linear.scale).sum(dim=1) * OFFSET)
