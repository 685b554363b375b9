"""A training run that somebody watches: it runs in a thread, can rest, and can be stopped.

    start() ─► [ thread: train_fast ─► reports, mapper every few seconds ] ─► wait() ─► mapper
                    ▲ pause(), go_on(), stop()

Idea: the run asks before every step whether to go on; resting is an answer that takes long. A stop
saves, so `start()` goes on where it was, in this kernel or the next. What a watcher does with the
mapper (pictures of edits, say) is the watcher's, and cannot change what is learned.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from deltaedit_kit.codes import Codes, CodeStore
from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.labs.training.hearing import until
from deltaedit_kit.labs.training.processes import Rank
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.train import Report, Run


class TrainingSession:
    """One run of `train_fast` under control. `.step`, `.reports`, `.mapper` say how it stands.

    `on_change(session)` is called from the thread at every report and whenever a mapper is shown:
    every `look_every` seconds, and at the end. Errors of the run are raised by `wait`.
    """

    def __init__(
        self,
        domain: Domain,
        codes: Codes | CodeStore,
        config: ExperimentConfig,
        folder: str | Path | None,
        look_every: float = 5.0,
    ) -> None:
        self.domain, self.codes, self.config, self.folder = domain, codes, config, folder
        self.look_every = look_every
        self.reports: list[Report] = []
        self.mapper: DeltaMapper | None = None  # the last one shown
        self.step = 0
        self.on_change: Callable[[TrainingSession], object] | None = None
        self._started = self._over = self._finished = False
        self._ended = threading.Event()
        self._open = threading.Event()  # closed: the run rests
        self._stopping = False
        self.error: Exception | None = None  # why the last run ended early
        self._looked = self._began = 0.0
        self._began_at = 0

    @property
    def running(self) -> bool:
        """Whether steps may still be taken, resting or not."""
        return self._started and not self._over

    @property
    def paused(self) -> bool:
        """Whether the run rests."""
        return self.running and not self._open.is_set()

    @property
    def done(self) -> bool:
        """Whether the run ended by itself: every step was taken, or patience ran out."""
        return self._finished or self.step >= self.config.steps

    @property
    def seconds_left(self) -> float | None:
        """Time to the last step at the pace since the start or the last rest; None if unknown."""
        taken, spent = self.step - self._began_at, perf_counter() - self._began
        if not self.running or self.paused or taken < 1:
            return None
        return (self.config.steps - self.step) * spent / taken

    def start(self) -> None:
        """Begin, or go on from the folder's checkpoint. Raises DeltaEditError while it runs."""
        if self.running:
            raise DeltaEditError("this training is already running; pause or stop it first")
        self._stopping, self._over, self.error = False, False, None
        self._forget_pace()
        self._open.set()
        self._ended = threading.Event()  # of its own: the run before may still be telling its end
        self._started = True
        run = threading.Thread(target=self._run, args=(self._ended,), name="training", daemon=True)
        run.start()

    def pause(self) -> None:
        """Rest after the step that is being taken."""
        self._open.clear()

    def go_on(self) -> None:
        """End the rest."""
        self._forget_pace()
        self._open.set()

    def stop(self) -> None:
        """Save and end after the step that is being taken; `start` goes on there."""
        self._stopping = True
        self._open.set()

    def wait(self, timeout: float | None = None) -> DeltaMapper:
        """Wait for the end, and the mapper. An interruption stops the run, saves, and is passed on.

        Raises DeltaEditError as `train_fast` does, and if the run was never started or takes
        longer than `timeout` seconds.
        """
        self._must_have_begun()
        try:
            # Not Thread.join: after an interruption, some versions of Python take a thread that
            # still runs for one that has ended.
            self._ended.wait(timeout)
        except KeyboardInterrupt:
            self.stop()
            self._ended.wait()
            raise
        return self._outcome()

    async def ended(self) -> DeltaMapper:
        """As `wait`, in a cell of a notebook, which hears Pause and Stop of a panel meanwhile.

        mapper = await session.ended()
        """
        self._must_have_begun()
        try:
            await until(self._ended.is_set)
        except asyncio.CancelledError:  # what an interrupted cell is told where it awaits
            self.stop()
            self._ended.wait()
            raise
        return self._outcome()

    def _must_have_begun(self) -> None:
        if not self._started:
            raise DeltaEditError("this training was never started; call start() first")

    def _outcome(self) -> DeltaMapper:
        if self.error is not None:
            raise self.error
        if self.running or self.mapper is None:
            raise DeltaEditError(f"the training is still running at step {self.step}; wait longer")
        return self.mapper

    def _run(self, ended: threading.Event) -> None:
        try:
            self.mapper = train_fast(
                self.domain,
                self.codes,
                self.config,
                self.folder,
                self._report,
                keep_going=self._goes_on,
                rank=Rank(),
            )
            self._finished = not self._stopping
        except Exception as error:  # shown, and handed to whoever waits
            self.error = error
        try:
            self._over = True  # what is told now must look like an end, or no button says Start
            self._tell()
        finally:
            ended.set()

    def _goes_on(self, run: Run) -> bool:
        """Asked before every step: show, rest, go on?"""
        if self._began_at < 0:
            self._began_at = run.step
        self.step = run.step
        if run.step and perf_counter() - self._looked > self.look_every:
            self.mapper = run.mapper()
            self._tell()
            self._looked = perf_counter()
        if not self._open.is_set():
            self._tell()  # where it rests: Pause was heard a step ago
            self._open.wait()
        return not self._stopping

    def _report(self, report: Report) -> None:
        self.reports = [r for r in self.reports if r.step < report.step] + [report]
        self.step = report.step
        self._tell()

    def _tell(self) -> None:
        if self.on_change is not None:
            self.on_change(self)

    def _forget_pace(self) -> None:
        self._began = self._looked = perf_counter()
        self._began_at = -1
