"""What a checkpoint's pickle may ask for, and the plain data it gets instead.

Idea: a pickle is a program whose only dangerous instruction is "fetch the object called
module.name". So every name is looked up in a list of a dozen, and what is fetched is never the
real thing but a stand-in that only remembers what it was given:

    torch tensor -> View(storage, offset, size, stride)     numpy array -> Array(shape, bytes)
    object of any class -> Record(class name, fields)       OrderedDict -> dict

Stand-ins are made afresh for every file, so a hostile one cannot leave anything behind in them.

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

from deltaedit_kit.errors import DeltaEditError

NUMBERS = re.compile(r"[<>=|]?(f[248]|[iu][1248]|b1)")  # the array types that hold plain numbers


@dataclass
class Storage:
    """The numbers of one or more tensors: [count] of `dtype`; `data` is filled after unpickling."""

    dtype: torch.dtype
    key: str
    count: int
    data: torch.Tensor | None = None


class Inert:
    """What stand-ins have in common: a pickle can build them but not change how they behave."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        raise DeltaEditError(f"it changes a {type(self).__name__} that has no state")


class View(Inert):
    """A tensor: a strided view of a storage."""

    __slots__ = ("offset", "size", "storage", "stride")

    def __init__(self, storage: Any, offset: Any, size: Any, stride: Any) -> None:
        numbers = (offset, *size, *stride)
        whole = all(type(n) is int and n >= 0 for n in numbers) and len(size) == len(stride)
        if not isinstance(storage, Storage) or not whole or len(size) > 8:
            raise DeltaEditError("it describes a tensor that cannot be")
        last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
        # A stride of 0 would make terabytes of a single number.
        if prod(size) and (last >= storage.count or prod(size) > storage.count):
            raise DeltaEditError(
                f"it describes a tensor {list(size)} on a storage of {storage.count} numbers"
            )
        self.storage, self.offset, self.size, self.stride = storage, offset, size, stride

    def tensor(self) -> torch.Tensor:
        """The tensor itself, once its storage has been read."""
        if self.storage.data is None:
            raise DeltaEditError(f"the numbers of storage {self.storage.key!r} are missing")
        return self.storage.data.as_strided(self.size, self.stride, self.offset)


class DType(Inert):
    """A numpy type of plain numbers, such as '<f4'."""

    __slots__ = ("code",)

    def __init__(self, code: Any, *_: Any) -> None:
        if not isinstance(code, str) or not NUMBERS.fullmatch(code):
            raise DeltaEditError(f"it asks for a numpy array of type {code!r}, not of numbers")
        self.code = code.lstrip("<>=|")

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "=", "|"):
            self.code = f"{state[1]}{self.code}"


class Array(Inert):
    """A numpy array of plain numbers."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: np.ndarray | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, raw = state
        if not isinstance(dtype, DType) or not isinstance(raw, bytes):
            raise DeltaEditError("it asks for a numpy array of Python objects")
        flat = np.frombuffer(raw, dtype.code)
        if not all(type(n) is int and n >= 0 for n in shape) or prod(shape) != flat.size:
            raise DeltaEditError(f"its array {shape!r} comes with {flat.size} numbers")
        self.value = flat.reshape(shape, order="F" if fortran else "C")


@dataclass
class Record:
    """An object of a class that is not here: its class's name, constructor arguments, fields."""

    name: str
    arguments: tuple[Any, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)


def record_class(name: str) -> type[Record]:
    """A new class whose objects are Records called `name`, however a pickle constructs them."""

    class Asked(Record):
        def __new__(cls, *_: Any) -> Asked:
            made = super().__new__(cls)
            made.name, made.arguments, made.fields = name, (), {}
            return made

        def __init__(self, *arguments: Any) -> None:
            self.name, self.arguments = name, arguments

        def __setstate__(self, state: Any) -> None:
            for part in state if isinstance(state, tuple) else (state,):
                if isinstance(part, dict):
                    self.fields.update({str(key): value for key, value in part.items()})

    return Asked


def items_class() -> type[dict]:
    """A new dict class for OrderedDict and its kin; attributes set on it are dropped."""

    class Items(dict):
        def __setstate__(self, state: Any) -> None:
            """`_metadata` of a state dict: nothing that numbers need."""

    return Items


class Function(Inert):
    """A call a pickle may make."""

    __slots__ = ("_run",)

    def __init__(self, run: Callable[..., Any]) -> None:
        self._run = run

    def __call__(self, *arguments: Any) -> Any:
        """What the pickle's REDUCE instruction does."""
        return self._run(*arguments)


def storage_types() -> dict[str, torch.dtype]:
    """'FloatStorage' and its kin -> the dtype of their numbers."""
    names = {
        "Float": torch.float32,
        "Double": torch.float64,
        "Half": torch.float16,
        "BFloat16": torch.bfloat16,
        "Long": torch.int64,
        "Int": torch.int32,
        "Short": torch.int16,
        "Char": torch.int8,
        "Byte": torch.uint8,
        "Bool": torch.bool,
    }
    return {f"{name}Storage": dtype for name, dtype in names.items()}


def known_names(load_from_bytes: Callable[[bytes], Any]) -> dict[tuple[str, str], Any]:
    """(module, name) -> stand-in: all that the public checkpoint formats ask for.

    `load_from_bytes` reads the tensors that a stylegan2-ada pickle carries as nested files.
    """
    tensor = Function(lambda storage, offset, size, stride, *_: View(storage, offset, size, stride))
    names: dict[tuple[str, str], Any] = {
        ("torch._utils", "_rebuild_tensor"): tensor,
        ("torch._utils", "_rebuild_tensor_v2"): tensor,
        ("torch._utils", "_rebuild_parameter"): Function(lambda data, *_: data),
        ("torch.storage", "_load_from_bytes"): Function(load_from_bytes),
        ("torch", "Size"): Function(tuple),
        ("torch", "device"): Function(lambda *place: ":".join(map(str, place))),
        ("torch_utils.persistence", "_reconstruct_persistent_obj"): Function(_persistent),
        ("dnnlib.tflib.network", "Network"): record_class("Network"),
        ("dnnlib.util", "EasyDict"): items_class(),
        ("collections", "OrderedDict"): items_class(),
        ("collections", "Counter"): items_class(),
        ("argparse", "Namespace"): record_class("Namespace"),
        ("numpy", "ndarray"): "ndarray",
        ("numpy", "dtype"): Function(DType),
        ("_codecs", "encode"): Function(_latin_bytes),
    }
    for module in ("numpy.core.multiarray", "numpy._core.multiarray"):  # numpy 1 and 2
        names[module, "_reconstruct"] = Function(lambda *_: Array())
        names[module, "scalar"] = Function(_scalar)
    for module in ("builtins", "__builtin__"):
        names[module, "set"] = Function(lambda items=(): list(items))
    names |= {("torch", name): dtype for name, dtype in storage_types().items()}
    for dtype in storage_types().values():  # as values, in somebody's settings
        names[str(dtype).split(".")[0], str(dtype).split(".")[1]] = str(dtype)
    return names


def _persistent(meta: Any) -> Record:
    """An object whose class travels as source text: the text is not even looked at."""
    state = meta.get("state")
    return Record(str(meta.get("class_name")), fields=state if isinstance(state, dict) else {})


def _latin_bytes(text: str, encoding: str) -> bytes:
    """Old protocols write bytes as latin-1 text."""
    if encoding not in ("latin1", "latin-1"):
        raise DeltaEditError(f"it asks for the encoding {encoding!r}")
    return text.encode("latin-1")


def _scalar(dtype: DType, raw: bytes) -> float | int | bool:
    return np.frombuffer(raw, dtype.code)[0].item()
