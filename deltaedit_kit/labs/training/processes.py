"""Several processes, one run: PyTorch's own DistributedDataParallel, and three small questions.

Idea: each process takes its share of every batch, DistributedDataParallel averages the gradients,
and all take the same step. Since the loss is a mean over pairs and the shares are equal, the mean
of the shares' gradients is the gradient of the whole batch: the curve of N processes is that of
one, up to the order of sums. (So does one process with `accumulate`. Where the published rate makes
the first steps of a small domain swing, they multiply that last digit tenfold every five steps.)

Engine: torch.distributed under torchrun or accelerate's notebook_launcher; gloo on CPUs, NCCL on
GPUs. Source: Li et al., PyTorch Distributed, arXiv:2006.15704.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.ranks import Rank


@contextmanager
def joined(rank: Rank, device: torch.device) -> Iterator[None]:
    """Take part in the process group of the launcher; leave it, if it was entered here."""
    entered = rank.world > 1 and not distributed.is_initialized()
    if entered:
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        if entered:
            distributed.destroy_process_group()


def shared(network: nn.Module, rank: Rank) -> nn.Module:
    """The network, its gradients averaged over all processes if there are several."""
    return DistributedDataParallel(network) if rank.world > 1 else network


def share(index: Tensor, rank: Rank, accumulate: int) -> list[Tensor]:
    """This process's part of `draw_indices` [3, batch], in `accumulate` pieces of equal size."""
    return list(index.chunk(rank.world * accumulate, 1))[rank.index :: rank.world]


def check_shares(batch: int, rank: Rank, accumulate: int) -> None:
    """Raise DeltaEditError for a batch that cannot be divided evenly: means would be skewed."""
    pieces = rank.world * accumulate
    if batch % pieces:
        raise DeltaEditError(
            f"a batch of {batch} pairs cannot be divided among {rank.world} processes in "
            f"{accumulate} passes; give a multiple of {pieces}"
        )


def mean_over_all(value: Tensor, rank: Rank) -> Tensor:
    """The mean of a float tensor over the processes, in all of them."""
    if rank.world > 1:
        value = value.detach().clone()
        distributed.all_reduce(value)
        value /= rank.world
    return value


def agree(flag: bool, rank: Rank, device: torch.device) -> bool:
    """Whether the first process says yes, in all of them."""
    if rank.world == 1:
        return flag
    told = torch.tensor(float(flag), device=device)
    distributed.broadcast(told, 0)
    return bool(told)


def check_same_step(step: int, rank: Rank, device: torch.device) -> None:
    """Raise DeltaEditError, in all processes, unless they all stand at the same step."""
    if rank.world > 1:
        span = torch.tensor([step, -step], dtype=torch.float64, device=device)
        distributed.all_reduce(span, distributed.ReduceOp.MAX)
        high, low = int(span[0]), -int(span[1])
        if high != low:
            raise DeltaEditError(
                f"the processes found checkpoints of steps {low} and {high}; give a folder that "
                "all machines see"
            )
