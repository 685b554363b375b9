"""One loop that trains every network of a build, and of toyfaces: averaged, resumable.

    θ <- θ - rate(k) step(∇ loss_k(θ)),      kept: the running average of θ

The steps are Adam's, or those of the optimizers that are given.

`loss_k` must follow from k, the parameters and the buffers alone, as all that is random in it comes
from (seed, k): a run that was killed goes on from its state as if nothing had happened, but for
what it did since the last save.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from deltaedit_kit.labs.own_domain.muon import Muon
from deltaedit_kit.labs.own_domain.world import Progress
from deltaedit_kit.support.atomic import load_tensors, read_header, save_tensors
from deltaedit_kit.support.errors import DeltaEditError

ADAM = ("step", "exp_avg", "exp_avg_sq")
STATE = {torch.optim.Adam: ADAM, torch.optim.AdamW: ADAM, Muon: ("momentum",)}


@dataclass(frozen=True)
class Schedule:
    """How long and how fast."""

    steps: int
    rate: float
    warm_up: int = 50
    memory: float = 0.02  # share of all steps that the running average looks back; 0 for none
    save_every: float = 20.0  # seconds

    def rate_at(self, step: int) -> float:
        """A cosine from `rate` to a hundredth of it."""
        cosine = 0.5 * (1 + math.cos(math.pi * step / self.steps))
        return self.rate * min(1, (step + 1) / self.warm_up) * (0.01 + 0.99 * cosine)


def descend(
    network: nn.Module,
    loss_at: Callable[[int], Tensor],
    schedule: Schedule,
    state: Path,
    fingerprint: str,
    progress: Progress,
    optimizers: Sequence[torch.optim.Optimizer] = (),
    longest: float = 1.0,
) -> None:
    """Train what of `network` requires gradients, in place; it ends as the average of weights.

    The `optimizers`, none for Adam, share all of that; a group's "pace" multiplies the rate. A
    gradient longer than `longest` is shortened. A `state` of another `fingerprint` is left.
    Raises DeltaEditError for one that is damaged, or of another network.
    """
    learning = {name: x for name, x in network.named_parameters() if x.requires_grad}
    optimizers = optimizers or [torch.optim.Adam(learning.values(), schedule.rate, (0.9, 0.99))]
    owner = {x: o for o in optimizers for group in o.param_groups for x in group["params"]}
    average = copy.deepcopy(list(learning.values()))
    kept = Kept(learning, average, dict(network.named_buffers()), owner)
    step = kept.resume(state, fingerprint)
    keep = math.exp(-1 / max(schedule.memory * schedule.steps, 1)) if schedule.memory else 0.0
    last = time.monotonic()
    progress(step, schedule.steps)
    while step < schedule.steps:
        for group in (group for optimizer in optimizers for group in optimizer.param_groups):
            group["lr"] = schedule.rate_at(step) * group.get("pace", 1.0)
        loss = loss_at(step)
        network.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(list(learning.values()), longest)
        for optimizer in optimizers:
            optimizer.step()
        step += 1
        follow = get_ema_multi_avg_fn(min(keep, step / (step + 10)))
        with torch.no_grad():
            follow(list(average), list(learning.values()), step)
        if (now := time.monotonic()) - last > schedule.save_every or step == schedule.steps:
            kept.save(state, fingerprint, step)
            last = now
        progress(step, schedule.steps)
    with torch.no_grad():
        for x, mean in zip(learning.values(), average, strict=True):
            x.copy_(mean)


@dataclass(frozen=True)
class Kept:
    """All numbers that the next step depends on; the very tensors, no copies."""

    learning: dict[str, nn.Parameter]
    average: list[nn.Parameter]
    buffers: dict[str, Tensor]
    owner: dict[Tensor, torch.optim.Optimizer]  # parameter -> whose steps it takes

    def save(self, path: Path, fingerprint: str, step: int) -> None:
        """Write them, whole or not at all."""
        tensors: dict[str, Tensor] = {f"buffer/{name}": x for name, x in self.buffers.items()}
        for (name, x), mean in zip(self.learning.items(), self.average, strict=True):
            tensors |= {f"network/{name}": x, f"average/{name}": mean}
            moments = self.owner[x].state[x]
            tensors |= {f"optimizer/{name}/{key}": value for key, value in moments.items()}
        save_tensors(path, tensors, {"fingerprint": fingerprint, "step": str(step)})

    def resume(self, path: Path, fingerprint: str) -> int:
        """The step to go on with; 0 where there is no state of this fingerprint."""
        if read_header(path).get("fingerprint") != fingerprint:
            return 0
        remedy = "delete it, and run the same again"
        tensors, header = load_tensors(path, remedy)
        try:
            with torch.no_grad():
                for name, x in self.buffers.items():
                    x.copy_(tensors[f"buffer/{name}"])
                for (name, x), mean in zip(self.learning.items(), self.average, strict=True):
                    x.copy_(tensors[f"network/{name}"])
                    mean.copy_(tensors[f"average/{name}"])
                    moments = {key: f"optimizer/{name}/{key}" for key in STATE[type(self.owner[x])]}
                    if not any(place in tensors for place in moments.values()):
                        continue  # a layer that pictures have not grown to yet: it had no step
                    self.owner[x].state[x] = {
                        key: tensors[place].to("cpu" if key == "step" else x).clone()
                        for key, place in moments.items()
                    }
            return int(header["step"])
        except (KeyError, RuntimeError, ValueError) as cause:  # an older kit's network, say
            raise DeltaEditError(f"{path} is of another network ({cause}); {remedy}") from None
