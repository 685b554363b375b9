"""One way into every file: `read(path)` says what the container is and gives its contents.

Idea: below this line formats differ, above it there are only named tensors. A `Contents` holds

    safetensors, torch   a (nested) dict of tensors       numpy   the array, mapped from the file
    pickle               dicts, lists and Records

and nothing of it was executed. Safetensors that the kit wrote carry a checksum, which is compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from deltaedit_kit.io.checkpoints.budget import Budget
from deltaedit_kit.io.checkpoints.container import Container, container_of, naming
from deltaedit_kit.io.checkpoints.torch_files import read_pickle, read_torch
from deltaedit_kit.support.atomic import check_regular_file, load_tensors, read_header
from deltaedit_kit.support.errors import DeltaEditError


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
    path = check_regular_file(path)
    budget = Budget(path.stat().st_size)
    with naming(path):
        if container is Container.SAFETENSORS:
            tensors, metadata = load_tensors(path, "fetch or convert it again")
            budget.step(len(tensors))
            return Contents(path, container, tensors, budget, metadata)
        if container is Container.NUMPY:
            return Contents(path, container, open_npy(path), budget)
        if container is Container.PICKLE:
            return Contents(path, container, read_pickle(path, budget), budget)
        return Contents(path, container, read_torch(path, container, budget), budget)


def text_header(path: str | Path) -> dict[str, str]:
    """The text that a safetensors file says of itself; {} for another format.

    Raises DeltaEditError as `container_of`.
    """
    return read_header(path) if container_of(path) is Container.SAFETENSORS else {}


def open_npy(path: Path) -> np.ndarray:
    """The array of a .npy file, mapped: pages are read when they are used.

    Raises DeltaEditError for an array of objects (a pickle in disguise), text or no numbers.
    """
    try:
        # "c": a private map; torch wants memory that could be written, the file never changes.
        array = np.lib.format.open_memmap(path, mode="c")
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
