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

SIDE = {"cpu": 1024, "cuda": 8192}
TRIES = 5


@cache
def gemm_peak(device: str, precision: str = "fp32") -> float:
    """FLOP/s of the best of five square products on this device; measured once a process."""
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
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
