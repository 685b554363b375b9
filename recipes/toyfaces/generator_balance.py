"""The scale of every style channel, chosen so that each factor of a portrait weighs alike in s.

Modulation multiplies, so a generator can be written down in many ways that draw the same picture:

    s_j -> α_j s_j,    weight_ij -> weight_ij / α_j        for any α_j > 0

With the scales that training happened to find, the turn of the head was a third of the variance
of s and the hue of the clothes a two-hundredth. A mapper that learns Δs by its squared error and
its cosine then sees turned heads and hardly a colour. Here α is solved so that the factors' shares
of the variance come out as equal as scales within [1 / LIMIT, LIMIT] allow; then all of them are
multiplied by one number, so that s as a whole varies as much as before.
Relevance R does not change: it moves channels by their own standard deviations.
"""

import torch
from scipy.optimize import lsq_linear
from torch import Tensor

from deltaedit_kit.domains.toyfaces.factors import factors_from_z
from deltaedit_kit.stylegan2 import Generator
from recipes.toyfaces.generator_mapping import code_groups, code_of

LIMIT = 4.0
SAMPLES = 20_000


@torch.no_grad()
def factor_shares(generator: Generator, seed: int) -> tuple[Tensor, Tensor]:
    """Variance of each channel of s that each factor causes [K, S], and all of it [S].

    s is linear in the code of a portrait but for what the mapping network rounds off, so that the
    regression of s on the code tells the factors' parts.
    """
    seeded = torch.Generator().manual_seed(seed)
    z = torch.randn(SAMPLES, generator.style_dim, generator=seeded)
    s = generator.to_style(generator.expand(generator.mapping(z)))
    factors = factors_from_z(z)
    code = code_of(factors)
    code, centred = code - code.mean(dim=0), s - s.mean(dim=0)
    slopes = torch.linalg.lstsq(code, centred).solution
    parts = [(code[:, group] @ slopes[group]).var(dim=0) for group in code_groups(factors)]
    return torch.stack(parts), s.var(dim=0)


@torch.no_grad()
def balance(generator: Generator, seed: int) -> Tensor:
    """Rescale the channels of s in place, pictures unchanged; returns the factors' shares [K]."""
    parts, variance = factor_shares(generator, seed)
    parts = parts.double()
    even = parts.sum() / len(parts)
    bounds = (LIMIT**-2, LIMIT**2)
    found = lsq_linear((parts / even).numpy(), torch.ones(len(parts)).numpy(), bounds)
    squares = torch.from_numpy(found.x)
    squares *= variance.sum() / (squares * variance).sum()  # s varies as much as before in all
    scales = squares.sqrt().float()
    start = 0
    for layer in generator.layers:
        conv = layer.conv.conv
        width = conv.modulation.bias.numel()
        scale = scales[start : start + width]
        conv.modulation.weight.mul_(scale[:, None])
        conv.modulation.bias.mul_(scale)
        conv.weight.div_(scale[None, None, :, None, None])
        start += width
    shares = (parts * squares).sum(dim=1)
    return shares / shares.sum()
