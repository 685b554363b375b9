"""Runs that differ from the published one: correlated pairs, early stopping, ablations.

    correlated pairs   three in four pairs are of one group: neighbours, alike but for a few
                       attributes. A single change, as a sentence asks for, is then met in training.
                       Nor does a sentence know where it starts ("red hair" minus "face" is the same
                       for black hair and for grey): five in six of these pairs get the direction

                           d = (i2 - mean i of the group) / |...|,    and still go from s1 to s2

    early stopping     `patience` reports without a lower validation end the run, and the mapper of
                       the lowest one is what comes out
    ablations          one switch each; see ablation.py

Source of groups: `domain.sample_w(..., correlated=)`; ablations: arXiv:2303.06285, section 4.4.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from deltaedit_kit.codes import Codes, CodeStore
from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.training.fast import FastConfig, FastRun
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylespace import GROUPS, Group, StyleLayout
from deltaedit_kit.support.errors import DeltaEditError, check_whole_number
from deltaedit_kit.train import Loss, Pairs, Report, pairs_at, random_of_step, split_rows


@dataclass(frozen=True)
class ExperimentConfig(FastConfig):
    """Settings of `ExperimentRun`; the defaults are the published run, made fast."""

    correlated: int = 1  # so many neighbours are correlated; most pairs are drawn among them
    patience: int = 0  # stop after so many reports without a lower validation; 0 never
    condition_on_image: bool = True  # False: the mapper gets the direction alone, not i1
    group: Group | None = None  # "coarse", "medium" or "fine": learn and move this group only
    space: str = "s"  # or "w_plus": the same network on w+ instead of s
    fixed_pairs: bool = False  # True: every code meets one partner all along, not any other code
    limit: int | None = None  # learn from so many codes only; the held-out ones stay the same

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.space not in ("s", "w_plus"):
            raise DeltaEditError(f"space is {self.space!r}; give 's' or 'w_plus'")
        if self.group not in (None, *GROUPS):
            raise DeltaEditError(f"group is {self.group!r}; give one of {', '.join(GROUPS)}")
        check_whole_number("correlated", self.correlated, 1)
        check_whole_number("patience", self.patience, 0)
        if self.limit is not None:
            check_whole_number("limit", self.limit, 2)


class ExperimentRun(FastRun):
    """A fast run with another choice of pairs, of what is learned, or of when to stop."""

    config: ExperimentConfig  # pyright: ignore[reportIncompatibleVariableOverride] (never set anew)

    def __init__(self, domain: Domain, codes: Codes | CodeStore, config: ExperimentConfig) -> None:
        super().__init__(domain, codes, config)
        self.best = copy.deepcopy(self.learned) if config.patience else None
        self.best_validation = torch.tensor(math.inf, dtype=torch.float64)
        self.best_step = torch.tensor(0)

    def prepare(self, domain: Domain, codes: Codes | CodeStore) -> tuple[Codes, StyleLayout]:
        """The vectors that are learned, under the name s: s itself, or the rows of w+.

        The rows of w+ are three coarse, four medium ones, and the rest fine.
        """
        config = self.config
        in_w = config.space == "w_plus"
        if isinstance(codes, CodeStore) and config.limit is not None:
            codes = codes.resident(domain.device, w=in_w)
        codes = codes.whole(domain.device, in_w)
        if not in_w:
            return codes, domain.layout
        assert codes.w_plus is not None
        rows, width = codes.w_plus.shape[1:]
        flat = Codes(codes.w_plus.flatten(1), codes.clip, codes.domain, None, codes.networks)
        return flat, StyleLayout((width,) * rows)

    def split(self, codes: int) -> tuple[Tensor, Tensor]:
        """Groups stay whole; `limit` shortens what trains and leaves what is held out."""
        return split_groups(codes, self.config)

    def pairs(self, rows: Tensor, step: int, n: int) -> Pairs:
        """The n pairs of a step, correlated or fixed where the config says so."""
        config, codes = self.config, self.codes
        first, second, averaged = draw_indices(len(rows), config, step, self.device, n)
        first, second = rows[first], rows[second]
        pairs = pairs_at(codes, first, second)
        if config.correlated > 1:
            averages = averaged_direction(codes, second, config.correlated)
            direction = torch.where(averaged[:, None] != 0, averages, pairs.direction)
            pairs = pairs._replace(direction=direction)
        if not config.condition_on_image:
            pairs = pairs._replace(clip=torch.zeros_like(pairs.clip))
        return pairs

    def compare(self, predicted: Tensor, wanted: Tensor) -> Loss:
        """The loss of the channels that are learned."""
        channels = learned_channels(self.layout, self.config.group)
        return super().compare(predicted[:, channels], wanted[:, channels])

    @property
    def over(self) -> bool:
        """Also when patience has run out."""
        allowed = self.config.patience * self.config.report_every
        return super().over or 0 < allowed <= self.step - int(self.best_step)

    def report(self) -> Report:
        """As a plain run's; with `patience` it keeps the weights of the lowest validation."""
        report = super().report()
        validation = self.agreed(report.validation)
        if self.best is not None and validation < self.best_validation:
            self.best_validation.fill_(validation)
            self.best_step.fill_(self.step)
            self.best.load_state_dict(self.learned.state_dict())
        return report

    def agreed(self, validation: float) -> float:
        """The validation that decides; several processes must not decide differently."""
        return validation

    def tensors(self) -> dict[str, Tensor]:
        """With what early stopping has to remember."""
        named = super().tensors()
        if self.best is None:
            return named
        named |= {f"best/{name}": x for name, x in self.best.state_dict().items()}
        return named | {"best_validation": self.best_validation, "best_step": self.best_step}

    def rewind(self) -> None:
        """With `patience`: go back to the best step, in memory."""
        if self.best is not None and self.best_step:
            self.learned.load_state_dict(self.best.state_dict())
            self.step = int(self.best_step)


def draw_indices(
    codes: int, config: ExperimentConfig, step: int, device: torch.device, n: int | None = None
) -> Tensor:
    """First codes, second codes, and 1 where the direction is averaged: [3, n] for a step.

    `fixed_pairs` gives every code one partner: the code half a set away.
    """
    batch, size = n or config.batch, config.correlated
    random = random_of_step(config.seed, step, device)  # first the numbers of a plain run
    index = torch.zeros(3, batch, dtype=torch.long, device=device)
    index[:2] = torch.randint(codes, (2, batch), generator=random, device=device)
    if config.fixed_pairs:
        index[1] = (index[0] + codes // 2) % codes
    elif size > 1:
        first = index[0, : 3 * batch // 4]
        other = torch.randint(1, size, first.shape, generator=random, device=device)
        index[1, : 3 * batch // 4] = first - first % size + (first % size + other) % size
        index[2, : 5 * batch // 8] = 1
    return index


def averaged_direction(codes: Codes, second: Tensor, size: int) -> Tensor:
    """Unit directions [n, E] from the average of the group of each second code to that code."""
    members = torch.arange(size, device=second.device)
    rows = (second - second % size)[:, None] + members  # [n, size]
    average = F.normalize(codes.clip[rows].float(), dim=2).mean(dim=1)
    change = F.normalize(codes.clip[second].float(), dim=1) - average
    return change / change.norm(dim=1, keepdim=True).clamp(min=1e-5)


def split_groups(codes: int, config: ExperimentConfig) -> tuple[Tensor, Tensor]:
    """Which of so many codes train, and which are held out: rows of whole groups.

    Raises DeltaEditError where that leaves fewer than two codes in either, or half a group.
    """
    size, limit = config.correlated, config.limit
    if codes % size:
        raise DeltaEditError(
            f"{codes} codes are not a whole number of groups of {size}; set `correlated` to "
            "what the codes were made with (1 for independent codes)"
        )
    if limit is not None and (limit > codes or limit % size):
        raise DeltaEditError(
            f"limit is {limit}; there are {codes} codes in groups of {size}: give fewer, and "
            "whole groups"
        )
    members = torch.arange(size)
    least = 2 if size == 1 else 1
    train, held_out = (
        (rows[:, None] * size + members).flatten()
        for rows in split_rows(codes // size, config.held_out, config.seed, least)
    )
    return train[:limit], held_out


def learned_channels(layout: StyleLayout, group: Group | None) -> slice:
    """The channels that the loss looks at: all, or those of one group."""
    return slice(None) if group is None else layout.group_slices[group]


class AsTrained(nn.Module):
    """A mapper asked as it was trained: without i1, or moving one group only."""

    def __init__(self, mapper: DeltaMapper, config: ExperimentConfig) -> None:
        super().__init__()
        self.mapper = mapper
        self.blind = not config.condition_on_image
        mask = torch.zeros(mapper.layout.total)
        mask[learned_channels(mapper.layout, config.group)] = 1
        self.register_buffer("mask", mask)

    def forward(self, s: Tensor, clip: Tensor, delta: Tensor) -> Tensor:
        """As `DeltaMapper.forward`: Δs [n, S]."""
        given = torch.zeros_like(clip) if self.blind else clip
        return self.mapper(s, given, delta) * self.mask


def as_trained(mapper: DeltaMapper, config: ExperimentConfig) -> nn.Module:
    """`mapper` itself, or wrapped so that it is asked as `config` taught it."""
    plain = config.condition_on_image and config.group is None
    device = next(mapper.parameters()).device
    return mapper if plain else AsTrained(mapper, config).to(device).eval()
