"""Run cases in a child process and say how each ended.

    right        the kit read it                       traceback    another exception
    one line     DeltaEditError, at most 600 letters   crash        the process died
    hang         no answer within a minute             above 1 GB   more memory than that

The child has one gigabyte of address space beyond what it holds once everything is loaded
(resource.setrlimit). The hang guard is generous: it is no measure of speed.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import random
import resource
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchmarks.fuzz.surfaces import SURFACES, Surface

OUTCOMES = ("right", "one line", "traceback", "crash", "hang", "above 1 GB")
FAULTS = OUTCOMES[2:]
MILD = 0.5  # the share of cases that are changed a little and may still be right
PATIENCE, PREPARING, ROOM = 60.0, 600.0, 10**9
# Imported once, in the process that children are forked from; it computes nothing.
PRELOADED = ["torch", "pandas", "deltaedit_kit.io.loading", "deltaedit_kit.train"]
LONGEST_LINE = 700  # of a message; `deltaedit: ` and the path of a file included


@dataclass
class Report:
    """How the cases of a surface ended, and the first faults in words."""

    surface: str
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def add(self, number: int, outcome: str, words: str) -> None:
        """Count one case; a fault is remembered with its number."""
        self.outcomes[outcome] += 1
        if outcome in FAULTS:
            self.faults.append(f"{self.surface} case {number}: {outcome} {words}")


def fuzz(
    surface: str | Surface,
    cases: int,
    seed: int = 0,
    mild: float = MILD,
    patience: float = PATIENCE,
) -> Report:
    """Run cases 0 ... cases - 1 of a surface, going on in a new child after a crash or a hang."""
    one = surface if isinstance(surface, Surface) else SURFACES[surface]
    report, context = Report(one.name), multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with tempfile.TemporaryDirectory() as folder:
        number = 0
        while number < cases:
            ours, theirs = context.Pipe(duplex=False)
            arguments = (theirs, one, seed, range(number, cases), mild, folder)
            child = context.Process(target=run_cases, args=arguments, daemon=True)
            child.start()
            theirs.close()
            number = _listen(ours, child, report, number, patience)
            child.kill()
            child.join()
    return report


def _listen(
    ours: Connection, child: BaseProcess, report: Report, number: int, for_a_case: float
) -> int:
    """Take the child's answers until it is done, dead or silent; the number of the next case."""
    patience = PREPARING
    while True:
        try:
            if not ours.poll(patience):
                report.add(number, "hang", f"after {patience:.0f} s")
                return number + 1
            answer = ours.recv()
        except EOFError:
            child.join()
            if child.exitcode != 0 and patience == PREPARING:
                raise RuntimeError(f"{report.surface}: what is fuzzed cannot be prepared") from None
            if child.exitcode != 0:
                report.add(number, "crash", f"exit code {child.exitcode}")
                return number + 1
            return number
        patience = for_a_case
        if answer is not None:  # None: everything is prepared
            report.add(*answer)
            number = answer[0] + 1


def run_cases(
    pipe: Connection, one: Surface, seed: int, cases: range, mild: float, folder: str
) -> None:
    """The child: prepare, take away memory, try case after case."""
    import torch

    from deltaedit_kit.support.errors import DeltaEditError

    torch.set_num_threads(1)
    faulthandler.enable()  # a crash of a library says where
    place = Path(folder)
    state = one.prepare(place)
    with_libraries(one, place, state)
    limit_memory()
    pipe.send(None)
    for number in cases:
        dice = random.Random(f"{one.name} {seed} {number}")
        try:
            one.attempt(dice, place, state, dice.random() < mild)
            answer = (number, "right", "")
        except DeltaEditError as refused:
            line = str(refused)
            short = len(line) <= LONGEST_LINE and line.strip() and "\n" not in line.strip()
            answer = (
                (number, "one line", "") if short else (number, "traceback", f"long: {line[:99]}")
            )
        except MemoryError as full:
            answer = (number, "above 1 GB", repr(full)[:200])
        except RecursionError as deep:
            answer = (number, "traceback", repr(deep)[:200])
        except Exception as cause:  # whatever else is a fault, and which one is the report
            full = "can't allocate memory" in str(cause) or "Cannot allocate memory" in str(cause)
            outcome = "above 1 GB" if full else "traceback"
            answer = (number, outcome, _where(cause))
        pipe.send(answer)


def with_libraries(one: Surface, place: Path, state: object) -> None:
    """An attempt of each kind before the limit: its imports map more than a case may take."""
    import contextlib

    for mild in (True, False):
        with contextlib.suppress(Exception):
            one.attempt(random.Random(0), place, state, mild)


def limit_memory() -> None:
    """Leave ROOM bytes of address space beyond those in use."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _where(cause: BaseException) -> str:
    """Kind, words and the innermost line of the kit."""
    import traceback

    frames = traceback.extract_tb(cause.__traceback__)
    ours = [frame for frame in frames if "deltaedit_kit" in frame.filename] or frames
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"
    return f"{type(cause).__name__} at {place}: {' '.join(str(cause).split())[:150]}"
