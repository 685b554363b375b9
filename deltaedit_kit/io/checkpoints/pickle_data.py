"""What a checkpoint's pickle may ask for, and the plain data it gets instead.

Idea: a pickle is a program whose only dangerous instruction is "fetch the object called
module.name". So every name is looked up in a list of a dozen, and what is fetched is never the
real thing but a stand-in that only remembers what it was given:

    torch tensor -> View(storage, offset, size, stride)     numpy array -> Array(shape, bytes)
    object of any class -> Record(class name, fields)       OrderedDict -> dict

No stand-in copies, compares or prints what it is given; what a file can repeat draws on its budget.

Sources: the pickle protocol, PEP 3154 and Lib/pickletools.py; layouts of torch/serialization.py,
numpy's `ndarray.__reduce__`, NVlabs/stylegan2-ada-pytorch `torch_utils/persistence.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import torch

from deltaedit_kit.io.checkpoints.budget import OBJECT, Budget
from deltaedit_kit.support.errors import DeltaEditError

NUMBERS = re.compile(r"[<>=|]?(f[248]|[iu][1248]|b1)")  # the array types that hold plain numbers
MOST_DIMENSIONS = 8
EXPANDED = 2**20  # numbers that a view with strides of 0 may show of fewer
LARGEST_KEY = 2**60  # whole numbers beyond it can be chosen to share one hash
STORAGES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


@dataclass(eq=False, slots=True)
class Storage:
    """The numbers of one or more tensors: [count] of `dtype`; `data` is filled after unpickling."""

    dtype: torch.dtype
    key: str
    count: int
    data: torch.Tensor | None = None


@dataclass(eq=False, slots=True)
class View:
    """A tensor: a strided view of a storage."""

    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    def __post_init__(self) -> None:
        size, stride = self.size, self.stride
        if not isinstance(self.storage, Storage) or not (sizes(size) and sizes(stride)):
            raise DeltaEditError("it describes a tensor that cannot be")
        if not sizes((self.offset,)) or len(size) != len(stride):
            raise DeltaEditError("it describes a tensor that cannot be")
        last = self.offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
        count = self.storage.count
        # A stride of 0 would make terabytes of a single number.
        if prod(size) and (last >= count or prod(size) > max(count, EXPANDED)):
            raise DeltaEditError(
                f"it describes a tensor {list(size)} on a storage of {count} numbers; it is refused"
            )

    def tensor(self) -> torch.Tensor:
        """The tensor itself, once its storage has been read."""
        if self.storage.data is None:
            raise DeltaEditError(f"the numbers of storage {self.storage.key[:40]!r} are missing")
        return self.storage.data.as_strided(self.size, self.stride, self.offset)


@dataclass(eq=False, slots=True)
class DType:
    """A numpy type of plain numbers, such as '<f4'."""

    code: str

    def __post_init__(self) -> None:
        if not isinstance(self.code, str) or not NUMBERS.fullmatch(self.code):
            raise DeltaEditError(f"it asks for a numpy array of {short(self.code)}, not of numbers")
        self.code = self.code.lstrip("<>=|")

    def set_state(self, state: Any) -> None:
        """The byte order."""
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "=", "|"):
            self.code = f"{state[1]}{self.code[-2:]}"


@dataclass(eq=False, slots=True)
class Array:
    """A numpy array of plain numbers, a view of the pickle's bytes."""

    value: np.ndarray | None = None

    def set_state(self, state: Any) -> None:
        """(version, shape, type, order, bytes)."""
        _, shape, dtype, fortran, raw = state
        if not isinstance(dtype, DType) or not isinstance(raw, bytes | memoryview):
            raise DeltaEditError("it asks for a numpy array of Python objects; it is refused")
        flat = np.frombuffer(raw, dtype.code)
        if not sizes(shape) or prod(shape) != flat.size:
            raise DeltaEditError(f"its array {short(shape)} comes with {flat.size} numbers")
        self.value = flat.reshape(shape, order="F" if fortran else "C")


@dataclass(eq=False, slots=True)
class Record:
    """An object of a class that is not here: its class's name, and its fields."""

    name: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Class:
    """A class that a pickle makes objects of: a Record called `name`, or a dict for ""."""

    name: str = ""


@dataclass(frozen=True, eq=False)
class Function:
    """A call that a pickle may make."""

    run: Callable[..., Any]


def known_names(
    budget: Budget, load_from_bytes: Callable[[Any], Storage]
) -> dict[tuple[str, str], Any]:
    """(module, name) -> stand-in: all that the public checkpoint formats ask for.

    `load_from_bytes` reads the tensors that a stylegan2-ada pickle carries as nested files.
    """

    def view(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> View:
        budget.make(OBJECT)
        return View(storage, offset, size, stride)

    def latin_bytes(text: Any, encoding: Any) -> bytes:
        if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
            raise DeltaEditError("it asks for an encoding that no checkpoint needs; it is refused")
        budget.make(len(text))
        return text.encode("latin-1")  # how old protocols write bytes

    names: dict[tuple[str, str], Any] = {
        ("torch._utils", "_rebuild_tensor"): Function(view),
        ("torch._utils", "_rebuild_tensor_v2"): Function(view),
        ("torch._utils", "_rebuild_parameter"): Function(lambda data, *_: data),
        ("torch.storage", "_load_from_bytes"): Function(load_from_bytes),
        ("torch", "Size"): Function(lambda size=(): size),
        ("torch", "device"): Function(lambda kind, *_: kind if isinstance(kind, str) else "device"),
        ("torch_utils.persistence", "_reconstruct_persistent_obj"): Function(persistent),
        ("dnnlib.tflib.network", "Network"): Class("Network"),
        ("dnnlib.util", "EasyDict"): Class(),
        ("collections", "OrderedDict"): Class(),
        ("collections", "Counter"): Class(),
        ("argparse", "Namespace"): Class("Namespace"),
        ("numpy", "ndarray"): "ndarray",
        ("numpy", "dtype"): Function(lambda code, *_: DType(code)),
        ("_codecs", "encode"): Function(latin_bytes),
    }
    for module in ("numpy.core.multiarray", "numpy._core.multiarray"):  # numpy 1 and 2
        names[module, "_reconstruct"] = Function(lambda *_: Array())
        names[module, "scalar"] = Function(scalar)
    for module in ("builtins", "__builtin__"):
        names[module, "set"] = Function(lambda items=(): items)
    names |= {("torch", name): dtype for name, dtype in STORAGES.items()}
    for dtype in STORAGES.values():  # as values, in somebody's settings
        names["torch", str(dtype).split(".")[1]] = str(dtype)
    return names


def persistent(meta: Any) -> Record:
    """An object whose class travels as source text: the text is not even looked at."""
    state, name = meta.get("state"), meta.get("class_name")
    return Record(
        name if isinstance(name, str) else "object", state if isinstance(state, dict) else {}
    )


def scalar(dtype: Any, raw: Any) -> float | int | bool:
    """One number of numpy's."""
    return np.frombuffer(raw[:16], dtype.code)[0].item()


def key_of(value: Any) -> str | bytes | int | None:
    """`value` as the key of a dict: a text or a number.

    Hashing a tuple descends into it without counting levels, which a file can make a million.
    """
    if isinstance(value, tuple):
        raise DeltaEditError("it has keys that put tuples into each other; it is refused")
    if not isinstance(value, str | bytes | int | None) or (
        isinstance(value, int) and abs(value) > LARGEST_KEY
    ):
        raise DeltaEditError(f"it has a key of {short(value)}, which is no text; it is refused")
    return value


def sizes(values: Any) -> bool:
    """Whether `values` can be a shape: few whole numbers >= 0."""
    return (
        isinstance(values, tuple | list)
        and len(values) <= MOST_DIMENSIONS
        and all(type(n) is int and 0 <= n < LARGEST_KEY for n in values)
    )


def short(value: Any) -> str:
    """A few characters for an error; printing what a file shares in itself would never end."""
    if isinstance(value, str | bytes):
        return repr(value[:40])
    number = isinstance(value, bool | float) or (type(value) is int and abs(value) <= LARGEST_KEY)
    kind = "very large number" if isinstance(value, int) else type(value).__name__
    return repr(value) if number or value is None else f"a {kind}"
