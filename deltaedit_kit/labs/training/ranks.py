"""Who am I among the processes of a run?

Idea: torchrun and accelerate's notebook_launcher start the same program several times and tell each
copy its number by three environment variables,

    RANK (0 ... WORLD_SIZE - 1, over all machines)    WORLD_SIZE    LOCAL_RANK (on this machine)

Work is then divided by rank; a program started alone is rank 0 of 1, and nothing else changes.

Source: the environment of torch.distributed.run (torchrun), PyTorch's documentation.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from deltaedit_kit.support.errors import DeltaEditError


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
