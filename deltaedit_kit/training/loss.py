"""The published loss, and what is said about a mapper while it learns.

    L = a · mean((Δŝ - Δs)²)  +  b · (1 - mean cos(Δŝ, Δs))            a = b = 1

The squared error fixes the length of the step, the cosine its direction, which alone decides what
an edit does. Citation: arXiv:2303.06285, equation 4.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.training.config import GROUPS, TrainingConfig
from deltaedit_kit.training.pairs import Pairs

ROWS_A_PASS = 512  # of held-out pairs


class Loss(NamedTuple):
    """The loss and its parts, scalars; `cosine` is the mean cosine itself, 1 at best."""

    total: Tensor
    l2: Tensor
    cosine: Tensor


def delta_loss(
    predicted: Tensor, wanted: Tensor, l2_weight: float = 1.0, cosine_weight: float = 1.0
) -> Loss:
    """L of the module docstring for predicted and wanted Δs, both [n, S]."""
    l2 = F.mse_loss(predicted, wanted)
    cosine = F.cosine_similarity(predicted, wanted, dim=1).mean()
    return Loss(l2_weight * l2 + cosine_weight * (1 - cosine), l2, cosine)


def learned_channels(layout: StyleLayout, group: str | None) -> slice:
    """The channels that the loss looks at: all, or those of one group."""
    if group is None:
        return slice(None)
    token, first = layout.token_width, layout.coarse
    ends = [0, first * token, (first + layout.medium) * token, layout.total]
    place = GROUPS.index(group)
    return slice(ends[place], ends[place + 1])


def lesson_loss(network: nn.Module, pairs: Pairs, channels: slice, config: TrainingConfig) -> Loss:
    """The loss of a network on a batch, in float32; the products in `config.precision`."""
    with torch.autocast(pairs.s.device.type, torch.bfloat16, enabled=config.precision == "bf16"):
        predicted = network(pairs.s, pairs.clip, pairs.direction)
    return delta_loss(
        predicted.float()[:, channels],
        pairs.delta_s[:, channels],
        config.l2_weight,
        config.cosine_weight,
    )


@torch.no_grad()
def validate(
    network: nn.Module, layout: StyleLayout, pairs: Pairs, channels: slice, config: TrainingConfig
) -> tuple[Loss, list[float]]:
    """The loss on held-out pairs, and the cosine of the coarse, medium and fine part of Δs."""
    parts = [
        network(s, clip, direction)
        for s, clip, direction in zip(*(x.split(ROWS_A_PASS) for x in pairs[:3]), strict=True)
    ]
    predicted = torch.cat(parts)
    loss = delta_loss(
        predicted[:, channels], pairs.delta_s[:, channels], config.l2_weight, config.cosine_weight
    )
    groups = zip(layout.groups(predicted), layout.groups(pairs.delta_s), strict=True)
    cosines = [F.cosine_similarity(a.flatten(1), b.flatten(1)).mean().item() for a, b in groups]
    return loss, cosines
