"""The same training, faster: effective weights, fused Adam, lower precision, a compiled graph.

    y = leaky_relu(W' x + b'),    W' = √2 · 0.01 / √fan_in · W     (effective.py)

Idea: none of it changes what is learned but for rounding, so all of it stays out of `train.Run`,
whose steps read like the equations. A step's batch may be cut into several passes to fit into
memory; their gradients add up.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from deltaedit_kit.codes import Codes, CodeStore
from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.training.effective import adam, to_effective, to_stored
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.support.device import computing, name_precision
from deltaedit_kit.support.errors import DeltaEditError, check_whole_number
from deltaedit_kit.train import Loss, Pairs, Report, Run, TrainingConfig

Forward = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class FastConfig(TrainingConfig):
    """Settings of `FastRun`: those of a plain run, and how it computes."""

    fast: bool = False  # products as this machine computes them fastest; weights stay float32
    accumulate: int = 1  # a step's pairs in this many passes, to fit into memory
    compile: bool = False  # torch.compile; on a GPU with CUDA graphs

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.batch % check_whole_number("accumulate", self.accumulate, 1):
            raise DeltaEditError(
                f"a batch of {self.batch} pairs cannot be divided into {self.accumulate} equal "
                "passes; give a multiple"
            )


class FastRun(Run):
    """A run on effective weights."""

    config: FastConfig

    def __init__(self, domain: Domain, codes: Codes | CodeStore, config: FastConfig) -> None:
        super().__init__(domain, codes, config)
        self.precision = name_precision(self.device, config.fast, gradients=True)
        self.forward: Forward = self.shared(self.network)
        if config.compile:
            self.forward = compiled(self.forward, self.device, config.accumulate)

    def build(self, mapper: DeltaMapper) -> tuple[DeltaMapper, torch.optim.Optimizer]:
        """Effective weights, and Adam with rates that make the same steps."""
        network = to_effective(mapper.to(self.device))
        return network, adam(network, self.config.learning_rate)

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
