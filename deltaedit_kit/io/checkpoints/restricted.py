"""A restricted unpickler: pickles become plain data, and a name off the list is refused.

Idea: two passes. The first only reads instructions (`pickletools`), so that a length or a table
size that the file cannot hold is found before memory is asked for it. The second unpickles with
`find_class` replaced by a look-up in `pickled.known_names`; nothing is imported, nothing of the
file's own is called. Afterwards stand-ins are exchanged for tensors and arrays.

Sources: docs.python.org/3/library/pickle.html, "Restricting Globals"; the legacy layout (five
pickles, then raw numbers) is `_legacy_save` of torch/serialization.py.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import mmap
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.io.checkpoints.pickled import (
    Array,
    Record,
    Storage,
    View,
    known_names,
    record_class,
)
from deltaedit_kit.io.checkpoints.tuple_depth import TupleDepth

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001
MEMO_LIMIT = 2**22  # remembered objects; the published files have some ten thousand
DEEPEST = 200  # levels of nesting
# What reading damaged bytes may raise, besides our own refusals.
DAMAGE = (
    pickle.UnpicklingError,
    BadZipFile,
    struct.error,
    OSError,
    EOFError,
    LookupError,
    ValueError,  # and UnicodeDecodeError, numpy's refusals
    TypeError,
    AttributeError,
    AssertionError,
    OverflowError,
    MemoryError,
    RuntimeError,  # torch's refusals, RecursionError
)


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Every error inside becomes one `DeltaEditError` that begins with the file."""
    try:
        yield
    except DeltaEditError as refusal:
        text = str(refusal)
        remedy = "" if ";" in text or ":" in text else "; fetch it again from its official page"
        raise DeltaEditError(text if str(path) in text else f"{path}: {text}{remedy}") from None
    except DAMAGE as cause:
        reason = (str(cause).strip() or type(cause).__name__)[:160]
        raise DeltaEditError(
            f"{path}: the file is damaged or cut short ({reason}); fetch it again"
        ) from None


class RestrictedUnpickler(pickle.Unpickler):
    """Unpickles one pickle of `stream` into plain data; see the module.

    `storages` collects the tensor storages the pickle names; with `any_torchscript` the classes of
    a TorchScript archive (`__torch__.*`) become Records.
    """

    def __init__(self, stream: Any, nested: bool = False, any_torchscript: bool = False) -> None:
        super().__init__(stream, encoding="latin1")
        self.storages: dict[str, Storage] = {}
        self._torchscript = any_torchscript
        self._names = known_names(_no_further_nesting if nested else storage_from_bytes)

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """The stand-in for a name on the list; DeltaEditError for any other."""
        if self._torchscript and module_name.startswith("__torch__"):
            return record_class(f"{module_name}.{global_name}")
        try:
            return self._names[module_name, global_name]
        except KeyError:
            raise DeltaEditError(
                f"the file asks for {module_name}.{global_name}, which no checkpoint needs; it is "
                "refused and nothing of it was run: get the file from its official page"
            ) from None

    def persistent_load(self, pid: Any) -> Storage:
        """('storage', type, key, place, count[, view]) -> a Storage to be filled later."""
        kind, dtype, key, _, count, *view = pid
        if kind != "storage" or not isinstance(dtype, torch.dtype) or type(count) is not int:
            raise DeltaEditError("the file describes a storage in an unknown way; save it again")
        if any(part is not None for part in view):
            raise DeltaEditError("the file shares storages in a way of 2017; save it again")
        return self.storages.setdefault(str(key), Storage(dtype, str(key), count))


def unpickle(stream: Any, **options: bool) -> tuple[Any, dict[str, Storage]]:
    """The next pickle of `stream` as plain data (stand-ins not yet exchanged), and its storages.

    `stream` has read, readline, tell and seek. Raises DeltaEditError for a name off the list, and
    what `naming` knows for damaged bytes.
    """
    start, tuples = stream.tell(), TupleDepth()
    for opcode, argument, _ in pickletools.genops(stream):
        if tuples.follow(opcode, argument) > DEEPEST:
            raise DeltaEditError(
                f"the pickle puts more than {DEEPEST} tuples into each other; it is refused"
            )
        if "PUT" in opcode.name and isinstance(argument, int) and argument > MEMO_LIMIT:
            raise DeltaEditError(
                f"the pickle asks for a table of {argument} entries; it is refused"
            )
    stream.seek(start)
    unpickler = RestrictedUnpickler(stream, **options)
    return unpickler.load(), unpickler.storages


def read_legacy(buffer: bytes | mmap, nested: bool = False) -> Any:
    """The tree in a torch file of the layout before 1.6: five pickles, then the raw numbers.

    Tensors of an mmap are views of it, so nothing is read before it is used.
    """
    stream: Any = io.BytesIO(buffer) if isinstance(buffer, bytes) else buffer
    stream.seek(0)
    magic, protocol, info = (unpickle(stream, nested=True)[0] for _ in range(3))
    if magic != LEGACY_MAGIC or protocol != LEGACY_PROTOCOL or not info.get("little_endian"):
        raise DeltaEditError("the file is not in the torch layout its first bytes promise")
    tree, storages = unpickle(stream, nested=nested)
    keys, _ = unpickle(stream, nested=True)
    for key in keys:
        storage = storages[str(key)]
        (count,) = struct.unpack("<q", stream.read(8))
        if count != storage.count:
            raise DeltaEditError(f"storage {key!r} has {count} numbers instead of {storage.count}")
        storage.data = numbers(buffer, storage, stream.tell())
        stream.seek(count * storage.dtype.itemsize, io.SEEK_CUR)
    return tree


def numbers(buffer: bytes | mmap, storage: Storage, offset: int) -> torch.Tensor:
    """The flat tensor of a storage at `offset`. Raises DeltaEditError where the file is shorter."""
    size = storage.count * storage.dtype.itemsize
    if not 0 <= size <= len(buffer) - offset:
        raise DeltaEditError(
            f"the file is cut short: storage {storage.key!r} needs {size} bytes at {offset}, the "
            f"file has {len(buffer)}; fetch it again"
        )
    if not storage.count:
        return torch.empty(0, dtype=storage.dtype)
    # Bytes cannot be written to, which torch warns of; the copy is one storage long.
    source = bytearray(buffer[offset : offset + size]) if isinstance(buffer, bytes) else buffer
    start = 0 if isinstance(buffer, bytes) else offset
    return torch.frombuffer(source, dtype=storage.dtype, count=storage.count, offset=start)


def storage_from_bytes(raw: Any) -> Storage:
    """A storage that a pickle carries as a torch file of its own."""
    if not isinstance(raw, bytes):
        raise DeltaEditError("the pickle's tensors are not bytes; fetch the file again")
    storage = read_legacy(raw, nested=True)
    if not isinstance(storage, Storage):
        raise DeltaEditError("the pickle's tensors are not storages; fetch the file again")
    return storage


def _no_further_nesting(_: Any) -> Any:
    raise DeltaEditError("the pickle nests files in files; it is refused")


def resolve(tree: Any, keep_records: bool = False) -> Any:
    """`tree` with tensors for Views, arrays for Arrays, and (unless kept) dicts for Records.

    Shared parts stay shared, so that a small file cannot unfold into an endless one.
    """
    done: dict[int, Any] = {}

    def visit(node: Any, depth: int) -> Any:
        if depth > DEEPEST:
            raise DeltaEditError("the file nests its contents without end; it is refused")
        if not isinstance(node, View | Array | Record | dict | list | tuple):
            return node if _plain(node) else f"<{type(node).__name__}>"
        if id(node) not in done:
            done[id(node)] = None  # a part that contains itself ends here
            done[id(node)] = exchanged(node, depth + 1)
        return done[id(node)]

    def exchanged(node: Any, depth: int) -> Any:
        if isinstance(node, View):
            return node.tensor()
        if isinstance(node, Array):
            return node.value
        if isinstance(node, Record):
            fields = {key: visit(value, depth) for key, value in node.fields.items()}
            return Record(node.name, fields=fields) if keep_records else fields
        if isinstance(node, dict):
            return {key: visit(value, depth) for key, value in node.items()}
        return type(node)(visit(value, depth) for value in node)

    return visit(tree, 0)


def _plain(node: Any) -> bool:
    kinds = (str, bytes, int, float, complex, type(None), torch.Tensor, np.ndarray, torch.dtype)
    return isinstance(node, kinds)
