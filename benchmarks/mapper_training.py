"""Training at the published size: our loop beside the plain published one, in one run.

    python -m benchmarks.mapper_training                        both loops, 6048 channels, batch 64
    python -m benchmarks.mapper_training --profile              and where the time goes in each
    python -m benchmarks.mapper_training --device cuda --compile --precision bf16 --steps 2000

The plain loop is written from the description of the released code: a data set that makes one pair
from float32 arrays in memory, a DataLoader with four workers, a move to the device every step,
equalised layers that scale their weights at every use, Adam as torch makes it. Ours: loop.py. Both
learn the same number of pairs from the same random codes, each in a process of its own, so that
memory is its own too; a pair's work is counted, not guessed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from benchmarks.machine import describe, gemm_peak, wait
from deltaedit_kit.codes.memory import Codes
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.training import TrainingConfig, TrainingState, train_mapper
from deltaedit_kit.training.network import multiplications

LAYOUT = StyleLayout((512,) * 10 + (256, 256, 128, 128, 64, 64, 32))  # a 1024 px generator
CLIP_WIDTH = 512
SCHEDULE = 64 * 201_562  # pairs of the published schedule
WARM_UP = 3


class PlainPairs(Dataset):
    """One pair at a time from arrays in memory, as the released data set does it."""

    def __init__(self, codes: Codes) -> None:
        self.s, self.clip = codes.s.float(), codes.clip.float()

    def __len__(self) -> int:
        return 50 * len(self.s)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        """Code `index` and a random second one: s1, the joined condition, Δs."""
        first, second = index % len(self.s), int(torch.randint(len(self.s), ()))
        clip = self.clip[first] / self.clip[first].norm()
        change = self.clip[second] / self.clip[second].norm() - clip
        condition = torch.cat([clip, change / change.norm().clamp(min=1e-5)])
        return self.s[first], condition, self.s[second] - self.s[first]


def plain_steps(codes: Codes, batch: int, device: str, steps: int) -> Callable[[], float]:
    """Seconds of `steps` steps of the plain loop after a warm-up, workers running."""
    mapper = DeltaMapper(LAYOUT, CLIP_WIDTH).to(device)
    optimizer = torch.optim.Adam(mapper.parameters(), lr=0.5)
    loader = DataLoader(
        PlainPairs(codes), batch, shuffle=True, num_workers=4, drop_last=True, pin_memory=False
    )

    def run() -> float:
        start = 0.0
        for step, (s, condition, delta_s) in enumerate(loader):
            if step == WARM_UP:
                wait(device)
                start = time.perf_counter()
            s, condition, delta_s = s.to(device), condition.to(device), delta_s.to(device)
            predicted = mapper(s, condition[:, :CLIP_WIDTH], condition[:, CLIP_WIDTH:])
            optimizer.zero_grad()
            cosine = F.cosine_similarity(predicted, delta_s, dim=1).mean()
            (F.mse_loss(predicted, delta_s) + 1 - cosine).backward()
            optimizer.step()
            if step + 1 == WARM_UP + steps:
                break
        wait(device)
        return time.perf_counter() - start

    return run


def our_steps(codes: Codes, config: TrainingConfig, device: str) -> Callable[[], float]:
    """Seconds of the steps of `train_mapper` after a warm-up."""
    domain = SimpleNamespace(
        layout=LAYOUT, device=torch.device(device), spec=SimpleNamespace(name=codes.domain)
    )

    def run() -> float:
        clock = {}

        def watch(state: TrainingState) -> bool:
            if state.step == WARM_UP:
                wait(device)
                clock["start"] = time.perf_counter()
            if state.step == config.steps - 1:
                wait(device)
                clock["stop"] = time.perf_counter()
            return True

        train_mapper(domain, codes, config, keep_going=watch)
        return clock["stop"] - clock["start"]

    return run


@dataclass(frozen=True)
class Measured:
    """What a loop did."""

    name: str
    pairs_per_second: float
    share: float  # of the GEMM peak in its own precision
    memory: float  # GiB: highest of its process (CPU, workers apart), or allocated (GPU)


def measure(name: str, given: argparse.Namespace, peak: float) -> Measured:
    """Run one loop, "plain" or "ours", and count; called in a fresh process."""
    device, codes = given.device, random_codes(given.codes)
    kind, precision = name.split(", ")
    config = TrainingConfig(
        steps=given.steps + WARM_UP + 1,
        batch=given.batch,
        precision=precision,
        compile=given.compile,
    )
    run = (
        plain_steps(codes, given.batch, device, given.steps)
        if kind == "plain"
        else our_steps(codes, config, device)
    )
    if given.profile:
        print(profile(run, device))
    pace = given.steps * given.batch / run()
    work = 6 * multiplications(LAYOUT, CLIP_WIDTH)
    memory = (
        torch.cuda.max_memory_allocated() / 2**30
        if device.startswith("cuda")
        else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    )
    return Measured(name, pace, pace * work / peak, memory)


def profile(run: Callable[[], float], device: str) -> str:
    """The ten operations that take longest."""
    kinds = [torch.profiler.ProfilerActivity.CPU]
    if device.startswith("cuda"):
        kinds.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=kinds) as profiler:
        run()
    key = "self_cuda_time_total" if device.startswith("cuda") else "self_cpu_time_total"
    return profiler.key_averages().table(sort_by=key, row_limit=10, max_name_column_width=40)


def random_codes(n: int) -> Codes:
    """Codes of the published size whose content does not matter for time."""
    random = torch.Generator().manual_seed(0)
    s = torch.randn(n, LAYOUT.total, generator=random).half()
    return Codes(s, torch.randn(n, CLIP_WIDTH, generator=random).half(), "random")


def main() -> None:
    """Both loops, one table, one extrapolation that says that it is one."""
    parser = argparse.ArgumentParser(description="Pairs a second of mapper training.")
    parser.add_argument("--steps", type=int, default=10, help="timed steps of each loop")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--codes", type=int, default=2000)
    parser.add_argument("--precision", nargs="+", default=["fp32", "bf16"])
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    peaks = {
        name: gemm_peak(given.device, kind)
        for name, kind in (("fp32", torch.float32), ("bf16", torch.bfloat16))
    }
    listed = ", ".join(f"{name} {peak / 1e9:,.0f} GFLOP/s" for name, peak in peaks.items())
    print(f"{describe(given.device)}; GEMM peak {listed}")
    print(f"a pair is {6 * multiplications(LAYOUT, CLIP_WIDTH) / 1e9:.3f} GFLOP", flush=True)
    rows: list[Measured] = []
    for name in ("plain, fp32", *(f"ours, {precision}" for precision in given.precision)):
        fresh = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, fresh) as pool:
            row = pool.submit(measure, name, given, peaks[name.split(", ")[1]]).result()
        rows.append(row)
        print(
            f"{row.name:12s} {row.pairs_per_second:10,.1f} pairs/s  "
            f"{row.pairs_per_second / rows[0].pairs_per_second:5.2f} × plain  {row.share:5.1%} of "
            f"peak  {row.memory:.1f} GiB",
            flush=True,
        )
    best = max(row.pairs_per_second for row in rows)
    print(
        f"extrapolated from {given.steps} steps: the published {SCHEDULE / 1e6:.1f} million pairs "
        f"would take {SCHEDULE / best / 60:,.1f} minutes"
    )


if __name__ == "__main__":
    main()
