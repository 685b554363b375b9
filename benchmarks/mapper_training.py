"""Training at the published size: our loop beside the plain published one, in one process.

    python -m benchmarks.mapper_training                        both loops, 6048 channels, batch 64
    python -m benchmarks.mapper_training --profile              and where the time goes in each
    python -m benchmarks.mapper_training --device cuda --compile --steps 2000

The plain loop is written from the description of the released code: a data set that makes one pair
from float32 arrays in memory, a DataLoader with four workers, a move to the device every step,
equalised layers that scale their weights at every use, Adam as torch makes it. Ours:
labs/training/fast.py. Both take turns of a few steps, so that whatever else the machine does slows
them alike; a pair's work is counted, not guessed. A low precision is measured where the machine
computes it natively.
"""

from __future__ import annotations

import argparse
import statistics
import time
from types import SimpleNamespace
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from benchmarks.machine import describe, gemm_peak
from deltaedit_kit.codes import Codes
from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.training.experiment import ExperimentConfig, ExperimentRun
from deltaedit_kit.labs.training.speed import multiplications, synchronize
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.support.device import name_precision

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


class PlainLoop:
    """The plain loop, a few steps at a time; its workers go on meanwhile."""

    def __init__(self, codes: Codes, batch: int, device: str) -> None:
        self.device, self.batch = device, batch
        self.mapper = DeltaMapper(LAYOUT, CLIP_WIDTH).to(device)
        self.optimizer = torch.optim.Adam(self.mapper.parameters(), lr=0.5)
        data = PlainPairs(codes)
        loader = DataLoader(data, batch, shuffle=True, num_workers=4, drop_last=True)
        self.batches = iter(loader)

    def step(self) -> None:
        """Batch, forward, backward, Adam."""
        s, condition, delta_s = (x.to(self.device) for x in next(self.batches))
        predicted = self.mapper(s, condition[:, :CLIP_WIDTH], condition[:, CLIP_WIDTH:])
        self.optimizer.zero_grad()
        cosine = F.cosine_similarity(predicted, delta_s, dim=1).mean()
        (F.mse_loss(predicted, delta_s) + 1 - cosine).backward()
        self.optimizer.step()


class OurLoop:
    """The steps of `train_fast`, as train.py's loop takes them."""

    def __init__(self, codes: Codes, config: ExperimentConfig, device: str) -> None:
        domain = SimpleNamespace(
            layout=LAYOUT,
            device=torch.device(device),
            spec=SimpleNamespace(name=codes.domain),
            fingerprint=lambda: codes.networks,
        )
        self.run = ExperimentRun(cast("Domain", domain), codes, config)

    def step(self) -> None:
        """As the loop of `train_mapper`."""
        run = self.run
        loss = run.loss(run.pairs(run.train_rows, run.step, run.config.batch))
        loss.total.backward()
        run.descend(loss)


def seconds(loop: PlainLoop | OurLoop, steps: int, device: str) -> float:
    """Wall time of so many steps."""
    synchronize(device)
    start = time.perf_counter()
    for _ in range(steps):
        loop.step()
    synchronize(device)
    return time.perf_counter() - start


def profile(loop: PlainLoop | OurLoop, steps: int, device: str) -> str:
    """The ten operations that take longest."""
    kinds = [torch.profiler.ProfilerActivity.CPU]
    if device.startswith("cuda"):
        kinds.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=kinds) as profiler:
        seconds(loop, steps, device)
    key = "self_cuda_time_total" if device.startswith("cuda") else "self_cpu_time_total"
    return profiler.key_averages().table(sort_by=key, row_limit=10, max_name_column_width=40)


def random_codes(n: int) -> Codes:
    """Codes of the published size whose content does not matter for time."""
    random = torch.Generator().manual_seed(0)
    s = torch.randn(n, LAYOUT.total, generator=random).half()
    clip = F.normalize(torch.randn(n, CLIP_WIDTH, generator=random), dim=1).half()
    return Codes(s, clip, "random", networks="random")


def main() -> None:
    """Both loops in turns, a row each, one extrapolation that says that it is one."""
    parser = argparse.ArgumentParser(description="Pairs a second of mapper training.")
    parser.add_argument("--steps", type=int, default=4, help="timed steps of a turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--codes", type=int, default=2000)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    device, codes = given.device, random_codes(given.codes)
    work = 6 * multiplications(LAYOUT, CLIP_WIDTH)
    print(f"{describe(device)}; a pair is {work / 1e9:.3f} GFLOP", flush=True)
    loops: dict[str, PlainLoop | OurLoop] = {
        "plain, float32": PlainLoop(codes, given.batch, device)
    }
    steps = 10**6
    low = name_precision(device, fast=True, gradients=True)
    for fast in (False, True)[: 1 if low == "float32" else 2]:
        config = ExperimentConfig(steps=steps, batch=given.batch, fast=fast, compile=given.compile)
        loops[f"ours, {low if fast else 'float32'}"] = OurLoop(codes, config, device)
    if low == "float32":
        print("no lower precision: this machine computes float32 fastest", flush=True)
    for loop in loops.values():
        seconds(loop, WARM_UP, device)
    if given.profile:
        for name, loop in loops.items():
            print(name, profile(loop, given.steps, device), sep="\n", flush=True)
    paces: dict[str, list[float]] = {name: [] for name in loops}
    shares: dict[str, list[float]] = {name: [] for name in loops}
    for turn in range(given.turns):
        line = [f"turn {turn + 1}:"]
        for name, loop in loops.items():
            pace = given.steps * given.batch / seconds(loop, given.steps, device)
            peak = gemm_peak(device, getattr(torch, name.split(", ")[1]))
            paces[name].append(pace)
            shares[name].append(pace * work / peak)
            line.append(f"{name} {pace:,.1f} pairs/s, {pace * work / peak:.1%} of peak;")
        print(*line, flush=True)
    plain = paces["plain, float32"]
    for name, ours in paces.items():
        ratio = statistics.median(a / b for a, b in zip(ours, plain, strict=True))
        print(
            f"{name:16s} {statistics.median(ours):10,.1f} pairs/s  {ratio:5.2f} × plain  "
            f"{statistics.median(shares[name]):5.1%} of peak"
        )
    best = max(statistics.median(ours) for ours in paces.values())
    print(
        f"extrapolated from {given.steps * given.turns} steps: the published {SCHEDULE / 1e6:.1f} "
        f"million pairs would take {SCHEDULE / best / 60:,.1f} minutes"
    )


if __name__ == "__main__":
    main()
