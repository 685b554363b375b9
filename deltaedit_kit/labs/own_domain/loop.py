"""One loop that trains every network of a build: down a cosine, averaged, resumable.

    θ <- θ - rate(k) step(∇ loss_k(θ)),      kept: the running average of θ

The steps are Adam's, or Muon's for the matrices of a network that asks for it.

`loss_k` must follow from k alone, as all that is random in it comes from (seed, k): a run that was
killed goes on from its state as if nothing had happened, but for what it did since the last save.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from deltaedit_kit.labs.own_domain.muon import Muon, is_matrix
from deltaedit_kit.labs.own_domain.world import Tell
from deltaedit_kit.support.atomic import load_tensors, read_header, save_tensors
from deltaedit_kit.support.errors import DeltaEditError

STATE = {torch.optim.Adam: ("step", "exp_avg", "exp_avg_sq"), Muon: ("momentum",)}


@dataclass(frozen=True)
class Schedule:
    """How long and how fast."""

    steps: int
    rate: float
    warm_up: int = 50
    memory: float = 0.02  # share of all steps that the running average looks back
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
    tell: Tell,
    muon_pace: float | None = None,
) -> None:
    """Train what of `network` requires gradients, in place; it ends as the average of weights.

    With `muon_pace` the matrices take Muon's steps, at so many times the rate. A `state` of another
    `fingerprint` is left.
    Raises DeltaEditError for one that is damaged, or of another network.
    """
    learning = {name: x for name, x in network.named_parameters() if x.requires_grad}
    owners = _optimizers(learning, schedule.rate, muon_pace)
    optimizers = list(dict.fromkeys(owners.values()))
    average = copy.deepcopy(list(learning.values()))
    step = _resume(learning, average, owners, state, fingerprint)
    keep = math.exp(-1 / max(schedule.memory * schedule.steps, 1))
    last = time.monotonic()
    tell(step, schedule.steps)
    while step < schedule.steps:
        for group in (group for optimizer in optimizers for group in optimizer.param_groups):
            group["lr"] = schedule.rate_at(step) * group.get("pace", 1.0)
        loss = loss_at(step)
        network.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(list(learning.values()), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        step += 1
        follow = get_ema_multi_avg_fn(min(keep, step / (step + 10)))
        with torch.no_grad():
            follow(list(average), list(learning.values()), step)
        if (now := time.monotonic()) - last > schedule.save_every or step == schedule.steps:
            _save(learning, average, owners, state, fingerprint, step)
            last = now
        tell(step, schedule.steps)
    with torch.no_grad():
        for x, kept in zip(learning.values(), average, strict=True):
            x.copy_(kept)


def _optimizers(
    learning: dict[str, nn.Parameter], rate: float, muon_pace: float | None
) -> dict[str, torch.optim.Optimizer]:
    """Which optimizer takes the steps of each parameter."""
    matrices = {n: x for n, x in learning.items() if muon_pace is not None and is_matrix(x)}
    others = {n: x for n, x in learning.items() if n not in matrices}
    owners: dict[str, torch.optim.Optimizer] = {}
    if others:
        owners |= dict.fromkeys(others, torch.optim.Adam(others.values(), rate, (0.9, 0.99)))
    if muon_pace is not None and matrices:
        owners |= dict.fromkeys(matrices, Muon(matrices.values(), muon_pace))
    return owners


def _save(
    learning: dict[str, nn.Parameter],
    average: list[nn.Parameter],
    owners: dict[str, torch.optim.Optimizer],
    path: Path,
    fingerprint: str,
    step: int,
) -> None:
    tensors: dict[str, Tensor] = {}
    for (name, x), kept in zip(learning.items(), average, strict=True):
        tensors |= {f"network/{name}": x, f"average/{name}": kept}
        tensors |= {f"optimizer/{name}/{k}": value for k, value in owners[name].state[x].items()}
    save_tensors(path, tensors, {"fingerprint": fingerprint, "step": str(step)})


def _resume(
    learning: dict[str, nn.Parameter],
    average: list[nn.Parameter],
    owners: dict[str, torch.optim.Optimizer],
    path: Path,
    fingerprint: str,
) -> int:
    """The step to go on with; 0 where there is no state of this fingerprint."""
    if read_header(path).get("fingerprint") != fingerprint:
        return 0
    remedy = "delete it, and run `deltaedit build` again"
    tensors, header = load_tensors(path, remedy)
    try:
        with torch.no_grad():
            for (name, x), kept in zip(learning.items(), average, strict=True):
                x.copy_(tensors[f"network/{name}"])
                kept.copy_(tensors[f"average/{name}"])
                keys = STATE[type(owners[name])]
                if not any(f"optimizer/{name}/{k}" in tensors for k in keys):
                    continue  # a layer that pictures have not grown to yet: it had no step
                owners[name].state[x] = {
                    k: tensors[f"optimizer/{name}/{k}"].to("cpu" if k == "step" else x).clone()
                    for k in keys
                }
        return int(header["step"])
    except (KeyError, RuntimeError, ValueError) as cause:  # an older kit's network, say
        raise DeltaEditError(f"{path} is of another network ({cause}); {remedy}") from None
