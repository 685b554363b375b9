"""Precision follows from what the hardware computes natively, then a trial; defaults are kept."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from deltaedit_kit import DeltaEditError
from deltaedit_kit.support import device
from deltaedit_kit.support.device import (
    choose_dtype,
    choose_fastest,
    computing,
    kit_defaults,
    name_precision,
    native_on_cpu,
    native_on_cuda,
    safest,
    usable_device,
)

BF16, FP16, FP32 = torch.bfloat16, torch.float16, torch.float32


def asked(*_: Any) -> float:
    pytest.fail("timed a precision that the machine does not compute")


def test_without_native_low_precision_nothing_is_tried() -> None:
    assert choose_fastest(None, asked) == FP32


@pytest.mark.parametrize(
    ("plain", "low", "chosen"), [(2.0, 1.0, BF16), (1.0, 1.0, FP32), (1.0, 15.0, FP32)]
)
def test_the_trial_decides(plain: float, low: float, chosen: torch.dtype) -> None:
    assert choose_fastest(BF16, {FP32: plain, BF16: low}.__getitem__) == chosen


@pytest.mark.parametrize(
    ("has", "allowed", "native"),
    [
        (True, "DEFAULT", (BF16,)),
        (True, "AVX512_CORE_AMX", (BF16,)),
        (True, "AVX512_CORE_AMX_FP16", (BF16,)),
        (True, "AVX10_1_512", (BF16,)),
        (True, "AVX512_CORE", ()),
        (True, "AVX512_CORE_VNNI", ()),
        (True, "AVX2", ()),
        (False, "DEFAULT", ()),
    ],
)
def test_a_processor(has: bool, allowed: str, native: tuple[torch.dtype, ...]) -> None:
    assert native_on_cpu(has, allowed) == native


def test_a_forbidden_instruction_set_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    monkeypatch.delenv(device.VARIABLE, raising=False)
    assert choose_dtype("cpu") == FP32
    assert name_precision("cpu", fast=True) == "float32"


@pytest.mark.parametrize(
    ("capability", "plain", "with_gradients"),
    [((8, 0), BF16, BF16), ((9, 0), BF16, BF16), ((7, 5), FP16, FP32), ((6, 1), FP32, FP32)],
)
def test_a_gpu(
    capability: tuple[int, int], plain: torch.dtype, with_gradients: torch.dtype
) -> None:
    native, seconds = native_on_cuda(capability), {FP32: 2.0, BF16: 1.0, FP16: 1.0}
    assert choose_fastest(safest(native, gradients=False), seconds.__getitem__) == plain
    assert choose_fastest(safest(native, gradients=True), seconds.__getitem__) == with_gradients


def test_the_environment_overrides_and_nonsense_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(device.VARIABLE, "bfloat16")
    assert name_precision("cpu") == "bfloat16"
    assert name_precision("cpu", fast=False) == "float32"
    with computing("cpu"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == BF16
    with computing("cpu", fast=False):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == FP32
    monkeypatch.setenv(device.VARIABLE, "half")
    with pytest.raises(DeltaEditError, match="float16"):
        choose_dtype("cpu")


def test_defaults_of_the_notebook_are_put_aside_and_given_back() -> None:
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    try:
        with kit_defaults():
            inside = torch.ones(1)
        outside = torch.ones(1)
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device("cpu")
    assert (inside.dtype, inside.device.type) == (FP32, "cpu")
    assert (outside.dtype, outside.device.type) == (torch.float64, "meta")


def test_float16_by_name_gets_no_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(device.VARIABLE, "float16")
    assert choose_dtype("cpu") == FP16
    assert choose_dtype("cpu", gradients=True) == FP32
    assert name_precision("cpu", gradients=True) == "float32"


@pytest.mark.parametrize(
    ("name", "words"),
    [("gpu", "unknown device 'gpu'"), ("meta", "'cpu'"), ("cuda:99", "'cpu'"), ("mps", "'cpu'")],
)
def test_a_device_that_is_not_there_is_refused(name: str, words: str) -> None:
    if name == "mps" and torch.backends.mps.is_available():
        pytest.skip("this machine has one")
    with pytest.raises(DeltaEditError, match=words):
        usable_device(name)
    assert usable_device("cpu") == torch.device("cpu")
