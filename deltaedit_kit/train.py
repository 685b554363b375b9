"""Training the mapper from pairs of codes: settings, pairs, loss, loop, exact resume.

Idea: any two codes are a training pair. From (s1, i1) and (s2, i2) the mapper must predict the
change from the first style to the second; of the second picture it gets only the direction between
the embeddings:

    d = (i2 - i1) / |i2 - i1|      Δŝ = M(s1, i1, d)      Δs = s2 - s1
    L = l2_weight · mean (Δŝ - Δs)²  +  cosine_weight · (1 - mean cos(Δŝ, Δs))

The squared error determines the length of the change, the cosine its direction, which decides the
kind of edit. No text is used. Everything random in step k follows from (seed, k), and a checkpoint
holds the rest of the state of step k: a killed run can be resumed bit for bit.

This is the published run. To train in a minute, in several processes or with a part left out, a lab
derives its own `Run` and gives that to `train_mapper`; see labs/training.

Citation: arXiv:2303.06285, section 3.3, equations 3 and 4, and the released training options.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.codes import Codes, CodeStore, check_codes
from deltaedit_kit.domain import Domain
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.support.atomic import check_path, load_tensors, remove_leftovers, save_tensors
from deltaedit_kit.support.device import learning
from deltaedit_kit.support.errors import DeltaEditError, check_number, check_whole_number
from deltaedit_kit.support.lock import only_writer

FILE, FORMAT = "training.safetensors", "deltaedit training 4"
VALIDATION_PAIRS, VALIDATION_STEP = 2048, 2**31  # the "step" that draws them: no run gets there


@dataclass(frozen=True)
class TrainingConfig:
    """All that decides the weights, by default as published; DeltaEditError for what cannot be."""

    steps: int = 201_562  # of 64 pairs: 12.9 million
    batch: int = 64
    learning_rate: float = 0.5  # for weights stored 100 times too large (lr_mul 0.01)
    l2_weight: float = 1.0
    cosine_weight: float = 1.0
    held_out: float = 0.02  # share of the codes that only validation sees
    seed: int = 0
    report_every: int = 500
    save_every: int = 2000

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "report_every", "save_every"):
            check_whole_number(name, getattr(self, name), 1)
        check_whole_number("seed", self.seed, 0, 2**63 - 1)
        for name in ("held_out", "learning_rate", "l2_weight", "cosine_weight"):
            check_number(name, getattr(self, name), 0)
        if not 0 < self.held_out < 1:
            raise DeltaEditError(f"held_out is {self.held_out:g}; give a share in (0, 1)")
        if self.learning_rate == 0 or self.l2_weight + self.cosine_weight == 0:
            raise DeltaEditError("learning_rate and one of the loss weights must be above 0")


class Pairs(NamedTuple):
    """A batch of pairs: s [n, S], clip [n, E], unit direction [n, E], delta_s [n, S], float32."""

    s: Tensor
    clip: Tensor
    direction: Tensor
    delta_s: Tensor


def random_of_step(seed: int, step: int, device: torch.device) -> torch.Generator:
    """What draws all that is random in a step."""
    # A CPU generator reads 32 bits of its seed: mix both numbers into those.
    return torch.Generator(device).manual_seed((seed * 0x9E3779B1 + step) % 2**32)


def pairs_at(codes: Codes, first: Tensor, second: Tensor) -> Pairs:
    """The pairs from codes `first` to codes `second` (row numbers [n])."""
    s = codes.s[first].float()
    clip = F.normalize(codes.clip[first].float(), dim=1)  # float16 keeps no exact unit length
    change = F.normalize(codes.clip[second].float(), dim=1) - clip
    direction = change / change.norm(dim=1, keepdim=True).clamp(min=1e-5)
    return Pairs(s, clip, direction, codes.s[second].float() - s)


def split_rows(codes: int, held_out: float, seed: int, least: int = 2) -> tuple[Tensor, Tensor]:
    """Which of so many codes train, and which are held out: two vectors of row numbers."""
    order = torch.randperm(codes, generator=torch.Generator().manual_seed(seed))
    kept = round(codes * held_out)
    if min(kept, codes - kept) < least:
        raise DeltaEditError(
            f"{codes} codes are too few to hold out {held_out:.0%} of them; make at least "
            f"{math.ceil(least / min(held_out, 1 - held_out))}"
        )
    return order[kept:], order[:kept]


class Loss(NamedTuple):
    """The loss and its parts, scalars; `cosine` is the mean cosine itself, 1 at best."""

    total: Tensor
    l2: Tensor
    cosine: Tensor


def delta_loss(
    predicted: Tensor, wanted: Tensor, l2_weight: float = 1.0, cosine_weight: float = 1.0
) -> Loss:
    """L of the module docstring for predicted and wanted Δs, both [n, S]."""
    l2 = F.mse_loss(predicted, wanted)
    cosine = F.cosine_similarity(predicted, wanted, dim=1).mean()
    return Loss(l2_weight * l2 + cosine_weight * (1 - cosine), l2, cosine)


class Report(NamedTuple):
    """What a run says every `report_every` steps: the last batch, the held-out pairs, the pace."""

    step: int
    loss: float  # of the last batch; nan where no step was taken
    l2: float
    cosine: float
    validation: float  # loss on the held-out pairs
    validation_l2: float
    validation_cosine: float
    coarse: float  # cosine of the coarse part on the held-out pairs, and so on
    medium: float
    fine: float
    pairs_per_second: float  # of the steps alone, since the report before
    precision: str  # of the matrix products
    edit_accuracy: float  # share of edits that succeed; nan where nobody counts them


class Run:
    """A training run: codes, network, optimiser, step. Its methods are what labs replace."""

    writes = True  # False: another process saves for this one

    @learning()
    def __init__(self, domain: Domain, codes: Codes | CodeStore, config: TrainingConfig) -> None:
        """Codes on the domain's device, weights drawn from the seed.

        Raises DeltaEditError for codes of other networks, too few of them, and unfinished stores.
        """
        check_codes(domain, codes)
        self.config, self.step = config, 0
        self.codes, self.layout = self.prepare(domain, codes)
        self.device = self.codes.s.device
        self.train_rows, rows = (x.to(self.device) for x in self.split(len(self.codes)))
        self.held_out = self.pairs(rows, VALIDATION_STEP, VALIDATION_PAIRS)
        with torch.random.fork_rng(devices=[]):  # the caller's random numbers stay as they are
            torch.default_generator.manual_seed(config.seed)
            mapper = DeltaMapper(self.layout, self.codes.clip.shape[1])  # on the CPU: one start
            self.network, self.optimizer = self.build(mapper)
        self.learned = self.network  # what is validated and used
        self.last: Tensor | None = None  # loss, l2, cosine of the last batch
        self.pairs_seen, self.seconds = 0, 0.0  # since the last report

    def prepare(self, domain: Domain, codes: Codes | CodeStore) -> tuple[Codes, StyleLayout]:
        """The codes to learn from, on the domain's device, and the layout of their s."""
        return codes.whole(domain.device), domain.layout

    def split(self, codes: int) -> tuple[Tensor, Tensor]:
        """Rows that train, rows that are held out."""
        return split_rows(codes, self.config.held_out, self.config.seed)

    def build(self, mapper: DeltaMapper) -> tuple[DeltaMapper, torch.optim.Optimizer]:
        """The network that learns, and Adam over it with its memory (m, v, steps taken) at zero."""
        mapper = mapper.to(self.device)
        adam = torch.optim.Adam(mapper.parameters(), self.config.learning_rate)
        for weight in mapper.parameters():
            memory = {key: torch.zeros_like(weight) for key in ("exp_avg", "exp_avg_sq")}
            adam.state[weight] = {"step": torch.zeros(()), **memory}
        return mapper, adam

    def pairs(self, rows: Tensor, step: int, n: int) -> Pairs:
        """The n pairs of a step, drawn among these rows."""
        random = random_of_step(self.config.seed, step, self.device)
        drawn = torch.randint(len(rows), (2, n), generator=random, device=self.device)
        return pairs_at(self.codes, *rows[drawn])

    def loss(self, pairs: Pairs) -> Loss:
        """Forward, and the loss of what comes out."""
        predicted = self.network(pairs.s, pairs.clip, pairs.direction)  # Δŝ [n, S]
        return self.compare(predicted, pairs.delta_s)

    def compare(self, predicted: Tensor, wanted: Tensor) -> Loss:
        """The loss of predicted Δs, with the weights of the config."""
        return delta_loss(predicted, wanted, self.config.l2_weight, self.config.cosine_weight)

    def descend(self, loss: Loss) -> None:
        """One Adam step along the gradients that are there."""
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.last = torch.stack(loss).detach()
        self.pairs_seen += self.config.batch

    def mapper(self) -> DeltaMapper:
        """A copy of what has been learned so far."""
        return copy.deepcopy(self.learned).eval().requires_grad_(False)

    @property
    def over(self) -> bool:
        """Whether there is no step left to take."""
        return self.step >= self.config.steps

    @torch.no_grad()
    def report(self) -> Report:
        """Numbers of the last batch, the held-out pairs and the pace since the last report."""
        start = perf_counter()
        last = [math.nan] * 3 if self.last is None else self.last.tolist()  # waits for a GPU
        pace = self.pairs_seen / max(self.seconds + perf_counter() - start, 1e-9)
        self.pairs_seen, self.seconds = 0, 0.0
        parts = zip(*(x.split(512) for x in self.held_out[:3]), strict=True)
        predicted = torch.cat([self.learned(*part) for part in parts])
        wanted = self.held_out.delta_s
        held = [x.item() for x in self.compare(predicted, wanted)]
        groups = zip(self.layout.groups(predicted), self.layout.groups(wanted), strict=True)
        cosines = [F.cosine_similarity(a.flatten(1), b.flatten(1)).mean().item() for a, b in groups]
        rest = (pace, "float32", math.nan)  # the last two are for labs to replace
        return Report._make((self.step, *last, *held, *cosines, *rest))

    def tensors(self) -> dict[str, Tensor]:
        """All numbers that the next step depends on, by name: the very tensors, no copies."""
        named: dict[str, Tensor] = {}
        for name, weight in self.network.named_parameters():
            named[f"network/{name}"] = weight.data
            memory = self.optimizer.state[weight]
            named |= {f"adam/{name}/{key}": value for key, value in memory.items()}
        return named

    @property
    def identity(self) -> dict[str, str]:
        """What must not change between a run and its resumption."""
        settings = {k: v for k, v in asdict(self.config).items() if not k.endswith("_every")}
        settings |= {"run": type(self).__name__, "codes": self.codes.fingerprint}
        return {"format": FORMAT, "run": json.dumps(settings, sort_keys=True)}

    def save(self, folder: Path | None) -> None:
        """Replace the checkpoint in `folder`, atomically; the last good one stays where it cannot.

        Raises DeltaEditError for a full disk, and for a loss that is no number any more.
        """
        if self.last is not None and not bool(self.last.isfinite().all()):  # and so it remains
            raise DeltaEditError(
                f"the loss stopped being a number before step {self.step}; earlier checkpoints are "
                f"still good: lower learning_rate (now {self.config.learning_rate:g}) or look for "
                "NaN in the codes"
            )
        if folder is None or not self.writes or not self.step:
            return
        try:
            save_tensors(folder / FILE, self.tensors(), self.identity | {"step": str(self.step)})
        except OSError as cause:
            raise DeltaEditError(
                f"cannot save step {self.step} to {folder}: {cause}; earlier checkpoints are still "
                "good: make room and go on"
            ) from None

    def resume(self, folder: Path) -> None:
        """Take up the checkpoint in `folder`, if there is one.

        Raises DeltaEditError for a file that is damaged or belongs to another run.
        """
        remove_leftovers(folder, {FILE})
        path, own = folder / FILE, self.tensors()
        if not path.exists():
            return
        again = "give another folder, or delete it to start again"
        saved, header = load_tensors(path, again)
        step = header.pop("step", "")
        known = header == self.identity and step.isdecimal() and len(step) < 10  # int() has limits
        shapes = [{k: (v.shape, v.dtype) for k, v in x.items()} for x in (saved, own)]
        if not known or int(step) > self.config.steps or shapes[0] != shapes[1]:
            raise DeltaEditError(f"{path} belongs to a run with other settings or codes; {again}")
        for name, value in saved.items():
            counted = name.endswith(("/step", "/exp_avg_sq")) and bool((value < 0).any())
            if counted or ("/" in name and not bool(value.isfinite().all())):
                raise DeltaEditError(f"{path}: {name} is no state of a training; {again}")
        self.step = int(step)
        for name, value in saved.items():
            own[name].copy_(value)


@learning()
def train_mapper(
    run: Run,
    folder: str | Path | None = None,
    on_report: Callable[[Report], object] | None = None,
    keep_going: Callable[[Run], bool] | None = None,
) -> DeltaMapper:
    """Take the steps that are left: train_mapper(Run(domain, codes, config)). Returns the mapper.

    With a `folder` the run takes up the checkpoint there, saves every `save_every` steps and at the
    end; nobody else may train there meanwhile. `keep_going(run)` is asked before every step: False
    saves and ends. Raises DeltaEditError as `Run` does.
    """
    folder, config = None if folder is None else check_path(folder), run.config
    with only_writer(folder if run.writes else None, FILE):
        if folder is not None:
            run.resume(folder)
        if run.over and on_report:  # done before: say how it ended
            on_report(run.report())
        while not run.over and (keep_going is None or keep_going(run)):
            start = perf_counter()
            pairs = run.pairs(run.train_rows, run.step, config.batch)  # s1, i1, d; wanted Δs
            loss = run.loss(pairs)  # Δŝ = M(s1, i1, d),  L(Δŝ, Δs)
            loss.total.backward()
            run.descend(loss)  # Adam
            run.seconds += perf_counter() - start
            if on_report and (run.over or run.step % config.report_every == 0):
                on_report(run.report())
            if run.over or run.step % config.save_every == 0:
                run.save(folder)
        if not run.over:  # told to stop
            run.save(folder)
    return run.mapper()
