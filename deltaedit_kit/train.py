"""Training the mapper from pairs of codes: settings, pairs, loss, loop, exact resume.

Idea: any two codes are a training pair. From (s1, i1) and (s2, i2) the mapper must predict the
change from the first style to the second; of the second picture it gets only the direction between
the embeddings:

    d = (i2 - i1) / |i2 - i1|      Δŝ = M(s1, i1, d)      Δs = s2 - s1
    L = l2_weight · mean (Δŝ - Δs)²  +  cosine_weight · (1 - mean cos(Δŝ, Δs))

The squared error determines the length of the change, the cosine its direction, which decides the
kind of edit. No text is used. Everything random in step k follows from (seed, k), and a checkpoint
holds the rest of the state of step k: a killed run can be resumed bit for bit.

Faster, in several processes, with early stopping or with a part left out: a lab derives its own
`Run` and gives that to `train_mapper`; see labs/training.

Citation: arXiv:2303.06285, section 3.3, equations 3 and 4, and the released training options.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import get_ema_multi_avg_fn

from deltaedit_kit.atomic import load_tensors, remove_leftovers, save_tensors
from deltaedit_kit.codes import Codes, CodeStore, check_codes
from deltaedit_kit.device import learning
from deltaedit_kit.errors import DeltaEditError, check_number, check_whole_number
from deltaedit_kit.lock import only_writer
from deltaedit_kit.mapper import DeltaMapper, orthogonalize

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain
    from deltaedit_kit.stylespace import StyleLayout

FILE, FORMAT = "training.safetensors", "deltaedit training 4"
VALIDATION_PAIRS, VALIDATION_STEP = 2048, 2**31  # the "step" that draws them: no run gets there


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides the weights; the published schedule is the default.

    `orthogonal` (arXiv:1312.6120), `warm_up` (arXiv:1706.02677) and a lower `beta2` bear a rate ten
    times as high, for a class that has a minute. Raises DeltaEditError for what makes no sense.
    """

    steps: int = 201_562  # of 64 pairs: 12.9 million
    batch: int = 64
    learning_rate: float = 0.5  # for weights stored 100 times too large (lr_mul 0.01)
    schedule: str = "constant"  # or "cosine": from learning_rate down to 0 at the last step
    warm_up: int = 0  # steps in which the rate grows to what the schedule says
    beta2: float = 0.999  # share that Adam keeps of the running average of squared gradients
    orthogonal: bool = False  # start with orthogonal matrices instead of normal ones
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
        for name in ("steps", "batch", "report_every", "save_every"):
            check_whole_number(name, getattr(self, name), 1)
        check_whole_number("warm_up", self.warm_up, 0)
        check_whole_number("seed", self.seed, 0, 2**63 - 1)
        for name in ("ema", "beta2", "held_out", "learning_rate", "l2_weight", "cosine_weight"):
            check_number(name, getattr(self, name), 0)
        if self.ema >= 1 or self.beta2 >= 1 or not 0 < self.held_out < 1:
            raise DeltaEditError("ema and beta2 must lie in [0, 1) and held_out in (0, 1)")
        if self.learning_rate == 0 or self.l2_weight + self.cosine_weight == 0:
            raise DeltaEditError("learning_rate and one of the loss weights must be above 0")

    def rate(self, step: int) -> float:
        """The learning rate of step `step`, counted from 0."""
        rate = self.learning_rate * min(1.0, (step + 1) / max(1, self.warm_up))
        if self.schedule == "constant":
            return rate
        return rate * 0.5 * (1 + math.cos(math.pi * step / self.steps))


class Pairs(NamedTuple):
    """A batch of pairs: s [n, S], clip [n, E], unit direction [n, E], delta_s [n, S], float32."""

    s: Tensor
    clip: Tensor
    direction: Tensor
    delta_s: Tensor


def draw_pairs(codes: int, batch: int, seed: int, step: int, device: torch.device) -> Tensor:
    """First codes and second codes of a step's pairs: row numbers [2, batch]."""
    # A CPU generator reads 32 bits of its seed: mix both numbers into those.
    random = torch.Generator(device).manual_seed((seed * 0x9E3779B1 + step) % 2**32)
    return torch.randint(codes, (2, batch), generator=random, device=device)


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
    edit_accuracy: float  # what the caller's function said; nan without one
    pairs_per_second: float  # of the steps alone, since the report before
    precision: str  # of the matrix products


EditAccuracy = Callable[[DeltaMapper], float]  # share of edits that succeed, by the caller


class Run:
    """A training run: codes, network, optimiser, step. Its methods are what labs replace."""

    precision = "float32"

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
            mapper = orthogonalize(mapper) if config.orthogonal else mapper
        self.network, self.optimizer = self.build(mapper.to(self.device))
        self.average = copy.deepcopy(self.network).requires_grad_(False) if config.ema else None
        self.last = torch.full((3,), math.nan, device=self.device)  # loss, l2, cosine of the batch
        self.finite = torch.ones((), device=self.device)  # read rarely: reading waits for a GPU
        self.pairs_seen, self.seconds = 0, 0.0  # since the last report

    def prepare(self, domain: Domain, codes: Codes | CodeStore) -> tuple[Codes, StyleLayout]:
        """The codes to learn from, on the domain's device, and the layout of their s."""
        return codes.whole(domain.device), domain.layout

    def split(self, codes: int) -> tuple[Tensor, Tensor]:
        """Rows that train, rows that are held out."""
        return split_rows(codes, self.config.held_out, self.config.seed)

    def build(self, mapper: DeltaMapper) -> tuple[nn.Module, torch.optim.Optimizer]:
        """The network that learns, and Adam over it with its memory (m, v, steps taken) at zero."""
        betas = (0.9, self.config.beta2)
        adam = torch.optim.Adam(mapper.parameters(), self.config.learning_rate, betas)
        for weight in mapper.parameters():
            memory = {key: torch.zeros_like(weight) for key in ("exp_avg", "exp_avg_sq")}
            adam.state[weight] = {"step": torch.zeros(()), **memory}
        return mapper, adam

    def pairs(self, rows: Tensor, step: int, n: int) -> Pairs:
        """The n pairs of a step, drawn among these rows."""
        first, second = rows[draw_pairs(len(rows), n, self.config.seed, step, self.device)]
        return pairs_at(self.codes, first, second)

    def loss(self, pairs: Pairs) -> Loss:
        """Forward, and the loss of what comes out."""
        predicted = self.network(pairs.s, pairs.clip, pairs.direction)  # Δŝ [n, S]
        return self.compare(predicted, pairs.delta_s)

    def compare(self, predicted: Tensor, wanted: Tensor) -> Loss:
        """The loss of predicted Δs, with the weights of the config."""
        return delta_loss(predicted, wanted, self.config.l2_weight, self.config.cosine_weight)

    def descend(self, loss: Loss) -> None:
        """One Adam step along the gradients that are there; the running average follows."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.rate(self.step) * group.get("scale", 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        if self.average is not None:
            # Young averages forget faster, so that they do not carry the random start along.
            keep = min(self.config.ema, self.step / (self.step + 10))
            follow = get_ema_multi_avg_fn(keep)  # one kernel for all weights, without gradients
            follow(list(self.average.parameters()), list(self.network.parameters()), self.step)
        self.last = torch.stack(loss).detach()
        self.finite *= torch.isfinite(self.last[0])
        self.pairs_seen += self.config.batch

    @property
    def learned(self) -> nn.Module:
        """The network to validate and use: the running average, if the run keeps one."""
        return self.network if self.average is None else self.average

    def mapper(self) -> DeltaMapper:
        """A copy of what has been learned so far."""
        return copy.deepcopy(cast("DeltaMapper", self.learned)).eval().requires_grad_(False)

    @property
    def over(self) -> bool:
        """Whether there is no step left to take."""
        return self.step >= self.config.steps

    def due(self, every: int) -> bool:
        """Whether what happens `every` steps happens after this one; the last step counts."""
        return self.step % every == 0 or self.over

    @torch.no_grad()
    def report(self, edit_accuracy: EditAccuracy | None = None) -> Report:
        """Numbers of the last batch, the held-out pairs and the pace since the last report."""
        start = perf_counter()
        last = self.last.tolist()  # waits for a GPU
        pace = self.pairs_seen / max(self.seconds + perf_counter() - start, 1e-9)
        self.pairs_seen, self.seconds = 0, 0.0
        parts = zip(*(x.split(512) for x in self.held_out[:3]), strict=True)
        predicted = torch.cat([self.learned(*part) for part in parts])
        wanted = self.held_out.delta_s
        held = [x.item() for x in self.compare(predicted, wanted)]
        groups = zip(self.layout.groups(predicted), self.layout.groups(wanted), strict=True)
        cosines = [F.cosine_similarity(a.flatten(1), b.flatten(1)).mean().item() for a, b in groups]
        accuracy = edit_accuracy(self.mapper()) if edit_accuracy else math.nan
        rest = (accuracy, pace, self.precision)
        return Report._make((self.step, *last, *held, *cosines, *rest))

    def tensors(self) -> dict[str, Tensor]:
        """All numbers that the next step depends on, by name: the very tensors, no copies."""
        named: dict[str, Tensor] = {}
        for name, weight in self.network.named_parameters():
            named[f"network/{name}"] = weight.data
            memory = self.optimizer.state[weight]
            named |= {f"adam/{name}/{key}": value for key, value in memory.items()}
            if self.average is not None:
                named[f"average/{name}"] = self.average.get_parameter(name)
        return named

    @property
    def identity(self) -> str:
        """What must not change between a run and its resumption, as text."""
        settings = {k: v for k, v in asdict(self.config).items() if not k.endswith("_every")}
        settings |= {"run": type(self).__name__, "codes": self.codes.fingerprint}
        return json.dumps(settings, sort_keys=True)

    def writing(self, folder: Path | None) -> AbstractContextManager[None]:
        """Keep others from training in `folder` meanwhile."""
        return only_writer(folder, FILE)

    def save(self, folder: Path | None) -> None:
        """Replace the checkpoint in `folder`, atomically; the last good one stays where it cannot.

        Raises DeltaEditError for a full disk, and for a loss that is no number any more.
        """
        path = None if folder is None else folder / FILE
        kept = f"{path} is still good" if path and path.exists() else "nothing was saved"
        if not bool(self.finite):
            raise DeltaEditError(
                f"the loss stopped being a number before step {self.step}; {kept}; lower "
                f"learning_rate (now {self.config.learning_rate:g}) or look for NaN in the codes"
            )
        if path is None or not self.step:
            return
        header = {"format": FORMAT, "step": str(self.step), "run": self.identity}
        try:
            save_tensors(path, self.tensors(), header)
        except OSError as cause:
            raise DeltaEditError(
                f"cannot save step {self.step} to {path}: {cause}; {kept}: make room and go on"
            ) from None

    def resume(self, folder: Path | None) -> None:
        """Take up the checkpoint in `folder`, if there is one.

        Raises DeltaEditError for a file that is damaged or belongs to another run.
        """
        if folder is None:
            return
        remove_leftovers(folder, {FILE})
        path, own = folder / FILE, self.tensors()
        if not path.exists():
            return
        again = "give another folder, or delete it to start again"
        saved, header = load_tensors(path, again)
        shapes = [{k: (v.shape, v.dtype) for k, v in x.items()} for x in (saved, own)]
        step = header.get("step", "")
        fits = shapes[0] == shapes[1] and step.isdecimal() and int(step) <= self.config.steps
        if header.get("format") != FORMAT or header.get("run") != self.identity or not fits:
            raise DeltaEditError(f"{path} belongs to a run with other settings or codes; {again}")
        self.step = int(step)
        for name, value in saved.items():
            own[name].copy_(value)


@learning()
def train_mapper(
    run: Run,
    folder: str | Path | None = None,
    on_report: Callable[[Report], object] | None = None,
    edit_accuracy: EditAccuracy | None = None,
    keep_going: Callable[[Run], bool] | None = None,
) -> DeltaMapper:
    """Take the steps that are left: train_mapper(Run(domain, codes, config)). Returns the mapper.

    With a `folder` the run takes up the checkpoint there, saves every `save_every` steps and at the
    end; nobody else may train there meanwhile. `edit_accuracy(mapper)` is asked at every report,
    `keep_going(run)` before every step: False saves and ends. Raises DeltaEditError as `Run` does.
    """
    folder, config = None if folder is None else Path(folder), run.config
    with run.writing(folder):
        run.resume(folder)
        if run.over and on_report:  # done before: say how it ended
            on_report(run.report(edit_accuracy))
        while not run.over:
            if keep_going is not None and not keep_going(run):
                run.save(folder)
                break
            start = perf_counter()
            pairs = run.pairs(run.train_rows, run.step, config.batch)  # s1, i1, d; wanted Δs
            loss = run.loss(pairs)  # Δŝ = M(s1, i1, d),  L(Δŝ, Δs)
            loss.total.backward()
            run.descend(loss)  # Adam
            run.seconds += perf_counter() - start
            if on_report and run.due(config.report_every):
                on_report(run.report(edit_accuracy))
            if run.due(config.save_every):
                run.save(folder)
    return run.mapper()
