"""Start a training as the command line, the session and the sweep do: fast, interruptible, shared.

train_fast(domain, codes, config)      the loop of train.py, over a run of this lab

An interruption may arrive in the middle of a step, when half of the weights have moved. So while a
run goes on, the first one is only noted; the loop ends the step, saves, and then raises
KeyboardInterrupt as Python would have done. A second one does not wait.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from deltaedit_kit.codes import Codes, CodeStore
from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.training.experiment import ExperimentConfig, ExperimentRun
from deltaedit_kit.labs.training.processes import Rank, SharedRun, joined, this_rank
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.support.device import learning
from deltaedit_kit.train import Report, Run, train_mapper

CountEdits = Callable[[DeltaMapper], float]  # the share of edits that succeed


@learning()
def train_fast(
    domain: Domain,
    codes: Codes | CodeStore,
    config: ExperimentConfig,
    folder: str | Path | None = None,
    on_report: Callable[[Report], object] | None = None,
    edit_accuracy: CountEdits | None = None,
    keep_going: Callable[[Run], bool] | None = None,
    rank: Rank | None = None,
) -> DeltaMapper:
    """As `train.train_mapper`, on effective weights, with the settings of this lab.

    `edit_accuracy(mapper)` is asked at every report that `on_report` hears.
    Ctrl-C ends the step that is being taken, saves, and is passed on. Under a launcher every
    process takes its share, and the first one has the reports. With `patience` the last report is
    that of the mapper which is returned. Raises DeltaEditError as `train_mapper` does.
    """
    rank = rank or this_rank()
    reports: list[Report] = []

    def heard(report: Report) -> None:
        reports.append(report)
        if on_report and rank.first:
            if edit_accuracy:
                report = report._replace(edit_accuracy=edit_accuracy(run.mapper()))
            on_report(report)

    with joined(rank, domain.device), Interruption(rank.world == 1) as interruption:

        def go_on(run: Run) -> bool:
            return (keep_going is None or keep_going(run)) and not interruption.wanted

        run = (
            SharedRun(domain, codes, config, rank)
            if rank.world > 1
            else ExperimentRun(domain, codes, config)
        )
        listening = on_report is not None or config.patience > 0 or rank.world > 1
        train_mapper(run, folder, heard if listening else None, go_on)
        if interruption.wanted:
            raise KeyboardInterrupt
        run.rewind()
        if config.patience and reports and reports[-1].step != run.step:
            heard(run.report())
        return run.mapper()


class Interruption:
    """Context in which SIGINT is noted in `.wanted`. Off the main thread it does nothing.

    Nor does it when not `active`: processes that stop at different steps would wait for each other.
    """

    def __init__(self, active: bool = True) -> None:
        self.wanted = False
        self._active = active and threading.current_thread() is threading.main_thread()
        self._before: Any = None

    def __enter__(self) -> Interruption:
        if self._active:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.wanted:
            raise KeyboardInterrupt
        self.wanted = True
