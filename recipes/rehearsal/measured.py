"""What a command costs: seconds, and the peak of its memory, asked of Linux while it runs.

own       RssAnon: what the process made itself, and only its end gives back
all       VmHWM: with the pages of files that it looked at, which the system takes back at need

Both are summed over the process and those that it started: a notebook runs in a kernel of its own.

The first is what a machine must have; the second is what `top` shows.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import memory_of

EVERY = 0.05  # seconds between two looks


@dataclass(frozen=True)
class Cost:
    """What a command took; memory in bytes."""

    seconds: float
    processor: float  # seconds that cores worked for it: other programs hardly change them
    own: int
    all: int
    code: int
    said: str  # what it printed, errors last


def run(command: Sequence[str], log: Path) -> Cost:
    """Run `python -m COMMAND` to its end; what it prints goes to `log`."""
    start, own, whole = time.perf_counter(), 0, 0
    worked: dict[int, float] = {}
    with log.open("w") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", *command], stdout=output, stderr=subprocess.STDOUT
        )
        while child.poll() is None:
            processes = (child.pid, *descendants(child.pid))
            now = [memory_of(process) for process in processes]
            own = max(own, sum(one.get("RssAnon", 0) for one in now))
            whole = max(whole, sum(one.get("VmHWM", 0) for one in now))
            worked |= {process: work_of(process, worked.get(process, 0)) for process in processes}
            time.sleep(EVERY)
    seconds, code = time.perf_counter() - start, child.wait()
    return Cost(seconds, sum(worked.values()), own, whole, code, log.read_text())


def descendants(process: int) -> list[int]:
    """The processes that it started and that still run, and theirs; a notebook's kernel is one."""
    found = []
    for thread in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):  # it has ended
            found += [int(child) for child in thread.read_text().split()]
    return [*found, *(below for child in found for below in descendants(child))]


def work_of(process: int, before: float) -> float:
    """Seconds that the processor worked for it; `before` for one that has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return before
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # user and system
