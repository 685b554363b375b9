"""The device, and the number format in which it computes fastest: both are chosen only here.

    dtype = the quickest of float32 and the low precisions that the machine computes natively,
            as a trial of milliseconds finds it

A processor without bfloat16 instructions still runs bfloat16, by conversion, 15 times slower than
float32 (measured: 482 against 31 ms a toy face on AVX2). So a low precision that the hardware lacks
is not even tried. Only `computing(device, fast=True)` selects a low precision; "fast" means the
fastest format of this machine, never slower than float32, and results differ by rounding only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache

import torch

from deltaedit_kit.support.errors import DeltaEditError

VARIABLE = "DELTAEDIT_PRECISION"  # overrides the choice: one of NAMES
NAMES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
GAIN = 1.1  # how much faster a low precision has to be
WITH_BFLOAT16 = ("AVX512_CORE_BF16", "AVX512_CORE_FP16", "AVX512_CORE_AMX", "AVX10", "DEFAULT")


def usable_device(device: str | torch.device) -> torch.device:
    """The torch device of that name, or a `DeltaEditError` when it is not there."""
    try:
        wanted = torch.device(device)
    except (RuntimeError, TypeError) as cause:
        raise DeltaEditError(f"unknown device {str(device)!r}; give 'cpu' or 'cuda'") from cause
    if wanted.type == "cuda" and not torch.cuda.is_available():
        raise DeltaEditError("torch finds no CUDA GPU on this machine; give device='cpu'")
    try:
        torch.ones(1, device=wanted).cpu()  # "meta" holds no numbers, cuda:7 may not be there
    except (RuntimeError, NotImplementedError, AssertionError) as cause:
        reason = str(cause).splitlines()[0][:100]
        raise DeltaEditError(
            f"device {str(device)!r} cannot be used here ({reason}); give 'cpu' or 'cuda'"
        ) from None
    return wanted


def native_dtypes(device: str | torch.device) -> tuple[torch.dtype, ...]:
    """Low precisions that the hardware multiplies by itself, the safer first; () for none.

    CPU: bfloat16 with AVX512-BF16 or AMX, unless ONEDNN_MAX_CPU_ISA forbids them. CUDA: bfloat16
    from compute capability 8.0 (Ampere) on, float16 from 7.0 (Volta; the T4 is 7.5).
    """
    kind = torch.device(device)
    if kind.type == "cuda":
        capability = torch.cuda.get_device_capability(kind)
        return native_on_cuda(capability)
    if kind.type == "cpu":
        has = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        return native_on_cpu(has, os.environ.get("ONEDNN_MAX_CPU_ISA", "DEFAULT"))
    return ()  # no such machine was at hand to try it on


def native_on_cuda(capability: tuple[int, int]) -> tuple[torch.dtype, ...]:
    """By the GPU's compute capability."""
    if capability >= (8, 0):
        return torch.bfloat16, torch.float16
    return (torch.float16,) if capability >= (7, 0) else ()


def native_on_cpu(has_bfloat16: bool, allowed: str) -> tuple[torch.dtype, ...]:
    """`allowed` is oneDNN's name of the highest instruction set that it may use."""
    return (torch.bfloat16,) if has_bfloat16 and allowed.startswith(WITH_BFLOAT16) else ()


def choose_dtype(device: str | torch.device, gradients: bool = False) -> torch.dtype:
    """What this machine computes fastest in: float32, bfloat16 or float16.

    With `gradients` float16 is left out: it would need a scaled loss. The environment variable
    DELTAEDIT_PRECISION overrides the choice; DeltaEditError if it names no precision.
    """
    named = os.environ.get(VARIABLE)
    if named:
        if named not in NAMES:
            raise DeltaEditError(f"{VARIABLE} is {named!r}; set it to one of {', '.join(NAMES)}")
        return torch.float32 if gradients and named == "float16" else NAMES[named]
    kind = torch.device(device)
    return _tried(str(kind), safest(native_dtypes(kind), gradients))


def safest(native: tuple[torch.dtype, ...], gradients: bool) -> torch.dtype | None:
    """The one to try: bfloat16 before float16, which has a smaller range and no gradients."""
    return next((x for x in native if not (gradients and x == torch.float16)), None)


@lru_cache(maxsize=16)
def _tried(device: str, low: torch.dtype | None) -> torch.dtype:
    return choose_fastest(low, lambda dtype: _seconds(device, dtype))


def choose_fastest(low: torch.dtype | None, seconds: Callable[[torch.dtype], float]) -> torch.dtype:
    """`low` where it takes clearly less time than float32; without one nothing is timed."""
    if low is None:
        return torch.float32
    plain = seconds(torch.float32)
    return low if seconds(low) * GAIN < plain else torch.float32


@torch.no_grad()
def _seconds(device: str, dtype: torch.dtype) -> float:
    """The best of three convolutions of the size that a toy face needs, some milliseconds each."""
    with kit_defaults():
        weight = torch.ones(64, 64, 3, 3, device=device)
        picture = torch.ones(2, 64, 64, 64, device=device).contiguous(
            memory_format=torch.channels_last
        )
    times: list[float] = []
    for _ in range(4):  # the first one chooses its algorithm
        start = time.perf_counter()
        with torch.autocast(torch.device(device).type, dtype, enabled=dtype != torch.float32):
            torch.nn.functional.conv2d(picture, weight, padding=1)
        if device.startswith("cuda"):
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - start)
    return min(times[1:])


def computing(
    device: str | torch.device, fast: bool = True, gradients: bool = False
) -> AbstractContextManager[object]:
    """Where convolutions and products run in `choose_dtype(device)`; with fast=False, in float32.

    A caller's own autocast is left as it is. `gradients`: see `choose_dtype`.
    """
    dtype = choose_dtype(device, gradients) if fast else torch.float32
    if dtype == torch.float32:
        return nullcontext()
    # Casts of weights are kept until the outermost autocast ends: a step would not see the last.
    return torch.autocast(torch.device(device).type, dtype, cache_enabled=not gradients)


def name_precision(device: str | torch.device, fast: bool = True, gradients: bool = False) -> str:
    """What `computing` computes in: "float32", "bfloat16" or "float16", as reports name it."""
    dtype = choose_dtype(device, gradients) if fast else torch.float32
    return str(dtype).removeprefix("torch.")


def full_precision(device: str | torch.device) -> torch.autocast:
    """Where a caller's autocast counts for nothing: for arithmetic that three digits would show in,
    and for files whose header names the precision."""
    return torch.autocast(torch.device(device).type, enabled=False)


@contextmanager
def kit_defaults() -> Iterator[None]:
    """Where torch's default dtype is float32 and its default device the CPU; also a decorator.

    A notebook may have set others (`torch.set_default_dtype(torch.float64)`): the kit computes in
    its own, and the notebook finds its own again.
    """
    dtype, device = torch.get_default_dtype(), torch.get_default_device()
    # A device context looks at every call that makes a tensor: only where it is needed.
    elsewhere = torch.device("cpu") if device.type != "cpu" else nullcontext()
    torch.set_default_dtype(torch.float32)
    try:
        with elsewhere:
            yield
    finally:
        torch.set_default_dtype(dtype)


@contextmanager
def learning() -> Iterator[None]:
    """As `kit_defaults`, with gradients and without autocast, whatever mode the caller is in.

    A decorator, too. A caller's autocast would keep its first casts of the weights: a training in
    it would run to its end and learn nothing.
    """
    gpu = "cuda" if torch.cuda.is_available() else "cpu"
    with (
        kit_defaults(),
        torch.inference_mode(False),
        torch.enable_grad(),
        full_precision("cpu"),
        full_precision(gpu),
    ):
        yield
