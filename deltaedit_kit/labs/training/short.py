"""A run of minutes: a rate ten times the published one, and what makes it bearable.

    rate(k) = learning_rate · min(1, (k + 1) / warm_up) · (1 + cos(π k / steps)) / 2
    average <- keep · average + (1 - keep) · weights,    keep = min(ema, k / (k + 10))

Idea: matrices that start orthogonal keep the length of a signal through eight layers; a rate that
grows slowly gives Adam time to learn how large the gradients are, which it does sooner with a lower
`beta2`; and one that falls to 0, or the average of the last weights, removes the noise of the last
batches. By default there is none of it: the published run has a constant rate.

Source: orthogonal start: Saxe et al. 2014, arXiv:1312.6120; warm-up: Goyal et al. 2017,
arXiv:1706.02677; cosine schedule: Loshchilov and Hutter 2017, arXiv:1608.03983; average of the
weights: Polyak and Juditsky 1992.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from deltaedit_kit.codes import Codes, CodeStore
from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.training.fast import FastConfig, FastRun
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylegan2.layers import EqualLinear
from deltaedit_kit.support.errors import DeltaEditError, check_number, check_whole_number
from deltaedit_kit.train import Loss


@dataclass(frozen=True)
class ShortConfig(FastConfig):
    """Settings of `ShortRun`; the defaults are the published ones."""

    schedule: str = "constant"  # or "cosine": from learning_rate down to 0 at the last step
    warm_up: int = 0  # steps in which the rate grows to what the schedule says
    beta2: float = 0.999  # share that Adam keeps of the running average of squared gradients
    orthogonal: bool = False  # start with orthogonal matrices instead of normal ones
    ema: float = 0.0  # share kept of the running average of weights; 0 trains without

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.schedule not in ("constant", "cosine"):
            raise DeltaEditError(f"schedule is {self.schedule!r}; give 'constant' or 'cosine'")
        check_whole_number("warm_up", self.warm_up, 0)
        for name in ("beta2", "ema"):
            if check_number(name, getattr(self, name), 0) >= 1:
                raise DeltaEditError(f"{name} is {getattr(self, name):g}; give a share in [0, 1)")

    def rate(self, step: int) -> float:
        """The learning rate of step `step`, counted from 0."""
        rate = self.learning_rate * min(1.0, (step + 1) / max(1, self.warm_up))
        if self.schedule == "constant":
            return rate
        return rate * 0.5 * (1 + math.cos(math.pi * step / self.steps))


class ShortRun(FastRun):
    """A fast run whose rate changes, and whose weights are averaged."""

    config: ShortConfig  # pyright: ignore[reportIncompatibleVariableOverride] (never set anew)

    def __init__(self, domain: Domain, codes: Codes | CodeStore, config: ShortConfig) -> None:
        super().__init__(domain, codes, config)
        if config.ema:
            self.learned = copy.deepcopy(self.network).requires_grad_(False)

    def build(self, mapper: DeltaMapper) -> tuple[DeltaMapper, torch.optim.Optimizer]:
        """As a fast run, with the start and the memory of squares that the config asks for."""
        network, optimizer = super().build(
            orthogonalize(mapper) if self.config.orthogonal else mapper
        )
        for group in optimizer.param_groups:
            group["betas"] = (0.9, self.config.beta2)
        return network, optimizer

    def descend(self, loss: Loss) -> None:
        """One step at the rate of its number; the running average follows."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.rate(self.step) * group["scale"]
        super().descend(loss)
        if self.learned is not self.network:
            # Young averages forget faster, so that they do not carry the random start along.
            keep = min(self.config.ema, self.step / (self.step + 10))
            follow = get_ema_multi_avg_fn(keep)  # one kernel for all weights, without gradients
            follow(list(self.learned.parameters()), list(self.network.parameters()), self.step)

    def tensors(self) -> dict[str, Tensor]:
        """With the running average."""
        named = super().tensors()
        if self.learned is not self.network:
            named |= {f"average/{name}": x.data for name, x in self.learned.named_parameters()}
        return named


@torch.no_grad()
def orthogonalize(mapper: DeltaMapper) -> DeltaMapper:
    """Replace every weight matrix by a random orthogonal one of the same Frobenius norm, in place.

    Eight layers one after another learn several times faster from matrices that neither stretch
    nor squeeze a signal (Saxe et al. 2014, arXiv:1312.6120). One that is not square keeps
    orthogonal rows or columns, whichever are fewer.
    """
    for layer in mapper.modules():
        if isinstance(layer, EqualLinear):
            norm = layer.weight.norm()
            nn.init.orthogonal_(layer.weight)
            layer.weight.mul_(norm / layer.weight.norm())
    return mapper
