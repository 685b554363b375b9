"""The same training in minutes: faster steps, and fewer of them.

    y = leaky_relu(W' x + b'),    W' = √2 · 0.01 / √fan_in · W     (effective.py)
    rate(k) = learning_rate · min(1, (k + 1) / warm_up) · (1 + cos(π k / steps)) / 2
    average <- keep · average + (1 - keep) · weights,    keep = min(ema, k / (k + 10))

Idea: effective weights, fused Adam, lower precision and a compiled graph change what is learned by
rounding only, so they stay out of `train.Run`, whose steps read like the equations. A step's batch
may be cut into several passes to fit into memory; their gradients add up.

Few steps need a rate ten times the published one, and what makes it bearable. Matrices that start
orthogonal keep the length of a signal through eight layers; a rate that grows slowly gives Adam
time to learn how large the gradients are, which it does sooner with a lower `beta2`; and one that
falls to 0, or the average of the last weights, removes the noise of the last batches. By default
there is none of it: the published run has a constant rate.

Source: orthogonal start: Saxe et al. 2014, arXiv:1312.6120; warm-up: Goyal et al. 2017,
arXiv:1706.02677; cosine schedule: Loshchilov and Hutter 2017, arXiv:1608.03983; average of the
weights: Polyak and Juditsky 1992.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from deltaedit_kit.codes import Codes, CodeStore
from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.training.effective import adam, to_effective, to_stored
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylegan2.layers import EqualLinear
from deltaedit_kit.support.device import computing, name_precision
from deltaedit_kit.support.errors import DeltaEditError, check_number, check_whole_number
from deltaedit_kit.train import Loss, Pairs, Report, Run, TrainingConfig

Forward = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class FastConfig(TrainingConfig):
    """Settings of `FastRun`: those of a plain run, and how it computes; by default as published."""

    fast: bool = False  # products as this machine computes them fastest; weights stay float32
    accumulate: int = 1  # a step's pairs in this many passes, to fit into memory
    compile: bool = False  # torch.compile; on a GPU with CUDA graphs
    schedule: str = "constant"  # or "cosine": from learning_rate down to 0 at the last step
    warm_up: int = 0  # steps in which the rate grows to what the schedule says
    beta2: float = 0.999  # share that Adam keeps of the running average of squared gradients
    orthogonal: bool = False  # start with orthogonal matrices instead of normal ones
    ema: float = 0.0  # share kept of the running average of weights; 0 trains without

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.batch % check_whole_number("accumulate", self.accumulate, 1):
            raise DeltaEditError(
                f"a batch of {self.batch} pairs cannot be divided into {self.accumulate} equal "
                "passes; give a multiple"
            )
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


class FastRun(Run):
    """A run on effective weights, whose rate may change and whose weights may be averaged."""

    config: FastConfig

    def __init__(self, domain: Domain, codes: Codes | CodeStore, config: FastConfig) -> None:
        super().__init__(domain, codes, config)
        self.precision = name_precision(self.device, config.fast, gradients=True)
        self.forward: Forward = self.shared(self.network)
        if config.compile:
            self.forward = compiled(self.forward, self.device, config.accumulate)
        if config.ema:
            self.learned = copy.deepcopy(self.network).requires_grad_(False)

    def build(self, mapper: DeltaMapper) -> tuple[DeltaMapper, torch.optim.Optimizer]:
        """Effective weights, and Adam with rates that make the same steps."""
        mapper = orthogonalize(mapper) if self.config.orthogonal else mapper
        network = to_effective(mapper.to(self.device))
        optimizer = adam(network, self.config.learning_rate)
        for group in optimizer.param_groups:
            group["betas"] = (0.9, self.config.beta2)
        return network, optimizer

    def mapper(self) -> DeltaMapper:
        """The scales divided out again."""
        return to_stored(self.learned).requires_grad_(False)

    def report(self) -> Report:
        """As a plain run's, with the precision of the products."""
        return super().report()._replace(precision=self.precision)

    def shared(self, network: nn.Module) -> nn.Module:
        """What is asked for Δs; several processes wrap it."""
        return network

    def pieces(self, pairs: Pairs) -> list[Pairs]:
        """The batch in `accumulate` passes of equal size."""
        parts = zip(*(x.chunk(self.config.accumulate) for x in pairs), strict=True)
        return [Pairs(*part) for part in parts]

    def loss(self, pairs: Pairs) -> Loss:
        """The mean loss of all passes; the gradients of all but the last are taken here."""
        *others, last = pieces = self.pieces(pairs)
        losses: list[Loss] = []
        for piece in others:
            with self.silent():
                loss = self.piece_loss(piece)
                (loss.total / len(pieces)).backward()
            losses.append(Loss._make(x.detach() for x in loss))
        losses.append(self.piece_loss(last))
        return Loss._make(torch.stack(part).mean() for part in zip(*losses, strict=True))

    def piece_loss(self, pairs: Pairs) -> Loss:
        """The loss of one pass, in float32; the products in `self.precision`."""
        with computing(self.device, self.config.fast, gradients=True):
            predicted = self.forward(pairs.s, pairs.clip, pairs.direction)
        return self.compare(predicted.float(), pairs.delta_s)

    def silent(self) -> AbstractContextManager[None]:
        """Where gradients stay in this process."""
        return nullcontext()

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


def compiled(network: Forward, device: torch.device, passes: int) -> Forward:
    """A compiled copy for the steps, with the same weights; reports ask the network itself.

    A CUDA graph keeps its outputs and gradients in memory that its next run overwrites, so graphs
    are for steps of one pass. Raises DeltaEditError where torch finds no compiler.
    """
    try:
        torch.compile(torch.sin, fullgraph=True)(torch.ones(8, device=device))
    except Exception as cause:  # torch._dynamo and inductor raise many types
        reason = next((line for line in str(cause).splitlines() if line.strip()), "")[:150]
        raise DeltaEditError(
            f"torch.compile does not work here ({reason}); install a C++ compiler, or leave "
            "compile out"
        ) from None
    graphs = device.type == "cuda" and passes == 1
    return torch.compile(network, mode="reduce-overhead" if graphs else "default")
