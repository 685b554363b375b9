"""Turning one channel of s, swapping groups of layers: what each part of the style space does.

    turn              s_c <- s_c + k σ_c       one entry of s, k deviations of sampled codes away
    mix               [coarse of a | medium of b | fine of a]   style mixing, group by group
    measure_effects   oracle(after) - oracle(before)   which factor of a picture moved, measured

A channel scales one feature map of one layer, so it often changes one visible thing alone (Wu et
al., StyleSpace Analysis, arXiv:2011.12799). Which thing is an experiment: an oracle reads the
factors off the pictures, and the relevance R says what CLIP saw.

Style mixing: Karras et al., arXiv:1812.04948, section 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.relevance import ChannelStatistics
from deltaedit_kit.stylespace import GROUPS, Group, StyleLayout
from deltaedit_kit.support.errors import DeltaEditError, check_number, check_whole_number


class ChannelPlace(NamedTuple):
    """Where a channel of s lives: its layer, its number in that layer, its group."""

    layer: int
    within: int
    group: Group


def locate(layout: StyleLayout, channel: int) -> ChannelPlace:
    """Layer, number within it and group of a channel, counted from 0 over all of s.

    Raises DeltaEditError for a channel that is not there.
    """
    channel = check_whole_number("channel", channel, 0, layout.total - 1)
    layer = int(layout.layer_of_channel[channel])
    return ChannelPlace(layer, channel - layout.slices[layer].start, layout.group_of(layer))


def turn(
    domain: Domain,
    faces: Faces,
    channel: int,
    sigmas: Sequence[float],
    statistics: ChannelStatistics,
) -> Float[Tensor, "k n 3 H W"]:
    """Pictures [steps, faces, 3, H, W] with one channel moved by each of `sigmas` deviations.

    0 gives the faces as they are. Raises DeltaEditError for a channel that is not there, no
    steps, or a step that is not finite.
    """
    channel = check_whole_number("channel", channel, 0, domain.layout.total - 1)
    steps = [check_number("sigmas", step) for step in sigmas]
    if not steps:
        raise DeltaEditError("sigmas is empty; give steps such as [-5, 0, 5]")
    s = faces.s.repeat(len(steps), 1, 1)  # [k, n, S]
    s[:, :, channel] += statistics.std[channel] * torch.tensor(steps).to(s)[:, None]
    w_plus = faces.w_plus.repeat(len(steps), 1, 1)
    return domain.draw(s.flatten(0, 1), w_plus).unflatten(0, s.shape[:2])


def mix(domain: Domain, first: Faces, second: Faces, groups: Sequence[Group]) -> Tensor:
    """Pictures [n, 3, H, W] of `first` whose `groups` of s come from `second`, row by row.

    ToRGB reads w+, which stays that of `first`: the groups alone make the difference. Raises
    DeltaEditError for an unknown group and for differing numbers of faces.
    """
    unknown = [group for group in groups if group not in GROUPS]
    if unknown:
        raise DeltaEditError(f"no group is called {unknown[0]!r}; use {', '.join(GROUPS)}")
    if len(first) != len(second):
        raise DeltaEditError(f"{len(first)} faces cannot mix with {len(second)}; give as many")
    parts = zip(GROUPS, domain.layout.groups(first.s), domain.layout.groups(second.s), strict=True)
    coarse, medium, fine = (theirs if name in groups else own for name, own, theirs in parts)
    return domain.draw(domain.layout.ungroup(coarse, medium, fine), first.w_plus)


def measure_effects(
    domain: Domain, before: Float[Tensor, "n 3 H W"], after: Float[Tensor, "*k n 3 H W"]
) -> Float[Tensor, "*k K"]:
    """Mean change of every factor, after - before, as the domain's oracle reads it.

    `after` may hold several variants of the n pictures in leading dimensions. Raises
    DeltaEditError for a domain without an oracle.
    """
    read = domain.read_factors
    if read is None:
        raise DeltaEditError(
            f"domain {domain.spec.name!r} has no oracle to read factors with; use 'toyfaces'"
        )
    found = read(after.flatten(0, -4)).unflatten(0, after.shape[:-3])
    return (found - read(before)).mean(dim=-2)


def find_channels(domain: Domain, text: str, count: int = 1) -> list[int]:
    """The channels whose rows of R lie most along Δt of a text, strongest first.

    Raises DeltaEditError as `delta_text` does, and for a count that is not there.
    """
    count = check_whole_number("count", count, 1, domain.layout.total)
    return (domain.relevance @ domain.delta_text(text)).abs().topk(count).indices.tolist()
