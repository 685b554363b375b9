"""Training the mapper from pairs of pictures; this module cannot see a text.

Idea: any two codes are a lesson. From (s1, i1) and (s2, i2) the mapper is asked for the way
from the first style to the second, told only the direction of the way between their embeddings:

    d  = (i2 - i1) / |i2 - i1|          Δs = s2 - s1          Δŝ = M(s1, i1, d)
    L  = a · mean((Δŝ - Δs)²)  +  b · (1 - mean cos(Δŝ, Δs))            a = b = 1

The codes stay on the training device and a batch is two index vectors, so that no worker, no
copy and no per-sample Python stands between the data and the network. Everything random in step
k follows from (seed, k): a run that was killed goes on bit for bit as if nothing had happened.

Citation: arXiv:2303.06285, section 3.3, equations 3 and 4; the default TrainingConfig is the
schedule of the released code (Adam 0.5, batch 64, 201,562 steps).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.codes import Codes
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.training_state import TrainingState

VALIDATION_PAIRS = 2048


@dataclass(frozen=True)
class TrainingConfig:
    """What a training run is; two runs with equal configs and codes give equal weights."""

    steps: int = 201_562
    batch: int = 64  # pairs a step
    learning_rate: float = 0.5  # for weights stored 100 times too large (lr_mul 0.01)
    schedule: str = "constant"  # or "cosine": from learning_rate down to 0 at the last step
    l2_weight: float = 1.0
    cosine_weight: float = 1.0
    ema: float = 0.0  # share kept of the running average of weights; 0 trains without
    held_out: float = 0.02  # share of the codes that only validation sees
    seed: int = 0
    report_every: int = 500
    save_every: int = 2000

    def __post_init__(self) -> None:
        if self.schedule not in ("constant", "cosine"):
            raise DeltaEditError(f"schedule is {self.schedule!r}; give 'constant' or 'cosine'")
        if min(self.steps, self.batch, self.report_every, self.save_every) < 1:
            raise DeltaEditError("steps, batch, report_every and save_every must be at least 1")
        if not 0 <= self.ema < 1 or not 0 < self.held_out < 1:
            raise DeltaEditError("ema must lie in [0, 1) and held_out in (0, 1)")

    def rate(self, step: int) -> float:
        """The learning rate of step `step`, counted from 0."""
        if self.schedule == "constant":
            return self.learning_rate
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * step / self.steps))


class Loss(NamedTuple):
    """The loss and its parts, scalars; `cosine` is the mean cosine itself, 1 at best."""

    total: Tensor
    l2: Tensor
    cosine: Tensor


class Report(NamedTuple):
    """What a run says every `report_every` steps: the last batch and the held-out pairs."""

    step: int
    loss: float
    validation: float
    validation_l2: float
    validation_cosine: float
    coarse: float  # cosine of the coarse part on the held-out pairs, and so on
    medium: float
    fine: float


class Pairs(NamedTuple):
    """A batch of lessons: s [n, S], clip [n, E], unit direction [n, E], wanted delta_s [n, S]."""

    s: Tensor
    clip: Tensor
    direction: Tensor
    delta_s: Tensor


def delta_loss(
    predicted: Tensor, wanted: Tensor, l2_weight: float = 1.0, cosine_weight: float = 1.0
) -> Loss:
    """L of the module docstring for predicted and wanted Δs, both [n, S]."""
    l2 = F.mse_loss(predicted, wanted)
    cosine = F.cosine_similarity(predicted, wanted, dim=1).mean()
    return Loss(l2_weight * l2 + cosine_weight * (1 - cosine), l2, cosine)


def pairs_at(codes: Codes, first: Tensor, second: Tensor) -> Pairs:
    """The lessons from codes `first` to codes `second` (index vectors [n]), float32."""
    s = codes.s[first].float()
    # Stored as float16, so unit length has to be restored.
    clip = F.normalize(codes.clip[first].float(), dim=1)
    change = F.normalize(codes.clip[second].float(), dim=1) - clip
    direction = change / change.norm(dim=1, keepdim=True).clamp(min=1e-5)
    return Pairs(s, clip, direction, codes.s[second].float() - s)


def draw_indices(codes: int, batch: int, seed: int, step: int, device: torch.device) -> Tensor:
    """Index vectors [2, batch] below `codes` for one step: they follow from (seed, step) alone."""
    # A CPU generator reads 32 bits of its seed: mix both numbers into those.
    random = torch.Generator(device).manual_seed((seed * 0x9E3779B1 + step) % 2**32)
    return torch.randint(codes, (2, batch), generator=random, device=device)


def split_codes(codes: Codes, held_out: float, seed: int) -> tuple[Codes, Codes]:
    """(training codes, held-out codes); at least two of each, or DeltaEditError."""
    order = torch.randperm(len(codes), generator=torch.Generator().manual_seed(seed))
    kept = round(len(codes) * held_out)
    if min(kept, len(codes) - kept) < 2:
        raise DeltaEditError(
            f"{len(codes)} codes are too few to hold out {held_out:.0%} of them; sample more codes"
        )
    order = order.to(codes.s.device)
    return codes[order[kept:]], codes[order[:kept]]


@torch.no_grad()
def validate(mapper: DeltaMapper, pairs: Pairs, config: TrainingConfig) -> tuple[Loss, list[float]]:
    """The loss on held-out pairs, and the cosine of the coarse, medium and fine part of Δs."""
    predicted = mapper(pairs.s, pairs.clip, pairs.direction)
    loss = delta_loss(predicted, pairs.delta_s, config.l2_weight, config.cosine_weight)
    groups = zip(mapper.layout.groups(predicted), mapper.layout.groups(pairs.delta_s), strict=True)
    cosines = [F.cosine_similarity(a.flatten(1), b.flatten(1)).mean().item() for a, b in groups]
    return loss, cosines


def train_mapper(
    codes: Codes,
    layout: StyleLayout,
    config: TrainingConfig,
    folder: str | Path | None = None,
    on_report: Callable[[Report], object] | None = None,
) -> DeltaMapper:
    """A mapper trained on `codes`, on the device where they lie; with `ema`, its running average.

    With a `folder` the run saves there every `save_every` steps and takes up what it finds; the
    file belongs to one config. Raises DeltaEditError for too few codes, a checkpoint of another
    run and a loss that is no number any more; the last good checkpoint then stays.
    """
    known, unseen = split_codes(codes, config.held_out, config.seed)
    device = codes.s.device
    # A seed of its own for validation, so that its pairs never change with the step.
    chosen = draw_indices(len(unseen), VALIDATION_PAIRS, config.seed, 2**31, device)
    judged = pairs_at(unseen, chosen[0], chosen[1])
    state = TrainingState.start(layout, config, codes)
    if folder is not None:
        state.resume(Path(folder))
    healthy = torch.ones((), dtype=torch.bool, device=device)  # read rarely: reading waits
    while state.step < config.steps:
        index = draw_indices(len(known), config.batch, config.seed, state.step, device)
        pairs = pairs_at(known, index[0], index[1])
        predicted = state.mapper(pairs.s, pairs.clip, pairs.direction)
        loss = delta_loss(predicted, pairs.delta_s, config.l2_weight, config.cosine_weight)
        healthy &= torch.isfinite(loss.total)
        state.descend(loss.total, config.rate(state.step))
        last = state.step == config.steps
        if last or state.step % config.report_every == 0 or state.step % config.save_every == 0:
            _stop_if_sick(bool(healthy), state.step, config, folder)
        if on_report and (last or state.step % config.report_every == 0):
            held, cosines = validate(state.best, judged, config)
            numbers = [x.item() for x in (loss.total, held.total, held.l2, held.cosine)]
            on_report(Report(state.step, *numbers, *cosines))
        if folder is not None and (last or state.step % config.save_every == 0):
            state.save(Path(folder))
    return state.best.eval()


def _stop_if_sick(healthy: bool, step: int, config: TrainingConfig, folder: object) -> None:
    if not healthy:
        kept = f"the last good checkpoint is in {folder}" if folder else "nothing was saved"
        raise DeltaEditError(
            f"the loss stopped being a number before step {step}; {kept}; lower learning_rate "
            f"(now {config.learning_rate:g}) or look for NaN in the codes"
        )
