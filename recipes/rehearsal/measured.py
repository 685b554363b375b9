"""What a command costs: seconds, and the peak of its memory, asked of Linux while it runs.

own       RssAnon: what the process made itself, and only its end gives back
all       VmHWM: with the pages of files that it looked at, which the system takes back at need

The first is what a machine must have; the second is what `top` shows.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

EVERY = 0.01  # seconds between two looks


@dataclass(frozen=True)
class Cost:
    """What a command took; memory in bytes."""

    seconds: float
    own: int
    all: int
    code: int
    said: str  # what it printed, errors last


def run(command: Sequence[str], log: Path, stop_after: float | None = None) -> Cost:
    """Run `python -m COMMAND`; it is killed after `stop_after` seconds, if that is given."""
    start, own, whole = time.perf_counter(), 0, 0
    with log.open("w") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", *command], stdout=output, stderr=subprocess.STDOUT
        )
        while child.poll() is None:
            status = memory_of(child.pid)
            own, whole = max(own, status.get("RssAnon", 0)), max(whole, status.get("VmHWM", 0))
            if stop_after is not None and time.perf_counter() - start > stop_after:
                child.kill()
            time.sleep(EVERY)
    return Cost(time.perf_counter() - start, own, whole, child.wait(), log.read_text())


def memory_of(process: int | str) -> dict[str, int]:
    """Bytes by the names of /proc/PID/status; {} for a process that has ended."""
    try:
        text = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return {}
    rows = (line.split() for line in text.splitlines())
    return {row[0].rstrip(":"): int(row[1]) * 1024 for row in rows if row[-1] == "kB"}
