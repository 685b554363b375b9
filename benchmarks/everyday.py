"""What a class waits for: portraits, sampling, codes, edit accuracy, the start of an edit.

    python -m benchmarks.everyday                 precision as the kit chooses it here
    python -m benchmarks.everyday --before        beside it the fixed bfloat16 of earlier releases
    ONEDNN_MAX_CPU_ISA=AVX2 python -m benchmarks.everyday --before      as on an older processor

Times are those of the processor, so that other programs count little; the start is that of new
processes, `import torch` and `deltaedit edit` in turns, also by the clock.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from benchmarks.machine import describe
from deltaedit_kit import load_domain
from deltaedit_kit.codes import make_codes
from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.training.edit_accuracy import MEASURED, EditAccuracy
from deltaedit_kit.support.device import VARIABLE, computing, name_precision
from deltaedit_kit.toyfaces.factors import FACTORS
from deltaedit_kit.toyfaces.renderer import render

STARTS = {
    "import torch": ["-c", "import torch"],
    "import deltaedit_kit": ["-c", "import deltaedit_kit"],
    "import open_clip": ["-c", "import open_clip"],
    "deltaedit edit": ["-m", "deltaedit_kit", "edit", "a smiling face", "--out"],
}


def processor_seconds(work: Callable[[], object], repeats: int) -> float:
    """The median of `repeats` calls, after one that warms up."""
    times: list[float] = []
    for _ in range(repeats + 1):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times[1:])


@contextmanager
def forced(precision: str | None) -> Iterator[None]:
    """Where the kit's choice of precision is overridden."""
    kept = os.environ.pop(VARIABLE, None)
    if precision:
        os.environ[VARIABLE] = precision
    try:
        yield
    finally:
        os.environ.pop(VARIABLE, None)
        if kept is not None:
            os.environ[VARIABLE] = kept


def rows(domain: Domain, codes: int) -> Iterator[str]:
    """A line for everything that computes pictures."""

    def sample() -> None:
        with computing(domain.device):
            domain.sample(4, seed=0)

    def make() -> None:
        with tempfile.TemporaryDirectory() as folder:
            make_codes(domain, Path(folder) / "codes", codes, chunk=codes, fast=True)

    def measure() -> None:
        EditAccuracy(domain, names=MEASURED[:2], faces=4, fast=True)(domain.mapper)

    yield f"{1e3 * processor_seconds(sample, 3) / 4:10.1f} ms a sampled face"
    yield f"{codes / processor_seconds(make, 1):10.1f} codes a second"
    yield f"{processor_seconds(measure, 1):10.1f} s edit accuracy, two sentences, four faces each"


def start(arguments: list[str]) -> tuple[float, float]:
    """Seconds by the clock and of the processor that a new interpreter takes."""
    before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - clock, used


def starts(turns: int) -> Iterator[str]:
    """A line a program; all of them take turns."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in STARTS}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(turns):
            for name, arguments in STARTS.items():
                out = [f"{folder}/edit.png"] if arguments[-1] == "--out" else []
                times[name].append(start([*arguments, *out]))
    torch_alone = times["import torch"]
    for name, measured in times.items():
        pairs = zip(measured, torch_alone, strict=True)
        ratios = [(mine[0] / alone[0], mine[1] / alone[1]) for mine, alone in pairs]
        clock, used = (statistics.median(column) for column in zip(*measured, strict=True))
        by_clock, by_use = (statistics.median(column) for column in zip(*ratios, strict=True))
        yield (
            f"{name:20s} {clock:5.1f} s by the clock ({by_clock:.2f} x `import torch`), "
            f"{used:5.1f} s of the processor ({by_use:.2f} x)"
        )


def main() -> None:
    """Each row as soon as it is measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--before", action="store_true", help="bfloat16 too, as before")
    parser.add_argument("--codes", type=int, default=40)
    parser.add_argument("--turns", type=int, default=5, help="of the starts; 0 for none")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    domain = load_domain("toyfaces")
    print(describe("cpu"), flush=True)
    factors = torch.rand(64, len(FACTORS), generator=torch.Generator().manual_seed(0))
    seconds = processor_seconds(lambda: render(factors, 128), 5)
    print(f"{len(factors) / seconds:10.1f} portraits of the renderer a processor second")
    for precision in (None, "bfloat16")[: 2 if given.before else 1]:
        with forced(precision):
            print(f"{name_precision('cpu')}, {'forced' if precision else 'the choice here'}:")
            for line in rows(domain, given.codes):
                print(line, flush=True)
    for line in starts(given.turns) if given.turns else ():
        print(line, flush=True)


if __name__ == "__main__":
    main()
