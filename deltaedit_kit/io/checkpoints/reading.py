"""One way into every file: `read(path)` says what the container is and gives its contents.

Idea: below this line formats differ, above it there are only named tensors. A `Contents` holds

    safetensors, torch   a (nested) dict of tensors       numpy   the array, mapped from the file
    pickle               dicts, lists and Records

and nothing of it was executed. Safetensors that the kit wrote carry a CRC-32 of all their numbers
in the header, so that a flipped bit shows.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.io.cache import regular_file
from deltaedit_kit.io.checkpoints.budget import Budget
from deltaedit_kit.io.checkpoints.container import Container, container_of, naming
from deltaedit_kit.io.checkpoints.torch_files import read_pickle, read_torch

CHECKSUM = "crc32"  # name of the checksum in a safetensors header


@dataclass(frozen=True)
class Contents:
    """What a file holds. `metadata` is the text header of safetensors, elsewhere empty."""

    path: Path
    container: Container
    tree: Any
    budget: Budget
    metadata: dict[str, str] = field(default_factory=dict)


def read(path: str | Path) -> Contents:
    """The contents of any supported file, as data. Nothing in it is executed.

    Raises DeltaEditError naming file, cause and remedy: for what is no checkpoint, damaged, cut
    short, asks for a name that no checkpoint needs, or takes more work and memory than any.
    """
    container = container_of(path)
    path = regular_file(path)
    budget = Budget(path.stat().st_size)
    with naming(path):
        if container is Container.SAFETENSORS:
            tensors, metadata = read_safetensors(path)
            budget.step(len(tensors))
            return Contents(path, container, tensors, budget, metadata)
        if container is Container.NUMPY:
            return Contents(path, container, open_npy(path), budget)
        if container is Container.PICKLE:
            return Contents(path, container, read_pickle(path, budget), budget)
        return Contents(path, container, read_torch(path, container, budget), budget)


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and header text; the checksum is compared where there is one.

    Raises DeltaEditError where the file is damaged.
    """
    try:
        with safe_open(str(path), framework="pt") as stored:
            metadata = dict(stored.metadata() or {})
            tensors = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118
    except SafetensorError as cause:
        raise DeltaEditError(
            f"the safetensors file is damaged or cut short ({cause}); fetch it again"
        ) from None
    if CHECKSUM in metadata and metadata[CHECKSUM] != checksum(tensors):
        raise DeltaEditError(
            "its numbers have changed since they were written (the CRC-32 differs); fetch or "
            "convert it again"
        )
    return tensors, metadata


def checksum(tensors: Mapping[str, Tensor]) -> str:
    """CRC-32 over the bytes of all tensors, in the order of their names."""
    value = 0
    for key in sorted(tensors):
        flat = tensors[key].detach().cpu().contiguous().reshape(-1)
        if flat.numel():
            value = zlib.crc32(flat.view(torch.uint8).numpy().data, value)
    return f"{value:08x}"


def open_npy(path: Path) -> np.ndarray:
    """The array of a .npy file, mapped: pages are read when they are used.

    Raises DeltaEditError for an array of objects (a pickle in disguise), text or no numbers.
    """
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except Exception as cause:  # its header is Python text: a damaged one raises what it likes
        objects = "Python objects" in str(cause)
        raise DeltaEditError(
            "it is a numpy array of Python objects, that is a pickle; save it as numbers"
            if objects
            else f"the .npy file is damaged or cut short ({cause}); fetch it again"
        ) from None
    if not array.size:
        raise DeltaEditError(f"it holds no numbers, its shape is {list(array.shape)}; save others")
    if array.dtype.kind not in "fiub":
        raise DeltaEditError(f"it holds {array.dtype} and no numbers; save it as floats")
    return array
