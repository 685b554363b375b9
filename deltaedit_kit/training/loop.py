"""The training loop: draw two index vectors, ask, compare, step.

    (s1, i1), (s2, i2)  ->  Δŝ = M(s1, i1, d)  ->  L(Δŝ, Δs)  ->  Adam

Everything random in step k follows from (seed, k), and a checkpoint holds all else that step k
depends on: a run that was killed goes on bit for bit as if nothing had happened. No text is in
sight: `exam` and `keep_going` are the caller's, and only hear of the mapper.

Citation: arXiv:2303.06285, section 3.3, equations 3 and 4.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from deltaedit_kit.codes.memory import Codes
from deltaedit_kit.codes.store import CodeStore
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.training import processes
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.ranks import Rank, this_rank
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.training.config import TrainingConfig
from deltaedit_kit.training.interruption import Interruption
from deltaedit_kit.training.loss import learned_channels, lesson_loss, validate
from deltaedit_kit.training.network import compiled, multiplications
from deltaedit_kit.training.pairs import (
    Pairs,
    draw_indices,
    lesson_space,
    pairs_at,
    split_rows,
)
from deltaedit_kit.training.speed import gemm_peak
from deltaedit_kit.training.state import FILE, TrainingState

VALIDATION_PAIRS = 2048
VALIDATION_STEP = 2**31  # the "step" that draws them: no run gets there


class Report(NamedTuple):
    """What a run says every `report_every` steps: the last batch, the held-out pairs, the pace."""

    step: int
    loss: float  # of the last batch, over all processes
    l2: float
    cosine: float
    validation: float
    validation_l2: float
    validation_cosine: float
    coarse: float  # cosine of the coarse part on the held-out pairs, and so on
    medium: float
    fine: float
    pairs_per_second: float  # since the report before; steps only, no validation, saving or rest
    peak_share: float  # of the machine's best matrix product, over all processes; see speed.py
    edit_success: float  # what `exam` said; nan without one


Exam = Callable[[DeltaMapper], float]


def train_mapper(
    domain: Any,
    codes: Codes | CodeStore,
    config: TrainingConfig,
    folder: str | Path | None = None,
    on_report: Callable[[Report], object] | None = None,
    exam: Exam | None = None,
    keep_going: Callable[[TrainingState], bool] | None = None,
    rank: Rank | None = None,
) -> DeltaMapper:
    """A mapper trained on `codes`, on the domain's device; with `ema`, its running average.

    Of the domain, .spec.name, .layout and .device are used, so that no text can come in with it.
    With a `folder` the run saves there every `save_every` steps, at an interruption and at the
    end, and takes up what it finds; the file belongs to one config. `exam(mapper)` is asked at
    every report; `keep_going(state)`, in a run of one process, before every step: False ends the
    run after a save.
    Raises DeltaEditError for too few codes, codes of another domain, a checkpoint of another run,
    a full disk, and a loss that is no number any more; the last good checkpoint then stays.
    """
    rank = rank or this_rank()
    processes.check_shares(config.batch, rank, config.accumulate)
    codes, layout = lesson_space(_resident(domain, codes, config), domain.layout, config)
    with processes.joined(rank, domain.device), Interruption(rank.world == 1) as interruption:
        run = _Run(codes, layout, config, None if folder is None else Path(folder), rank)
        # A report is made by all processes together, so the first decides for all.
        reporting = processes.agree(on_report is not None, rank, domain.device)
        over = run.state.exhausted or run.state.step == config.steps
        if over and reporting:  # done before: say how it ended
            report = run.report(exam)
            if on_report and rank.first:
                on_report(report)
        while not over and run.state.step < config.steps:
            with run.aside():
                wanted = keep_going is None or keep_going(run.state)
            if interruption.wanted or not wanted:
                run.save()
                if interruption.wanted:
                    raise KeyboardInterrupt
                break
            run.advance()
            if run.due(config.report_every) and (reporting or config.patience):
                report = run.report(exam)
                if on_report and rank.first:
                    with run.aside():
                        on_report(report)
                if processes.agree(run.state.judged(report.validation), rank, domain.device):
                    run.save()
                    break
            if run.due(config.save_every):
                run.save()
        return run.state.mapper()


class _Run:
    """One training run in one process: its data, its state, its clock."""

    def __init__(
        self,
        codes: Codes,
        layout: StyleLayout,
        config: TrainingConfig,
        folder: Path | None,
        rank: Rank,
    ) -> None:
        self.config, self.layout, self.folder, self.rank = config, layout, folder, rank
        self.device = codes.s.device
        self.codes = codes
        self.known, unseen = (rows.to(self.device) for rows in split_rows(len(codes), config))
        # A seed of its own for validation, so that its pairs never change with the step.
        self.judged = self._pairs(self._draw(unseen, VALIDATION_STEP, VALIDATION_PAIRS))
        self.channels = learned_channels(layout, config.group)
        self.state = TrainingState.start(layout, config, codes)
        if folder is not None:
            self.state.resume(folder)
        processes.check_same_step(self.state.step, rank, self.device)
        self.shared = processes.shared(self.state.network, rank)
        self.forward = compiled(self.shared, self.device, config) if config.compile else self.shared
        self.work = 6 * multiplications(layout, codes.clip.shape[1])  # FLOP of a pair
        self.last = torch.full((3,), math.nan, device=self.device)  # loss, l2, cosine of the batch
        self.healthy = torch.ones((), device=self.device)  # read rarely: reading waits
        self.began, self.began_at, self.paused = perf_counter(), self.state.step, 0.0

    def _draw(self, rows: Tensor, step: int, n: int | None = None) -> Tensor:
        """`draw_indices` among these rows of the codes."""
        index = draw_indices(len(rows), self.config, step, self.device, n)
        index[:2] = rows[index[:2]]
        return index

    def _pairs(self, index: Tensor) -> Pairs:
        first, second, averaged = index
        return pairs_at(self.codes, first, second, averaged, self.config)

    def advance(self) -> None:
        """One step: this process's share of the batch, in `accumulate` passes."""
        config, state = self.config, self.state
        index = self._draw(self.known, state.step)
        pieces = processes.share(index, self.rank, config.accumulate)
        parts = []
        for number, piece in enumerate(pieces, start=1):
            pairs = self._pairs(piece)
            with self._silent(number < len(pieces)):
                loss = lesson_loss(self.forward, pairs, self.channels, config)
                (loss.total / len(pieces)).backward()
            parts.append(torch.stack(loss).detach())
        self.last = torch.stack(parts).mean(0)
        self.healthy *= torch.isfinite(self.last[0])
        state.descend(config.rate(state.step))
        if self.due(config.report_every) or self.due(config.save_every):
            self._stop_if_sick()

    def _silent(self, yes: bool) -> Any:
        """Gradients of all passes but the last stay in this process."""
        shared = self.shared
        several = isinstance(shared, DistributedDataParallel)
        return shared.no_sync() if yes and several else nullcontext()

    def due(self, every: int) -> bool:
        """Whether something that happens `every` steps happens after this one; the last counts."""
        return self.state.step % every == 0 or self.state.step == self.config.steps

    def report(self, exam: Exam | None) -> Report:
        """Numbers of the last batch, the held-out pairs and the pace."""
        batch = processes.mean_over_all(self.last, self.rank).tolist()  # waits for the device
        asked, config, state = perf_counter(), self.config, self.state
        seconds = max(asked - self.began - self.paused, 1e-9)
        pace = (state.step - self.began_at) * config.batch / seconds
        peak = gemm_peak(str(self.device), config.precision) * self.rank.world
        held, cosines = validate(state.best, self.layout, self.judged, self.channels, config)
        success = exam(state.mapper()) if exam and self.rank.first else math.nan
        self.began, self.began_at, self.paused = perf_counter(), state.step, 0.0
        held = [x.item() for x in held]
        pace = [pace, pace * self.work / peak]
        return Report._make([state.step, *batch, *held, *cosines, *pace, success])

    def save(self) -> None:
        """Save in the first process; the clock stands still meanwhile."""
        if self.folder is not None and self.rank.first and self.state.step:
            with self.aside():
                if self.rank.world == 1:  # several have asked each other before they came here
                    self._stop_if_sick()
                self.state.save(self.folder)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is done meanwhile, by us or by a caller, is no time of training."""
        start = perf_counter()
        yield
        self.paused += perf_counter() - start

    def _stop_if_sick(self) -> None:
        if bool(processes.mean_over_all(self.healthy, self.rank) == 1):
            return
        saved = self.folder is not None and (self.folder / FILE).exists()
        kept = f"the last good checkpoint is in {self.folder}" if saved else "nothing was saved"
        raise DeltaEditError(
            f"the loss stopped being a number before step {self.state.step}; {kept}; lower "
            f"learning_rate (now {self.config.learning_rate:g}) or look for NaN in the codes"
        )


def _resident(domain: Any, codes: Codes | CodeStore, config: TrainingConfig) -> Codes:
    """The codes that the run may use, on the domain's device."""
    name = domain.spec.name
    if codes.domain != name:
        raise DeltaEditError(
            f"these are codes of domain {codes.domain!r}, the mapper is for {name!r}; make codes "
            f"with `deltaedit codes {name}`"
        )
    if isinstance(codes, CodeStore):
        if config.limit is None and not codes.complete:
            raise DeltaEditError(
                f"the store holds {len(codes):,} of {codes.header.count:,} codes; run `deltaedit "
                f"codes` again to make the rest, or give limit={len(codes)}"
            )
        # Released arrays are float32, twice as large as what training needs.
        return codes.resident(domain.device, w=config.space == "w_plus", dtype=torch.float16)
    return codes.to(domain.device)
