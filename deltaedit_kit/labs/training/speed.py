"""How fast is fast? Pairs a second, and the share of what the machine could do at all.

    work of a pair = 3 · 2 · multiplications        (forward, and twice as much backward)
    share = pairs/s · work / peak,                  peak = 2 n³ / time of an n x n matrix product

Idea: pairs a second mean little without the machine; the best square product of the same library,
precision and number of threads is a peak that everybody can measure.

Source: the counting rule of Hoffmann et al. 2022, arXiv:2203.15556, appendix F.
"""

from __future__ import annotations

from functools import cache
from time import perf_counter

import torch

from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.train import Report

SIDE = {"cpu": 1024, "cuda": 8192}
TRIES = 5


@cache
def gemm_peak(device: str, precision: str = "float32") -> float:
    """FLOP/s of the best of five square products on this device; measured once a process."""
    kind = getattr(torch, precision)
    side = SIDE.get(torch.device(device).type, 2048)
    a = torch.ones(side, side, device=device, dtype=kind)
    times = []
    for _ in range(TRIES + 1):
        synchronize(device)
        start = perf_counter()
        torch.mm(a, a)
        synchronize(device)
        times.append(perf_counter() - start)
    return 2 * side**3 / min(times[1:])


def synchronize(device: str | torch.device) -> None:
    """Wait until the device has done what it was given."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)


def multiplications(layout: StyleLayout, clip_width: int) -> int:
    """Multiplications that one Δs costs: every weight times the tokens that pass it."""
    with torch.device("meta"):  # shapes are enough
        copied = DeltaMapper(layout, clip_width)
    tokens = {"coarse": layout.coarse, "medium": layout.medium, "fine": 1}
    total = 0
    for name, weight in copied.named_parameters():
        if name.endswith("weight"):
            tower, _, group = name.split(".")[0].partition("_")
            total += weight.numel() * (1 if tower == "cm" else tokens[group])
    return total


def peak_share(
    report: Report,
    layout: StyleLayout,
    clip_width: int,
    device: str | torch.device,
    processes: int = 1,
) -> float:
    """The share of the machine's best matrix product that a run has reached, over all processes."""
    work = 6 * multiplications(layout, clip_width)  # FLOP of a pair
    return report.pairs_per_second * work / (gemm_peak(str(device), report.precision) * processes)
