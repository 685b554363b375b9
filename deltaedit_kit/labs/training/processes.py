"""Several processes, one run: PyTorch's own DistributedDataParallel, and a few small questions.

torchrun and accelerate's notebook_launcher start the same program several times and tell each copy
who it is by three environment variables; a program started alone is rank 0 of 1,

    RANK (0 ... WORLD_SIZE - 1, over all machines)    WORLD_SIZE    LOCAL_RANK (on this machine)

Idea: each process takes its share of every batch, DistributedDataParallel averages the gradients,
and all take the same step. Since the loss is a mean over pairs and the shares are equal, the mean
of the shares' gradients is the gradient of the whole batch: the curve of N processes is that of
one, up to the order of sums. (So does one process with `accumulate`. Where the published rate makes
the first steps of a small domain swing, they multiply that last digit tenfold every five steps.)

Engine: torch.distributed, with gloo on CPUs and NCCL on GPUs. Source: Li et al., PyTorch
Distributed, arXiv:2006.15704; the environment of torch.distributed.run, PyTorch's documentation.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from deltaedit_kit.codes import Codes, CodeStore
from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.training.experiment import ExperimentConfig, ExperimentRun
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.train import Loss, Pairs


@dataclass(frozen=True)
class Rank:
    """Process `index` of `world`; `local` is its number on this machine, for choosing a GPU."""

    index: int = 0
    world: int = 1
    local: int = 0

    @property
    def first(self) -> bool:
        """Whether this process speaks for all: prints, saves, judges."""
        return self.index == 0

    def device(self, wanted: str) -> str:
        """`wanted`, where "cuda" alone becomes this process's own GPU."""
        return f"cuda:{self.local}" if wanted == "cuda" and self.world > 1 else wanted


def this_rank() -> Rank:
    """The rank that the launcher gave; rank 0 of 1 without one.

    Raises DeltaEditError for variables that are set but make no sense.
    """
    texts = {name: os.environ.get(name) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    if texts["RANK"] is None or texts["WORLD_SIZE"] is None:
        return Rank()
    try:
        rank = Rank(int(texts["RANK"]), int(texts["WORLD_SIZE"]), int(texts["LOCAL_RANK"] or 0))
    except ValueError:
        rank = Rank(world=0)
    if not 0 <= rank.index < rank.world:
        raise DeltaEditError(
            f"RANK={texts['RANK']} and WORLD_SIZE={texts['WORLD_SIZE']} name no process; start "
            "with `torchrun --nproc-per-node N -m deltaedit_kit.labs.cli.main ...`, or unset both"
        )
    return rank


@contextmanager
def joined(rank: Rank, device: torch.device) -> Iterator[None]:
    """Take part in the process group of the launcher; leave it, if it was entered here.

    Raises DeltaEditError where the launcher did not say how the processes find each other.
    """
    entered = rank.world > 1 and not distributed.is_initialized()
    if entered:
        try:
            if "MASTER_ADDR" in os.environ:  # torch would ask for an unknown name for minutes
                socket.getaddrinfo(os.environ["MASTER_ADDR"], None)
            distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        except (OSError, ValueError, RuntimeError) as cause:  # none, unknown, nobody answers
            raise DeltaEditError(
                f"process {rank.index} of {rank.world} cannot find the others: {cause}; start all "
                "with torchrun, or unset RANK and WORLD_SIZE"
            ) from None
    try:
        yield
    finally:
        if entered:
            distributed.destroy_process_group()


class SharedRun(ExperimentRun):
    """A run that this process shares with others; all have the same weights at every step."""

    def __init__(
        self, domain: Domain, codes: Codes | CodeStore, config: ExperimentConfig, rank: Rank
    ) -> None:
        self.rank, self.writes = rank, rank.first
        pieces = rank.world * config.accumulate
        if config.batch % pieces:  # means would be skewed
            raise DeltaEditError(
                f"a batch of {config.batch} pairs cannot be divided among {rank.world} processes "
                f"in {config.accumulate} passes; give a multiple of {pieces}"
            )
        super().__init__(domain, codes, config)

    def shared(self, network: nn.Module) -> nn.Module:
        """The network, its gradients averaged over all processes."""
        self.parallel = DistributedDataParallel(network)
        return self.parallel

    def pieces(self, pairs: Pairs) -> list[Pairs]:
        """This process's share of the batch, in `accumulate` passes of equal size."""
        columns = (share(x, self.rank, self.config.accumulate) for x in pairs)
        return [Pairs(*part) for part in zip(*columns, strict=True)]

    def silent(self) -> AbstractContextManager[None]:
        """Where gradients stay in this process."""
        return self.parallel.no_sync()

    def descend(self, loss: Loss) -> None:
        """The loss that is remembered is the mean over all processes."""
        means = self.mean(torch.stack(loss).detach())
        super().descend(Loss(*means))

    def agreed(self, validation: float) -> float:
        """The mean over all processes: on other processors sums differ in the last digit."""
        return float(self.mean(torch.tensor(validation, device=self.device)))

    def mean(self, value: Tensor) -> Tensor:
        """The mean of a float tensor over the processes, in all of them."""
        value = value.clone()
        distributed.all_reduce(value)
        return value / self.rank.world

    def resume(self, folder: Path) -> None:
        """In all, which must find the same step. Raises DeltaEditError in all of them if not."""
        super().resume(folder)
        span = torch.tensor([self.step, -self.step], dtype=torch.float64, device=self.device)
        distributed.all_reduce(span, distributed.ReduceOp.MAX)
        high, low = int(span[0]), -int(span[1])
        if high != low:
            raise DeltaEditError(
                f"the processes found checkpoints of steps {low} and {high}; give a folder that "
                "all machines see"
            )


def share(rows: Tensor, rank: Rank, passes: int) -> list[Tensor]:
    """This process's part of a batch [n, ...], in `passes` pieces of equal size."""
    return list(rows.chunk(rank.world * passes))[rank.index :: rank.world]
