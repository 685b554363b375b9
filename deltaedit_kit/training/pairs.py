"""Lessons: any two codes are one, and a batch is two index vectors.

    d = (i2 - i1) / |i2 - i1|          Δs = s2 - s1

Idea: the codes stay on the training device, so no worker, no copy and no per-sample Python stands
between the data and the network. Which pairs step k sees follows from (seed, k) alone: a run that
was killed goes on as if nothing had happened, and two processes agree on a batch without talking.

Where codes come in families (rows of one family beside each other, their pictures alike but for a
few things), three in four pairs are relatives. Strangers differ in everything, and a mapper that
saw nobody else has to guess what a single change looks like, which is what a sentence asks for.
Nor does a sentence know where it starts: "red hair" minus "face" is the same for black hair and
for grey. So five in six relatives are told the way from their family's average,

    d = (i2 - mean i of the family) / |...|,       and still learn to go from s1 to s2.

The paper knows strangers only; they are the default (`family` 1).

Citation: arXiv:2303.06285, section 3.3.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.codes.memory import Codes
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.training.config import TrainingConfig


class Pairs(NamedTuple):
    """A batch of lessons: s [n, S], clip [n, E], unit direction [n, E], wanted delta_s [n, S]."""

    s: Tensor
    clip: Tensor
    direction: Tensor
    delta_s: Tensor


def pairs_at(
    codes: Codes,
    first: Tensor,
    second: Tensor,
    averaged: Tensor | None = None,
    config: TrainingConfig | None = None,
) -> Pairs:
    """The lessons from codes `first` to codes `second` (index vectors [n]), float32.

    Where `averaged` [n] is not 0, the direction begins at the average of the second code's family.
    Of the config, `family` and `condition_on_image` count (without: the clip part is zero).
    """
    config = config or TrainingConfig()
    s = codes.s[first].float()
    # Stored as float16, so unit length has to be restored.
    clip = F.normalize(codes.clip[first].float(), dim=1)
    start = clip
    if config.family > 1 and averaged is not None:
        family = torch.arange(config.family, device=second.device)
        rows = (second - second % config.family)[:, None] + family  # [n, family]
        average = F.normalize(codes.clip[rows].float(), dim=2).mean(dim=1)
        start = torch.where(averaged[:, None] != 0, average, clip)
    change = F.normalize(codes.clip[second].float(), dim=1) - start
    direction = change / change.norm(dim=1, keepdim=True).clamp(min=1e-5)
    told = clip if config.condition_on_image else torch.zeros_like(clip)
    return Pairs(s, told, direction, codes.s[second].float() - s)


def draw_indices(
    codes: int, config: TrainingConfig, step: int, device: torch.device, batch: int | None = None
) -> Tensor:
    """Vectors [3, batch] for one step: first code, second code, 1 where d begins at an average.

    They follow from (config.seed, step) alone. `fixed_pairs` gives every code one partner: the
    code half a set away. With families most pairs are relatives, and most of those averaged.
    """
    batch, family = batch or config.batch, config.family
    # A CPU generator reads 32 bits of its seed: mix both numbers into those.
    random = torch.Generator(device).manual_seed((config.seed * 0x9E3779B1 + step) % 2**32)
    index = torch.zeros(3, batch, dtype=torch.long, device=device)
    index[:2] = torch.randint(codes, (2, batch), generator=random, device=device)
    if config.fixed_pairs:
        index[1] = (index[0] + codes // 2) % codes
    elif family > 1:
        first = index[0, : 3 * batch // 4]
        step_on = torch.randint(1, family, first.shape, generator=random, device=device)
        index[1, : 3 * batch // 4] = first - first % family + (first % family + step_on) % family
        index[2, : 5 * batch // 8] = 1
    return index


def split_rows(codes: int, config: TrainingConfig) -> tuple[Tensor, Tensor]:
    """Which of so many codes train, and which are held out: two index vectors, families unbroken.

    `limit` shortens the first and leaves the second as it is. Rows, not copies: of the codes
    themselves there is one set in memory. Raises DeltaEditError where that leaves fewer than two
    codes in either, or half a family.
    """
    family, held_out, limit = config.family, config.held_out, config.limit
    families, rest = divmod(codes, family)
    if rest:
        raise DeltaEditError(
            f"{codes} codes are no whole number of families of {family}; set `family` to "
            "what the codes were made with (1 for codes without relatives)"
        )
    if limit is not None and (limit > codes or limit % family):
        raise DeltaEditError(
            f"limit is {limit}; there are {codes} codes in families of {family}: give fewer, and "
            "whole families"
        )
    order = torch.randperm(families, generator=torch.Generator().manual_seed(config.seed))
    kept = round(families * held_out)
    if min(kept, families - kept) * family < 2:
        raise DeltaEditError(
            f"{codes} codes are too few to hold out {held_out:.0%} of them; sample more codes"
        )
    order = (order[:, None] * family + torch.arange(family)).flatten()
    return order[kept * family :][:limit], order[: kept * family]


def lesson_space(
    codes: Codes, layout: StyleLayout, config: TrainingConfig
) -> tuple[Codes, StyleLayout]:
    """The vectors that are learned, under the name s, and how they fall into groups.

    For `space` "w_plus" these are the rows of w+, three coarse, four medium, the rest fine.
    Raises DeltaEditError for codes without w+ and for codes of another width than the layout's.
    """
    if config.space == "w_plus":
        if codes.w_plus is None:
            raise DeltaEditError("these codes hold no w+; read them with w=True, or make new ones")
        rows, width = codes.w_plus.shape[1:]
        layout = StyleLayout((width,) * rows)
        codes = Codes(codes.w_plus.flatten(1), codes.clip, codes.domain)
    if codes.s.shape[1] != layout.total:
        raise DeltaEditError(
            f"these codes have {codes.s.shape[1]} style channels, the domain has {layout.total}; "
            "make codes with this generator"
        )
    return codes, layout
