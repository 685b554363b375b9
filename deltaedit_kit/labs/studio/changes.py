"""What an edit changed: channels and groups of s, pixels, and the factors that an oracle reads.

    share(group) = Σ_{c in group} Δs_c² / Σ_c Δs_c²             of the whole step, in [0, 1]
    heat         = mean over colours of |after - before| / 2    in [0, 1]; 0 is "the same"
    change_k     = read(after)_k - read(before)_k               the largest |change| first

StyleSpace channels are close to single attributes (arXiv:2011.12799), so the few largest ones are
worth a name: layer and number in the layer. Heat is not stretched to its largest value: twice the
strength looks hotter, and no edit stays dark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.studio.engine import Look
from deltaedit_kit.stylespace import GROUPS, StyleLayout

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


LARGEST = 5  # channels that are named


@dataclass(frozen=True)
class GroupChange:
    """What happened to one group of layers."""

    group: str  # one of `GROUPS`
    channels: int
    moved: int  # channels whose style is another one now
    share: float  # of the squared length of the step; 0 when there is no step


@dataclass(frozen=True)
class ChannelChange:
    """What happened to one channel of s."""

    layer: int  # of s, counted from 0
    group: str
    channel: int  # in the layer, counted from 0
    change: float  # entry of Δs, with its sign


def group_changes(layout: StyleLayout, delta_s: Float[Tensor, " S"]) -> tuple[GroupChange, ...]:
    """One row a group, in the order of `GROUPS`."""
    squares = delta_s.square()
    total = float(squares.sum())
    rows = []
    for group in GROUPS:
        own = squares[layout.group_slices[group]]
        share = float(own.sum()) / total if total > 0 else 0.0
        rows.append(GroupChange(group, len(own), int((own > 0).sum()), share))
    return tuple(rows)


def largest_changes(layout: StyleLayout, delta_s: Float[Tensor, " S"]) -> tuple[ChannelChange, ...]:
    """The five channels that moved farthest, farthest first; only those that moved at all."""
    order = delta_s.abs().argsort(descending=True, stable=True)[:LARGEST].tolist()
    layers = layout.layer_of_channel
    return tuple(
        ChannelChange(
            layer=(layer := int(layers[place])),
            group=layout.group_of(layer),
            channel=place - layout.slices[layer].start,
            change=float(delta_s[place]),
        )
        for place in order
        if float(delta_s[place]) != 0
    )


def heat_map(
    before: Float[Tensor, "*n 3 H W"], after: Float[Tensor, "*n 3 H W"]
) -> Float[Tensor, "*n H W"]:
    """Heat in [0, 1] of pictures in [-1, 1]."""
    return (after - before).abs().mean(-3) / 2


@dataclass(frozen=True)
class FactorChange:
    """One factor, read twice."""

    name: str
    before: float
    after: float

    @property
    def change(self) -> float:
        """after - before."""
        return self.after - self.before


def read_out(domain: Domain, look: Look) -> tuple[FactorChange, ...]:
    """Every factor, the one that moved most first; empty where the domain has no oracle."""
    if domain.read_factors is None:
        return ()
    before, after = domain.read_factors(torch.stack([look.before, look.after])).tolist()
    names = [name.replace("_", " ") for name in domain.factors]
    rows = [FactorChange(*row) for row in zip(names, before, after, strict=True)]
    return tuple(sorted(rows, key=lambda row: -abs(row.change)))
