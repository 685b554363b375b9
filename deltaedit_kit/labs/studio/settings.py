"""What holds for all sentences: the neutral word, the threshold, the groups of layers.

    kept_c = |R_c · (text - neutral)| >= threshold    and    group(layer of c) is switched on

Coarse layers hold pose and shape, medium ones the features of the face, fine ones colour.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from deltaedit_kit.labs.studio.state import StudioState
from deltaedit_kit.stylespace import GROUPS, StyleLayout
from deltaedit_kit.support.errors import DeltaEditError, check_number

if TYPE_CHECKING:
    from jaxtyping import Bool
    from torch import Tensor


def say_neutral(state: StudioState, text: str) -> StudioState:
    """What the pictures are already; whether CLIP can read it shows when it is drawn."""
    if not isinstance(text, str):
        raise DeltaEditError(f"the neutral word must be text, not {type(text).__name__}")
    return replace(state, neutral=text)


def set_threshold(state: StudioState, threshold: float) -> StudioState:
    """Channels with |R·Δt| below it stay; raises `DeltaEditError` below 0 and for NaN."""
    return replace(state, threshold=check_number("threshold", threshold, low=0.0))


def allow(state: StudioState, group: str, on: bool) -> StudioState:
    """Whether a group of layers, one of `GROUPS`, may change."""
    if group not in GROUPS:
        raise DeltaEditError(f"no group is called {group!r}; the groups are {', '.join(GROUPS)}")
    return replace(
        state, groups=tuple(g for g in GROUPS if (on if g == group else g in state.groups))
    )


def group_mask(layout: StyleLayout, groups: Collection[str]) -> Bool[Tensor, " S"]:
    """True for the channels of s whose layer belongs to one of `groups`; bool, on the CPU."""
    allowed = [layout.group_of(k) in groups for k in range(len(layout.widths))]
    return torch.tensor(allowed)[layout.layer_of_channel]
