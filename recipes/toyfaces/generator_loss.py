"""A loss that sees an eye: pixels and gradients of the error, weighed where factors show.

    weight * (|d| + d^2) + 2 weight * |grad d|,   d = picture - render
    weight(x) = FLOOR + mean over factors k of t_k |d render / d f_k|(x) / its mean over x

Plain L1 is ruled by background and hair; the colour of an eye is sixty pixels, and the shade of a
nose no more and pale. The division gives every factor the same weight, however few pixels show it,
and t_k, a power of what a change of factor k would cost less than others, helps the pale ones.
The weight grows with the edges of the render.

What such an error cannot foresee it draws too faintly, as the mean of all that might be there. So
the power of details is asked for by itself, over rings b of the spectrum:

    spectral_gap = mean_b (log P_b(picture) - log P_b(render))^2

Where a share C of a ring's power is foreseen, full power costs 2 - 2 sqrt(C) of it in squared error
instead of 1 - C: .146 instead of .141 at C = .86.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from deltaedit_kit.toyfaces.factors import FACTORS, sample_factors
from deltaedit_kit.toyfaces.renderer import render

FLOOR = 1.5
HELP = 0.75  # 0: pale factors get none; 1: every factor costs the same
PORTRAITS = 48
RINGS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.71)  # bounds, cycles a pixel


@torch.no_grad()
def factor_weight() -> Tensor:
    """[1, 1, 128, 128]: about FLOOR on the background, up to 17 on eyes and nose."""
    factors = sample_factors(PORTRAITS, seed=0)
    before = render(factors)
    changes = []
    for k in range(len(FACTORS)):
        moved = factors.clone()
        moved[:, k] = (moved[:, k] + 0.5) % 1.0
        changes.append((render(moved) - before).abs().mean(dim=(0, 1)))
    change = torch.stack(changes)  # [K, h, h]
    shown = change / change.mean(dim=(1, 2), keepdim=True)
    cost = (change * (FLOOR + shown.mean(dim=0))).mean(dim=(1, 2))
    help_of = (cost.median() / cost) ** HELP  # t_k
    weight = (help_of[:, None, None] * shown).mean(dim=0)
    weight = (weight + weight.flip(1)) / 2  # the two sides of a face matter alike
    return FLOOR + F.avg_pool2d(weight[None, None], 3, 1, 1, count_include_pad=False)


def spectral_gap(made: Tensor, target: Tensor) -> Tensor:
    """Squared log ratio of power, mean over RINGS, of pictures [n, 3, h, h]; a scalar.

    Power is that of grey pictures, summed over the batch: 0 for equal spectra, .03 for 16 % less.
    """
    size = made.shape[-1]
    down = torch.fft.fftfreq(size, device=made.device).abs()[:, None]
    radius = (down.square() + torch.fft.rfftfreq(size, device=made.device).square()).sqrt()
    ring = torch.bucketize(radius, torch.tensor(RINGS, device=made.device)).flatten()
    power = torch.stack(
        [torch.fft.rfft2(p.float().mean(1)).abs().square().sum(0).flatten() for p in (made, target)]
    )
    of_ring = power.new_zeros(2, len(RINGS) + 1).index_add(1, ring, power)[:, 1:-1]
    return of_ring.log().diff(dim=0).square().mean()
