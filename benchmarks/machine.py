"""The machine behind a number: its name, the fastest matrix product it does now, its memory.

    share of the peak = arithmetic of the work / its time / (2 n^3 / time of an n x n product)

A share compares better than seconds: it says how much a better program could still gain, here, on
whatever else is running. This is a helper of the benchmarks, no program.
"""

from __future__ import annotations

import platform
import time
from pathlib import Path

import torch

from deltaedit_kit.labs.training.speed import synchronize


def processor() -> str:
    """What the machine calls its processor, or its GPU's name for "cuda"."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def describe(device: str) -> str:
    """One line: processor or GPU, threads, version of torch."""
    if device.startswith("cuda"):
        return f"{torch.cuda.get_device_name(device)}, torch {torch.__version__}"
    return f"{processor()}, {torch.get_num_threads()} threads, torch {torch.__version__}"


def seconds_of(work: object, device: str, repeats: int, warm_up: int = 1) -> float:
    """The shortest of `repeats` runs of the callable `work`, in seconds."""
    assert callable(work)
    times = []
    for number in range(warm_up + repeats):
        synchronize(device)
        start = time.perf_counter()
        work()
        synchronize(device)
        if number >= warm_up:
            times.append(time.perf_counter() - start)
    return min(times)


def gemm_peak(device: str, dtype: torch.dtype, n: int = 2048) -> float:
    """Floating point operations a second of an n x n matrix product."""
    a, b = (torch.randn(n, n, device=device).to(dtype) for _ in range(2))
    return 2 * n**3 / seconds_of(lambda: a @ b, device, repeats=5, warm_up=2)


def memory_of(process: int | str) -> dict[str, int]:
    """Bytes by the names of /proc/PID/status; {} for a process that has ended."""
    try:
        text = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return {}
    rows = (line.split() for line in text.splitlines())
    return {row[0].rstrip(":"): int(row[1]) * 1024 for row in rows if row[-1] == "kB"}
