"""How a generator's picture is compared with the render of the same numbers.

    weight * (|d| + d^2) + 2 weight * |grad d|,   d = picture - render

The weight says where factors show, and grows with the edges of the render. A pair of renders that
differ in one factor tells more: with G, G' drawn for x, x',

    unexplained = |(G' - G) - (x' - x)|^2 / |x' - x|^2        1: the factor is not drawn at all
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

LEAST = 2e-4  # mean squared change (range 2) below which a pair looks alike


def detail_loss(made: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
    """Weighted L1 + squared + gradient error of pictures [n, 3, h, h]; a scalar."""
    down, right = target.diff(dim=2).abs(), target.diff(dim=3).abs()
    edges = F.pad(down, (0, 0, 0, 1)) + F.pad(right, (0, 1))
    edges = F.max_pool2d(edges.amax(dim=1, keepdim=True), 3, stride=1, padding=1)
    weight = weight_map * (1 + 2 * edges.clamp(max=1.5))
    error = made - target
    pixels = (weight * (error.abs() + error.square())).mean()
    gradients = (weight[:, :, 1:] * error.diff(dim=2).abs()).mean()
    gradients = gradients + (weight[:, :, :, 1:] * error.diff(dim=3).abs()).mean()
    return pixels + 2 * gradients


def unexplained(made: Tensor, target: Tensor) -> Tensor:
    """Share of a factor's effect that is missed [n], for pairs [n, 2, 3, h, h]."""
    change, drawn = target[:, 1] - target[:, 0], made[:, 1] - made[:, 0]
    strength = change.square().mean((1, 2, 3))
    return (drawn - change).square().mean((1, 2, 3)) / strength.clamp(min=LEAST)
