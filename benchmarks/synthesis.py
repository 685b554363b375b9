"""How fast pictures are drawn: our synthesis, and beside it another program, in one run.

    share of the peak = arithmetic of a picture / its time / arithmetic a second of a matrix product

Random weights do: time does not depend on what is drawn. Every row is measured in a process of its
own, so that memory peaks do not mix. The tests have the published algorithm, plainly transcribed:
own weights for every picture, a grouped convolution, resampling by inserted zeros.

    python -m benchmarks.synthesis                       # 1024 px on the CPU
    python -m benchmarks.synthesis --against tests.stylegan2.reference:synthesize
    python -m benchmarks.synthesis --device cuda --batches 1 4 16
"""

from __future__ import annotations

import argparse
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.machine import describe, gemm_peak, seconds_of
from deltaedit_kit.labs.cli.memory import keep_freed_memory
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.support.device import native_dtypes

WIDEST = {4: 512, 8: 512, 16: 512, 32: 512, 64: 512, 128: 256, 256: 128, 512: 64, 1024: 32}
STYLE_DIM = 512
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Case:
    """One row: which program draws how many pictures at once, in which precision."""

    program: str  # kit, compiled, or MODULE:FUNCTION(generator, s, w_plus)
    precision: str  # of the convolutions
    batch: int
    resolution: int
    device: str
    repeats: int
    threads: int


@dataclass(frozen=True)
class Result:
    """What was measured for a case; times and arithmetic are for one picture."""

    case: Case
    seconds: float
    flops: float
    peak: float  # of a matrix product in the precision of most of the work
    memory: float  # bytes, the highest of the process or of the GPU


@torch.no_grad()
def measure(case: Case) -> Result:
    """Draw, in this process."""
    torch.set_num_threads(case.threads)
    keep_freed_memory()  # as every command of the terminal
    torch.manual_seed(0)
    channels = {size: width for size, width in WIDEST.items() if size <= case.resolution}
    generator = Generator(case.resolution, channels, STYLE_DIM).eval().requires_grad_(False)
    generator = generator.to(case.device)
    dtype = DTYPES[case.precision]
    w_plus = generator.expand(generator.mapping(torch.randn(case.batch, STYLE_DIM).to(case.device)))
    s = generator.to_style(w_plus)
    if ":" in case.program:
        module, _, name = case.program.partition(":")
        other = getattr(import_module(module), name)
        work = lambda: other(generator, s, w_plus)  # noqa: E731
    elif case.program == "compiled":
        drawing = torch.compile(generator.synthesize)
        work = lambda: drawing(s, w_plus)  # noqa: E731
    else:
        work = lambda: generator.synthesize(s, w_plus)  # noqa: E731
    kind, low = case.device.partition(":")[0], dtype != torch.float32
    with torch.autocast(kind, dtype, enabled=low):  # as `computing` has it
        with FlopCounterMode(display=False) as counter:
            generator.synthesize(s, w_plus)
        seconds = seconds_of(work, case.device, case.repeats)
    if case.device.startswith("cuda"):
        memory = float(torch.cuda.max_memory_allocated(case.device))
    else:
        unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss
        memory = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
    peak = gemm_peak(case.device, dtype)
    flops = counter.get_total_flops() / case.batch
    return Result(case, seconds / case.batch, flops, peak, memory)


def line(result: Result, baseline: float) -> str:
    """One row of the table; `baseline`: seconds of the first row of the same batch."""
    case = result.case
    share = result.flops / result.seconds / result.peak
    name = "other" if ":" in case.program else case.program
    return (
        f"{name:10s} {case.precision:9s} {case.batch:5d}  {1 / result.seconds:9.2f}  "
        f"{result.seconds * 1e3:9.1f}  {result.memory / 2**30:6.2f}  {share:6.1%}  "
        f"{baseline / result.seconds:6.1f}x"
    )


def half_precision(device: str) -> list[str]:
    """The one that is worth a row: a GPU's float16, a CPU's bfloat16 if it multiplies it."""
    wanted = torch.float16 if device.startswith("cuda") else torch.bfloat16
    return [name for name, kind in DTYPES.items() if kind == wanted in native_dtypes(device)]


def cases(options: argparse.Namespace) -> list[Case]:
    """The rows in their order: for each batch the other program first."""
    kinds = ["float32", *half_precision(options.device)]
    programs = [(options.against, "float32")] if options.against else []
    programs += [("kit", kind) for kind in kinds]
    if options.compile:
        programs += [("compiled", kind) for kind in kinds]
    return [
        Case(
            program, precision, batch, options.resolution, options.device, options.repeats, threads
        )
        for batch in options.batches
        for program, precision in programs
        for threads in [options.threads or torch.get_num_threads()]
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--resolution", type=int, default=1024)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, help="CPU threads (default: all)")
    parser.add_argument("--against", metavar="MODULE:FUNCTION", help="a program to compare with")
    parser.add_argument("--compile", action="store_true", help="torch.compile as well")
    options = parser.parse_args()
    print(f"{options.resolution} px on {describe(options.device)}", flush=True)
    if not half_precision(options.device):
        print("16 bits: skipped, this machine does not compute them natively", flush=True)
    print("program    precision batch  pictures/s  ms/pict.  GiB     of peak  speed-up", flush=True)
    results: list[Result] = []
    for case in cases(options):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            results.append(alone.submit(measure, case).result())
        same_batch = (r for r in results if r.case.batch == case.batch)
        print(line(results[-1], next(same_batch).seconds), flush=True)
    peaks = {r.case.precision: r.peak for r in results}
    told = ", ".join(f"{peak / 1e9:.0f} GFLOP/s in {name}" for name, peak in peaks.items())
    print(f"{results[0].flops / 1e9:.0f} GFLOP a picture; matrix product {told}")


if __name__ == "__main__":
    main()
