"""Torch files as plain data: zip archives, TorchScript archives, and the layout before 1.6.

Idea: the pickle machine reads them all. torch's own reader is not asked, not even with
`weights_only=True`: a key of nested tuples ends the interpreter in it.

    <name>/data.pkl     what there is: a pickle whose tensors point to storages by number
    <name>/data/<k>     the raw numbers of storage k, stored and not compressed, with a CRC-32
    before 1.6          five pickles one after the other, then the raw numbers

TorchScript keeps its modules as a tree of objects; their tensors get the keys that a state dict
would give them ("visual.conv1.weight"). The code in the archive is not read.

Source: torch/serialization.py, torch/csrc/jit/serialization/docs/serialization.md.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from mmap import ACCESS_COPY, mmap
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipInfo

import torch
from torch import Tensor

from deltaedit_kit.io.checkpoints.budget import Budget
from deltaedit_kit.io.checkpoints.container import Container, zip_members
from deltaedit_kit.io.checkpoints.pickle_data import Storage, known_names
from deltaedit_kit.io.checkpoints.pickle_machine import Machine, resolve
from deltaedit_kit.support.errors import DeltaEditError

LONG = 4096  # bytes; shorter pieces of a pickle are copied, so that they are plain bytes
TEXT = ord("T")  # the one instruction whose long argument has to be bytes (BINSTRING)
AHEAD = 5  # bytes from an instruction to its argument: itself and a length of four
LOCAL_HEADER = 30  # bytes before name and extra field in front of a zip member
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001


def read_torch(path: Path, container: Container, budget: Budget) -> Any:
    """The tree in a torch file: dicts, lists, tensors, numbers; a Namespace is a dict.

    Raises what `container.naming` turns into one line.
    """
    if container is Container.TORCHSCRIPT:
        return dict(_named_tensors(_read_zip(path, budget, scripted=True), budget))
    if container is Container.TORCH:
        return _read_zip(path, budget)
    return resolve(read_legacy(Pages(mapped(path)), budget), budget)


def read_pickle(path: Path, budget: Budget) -> Any:
    """The tree of a plain pickle, its objects as Records; raises as `read_torch`."""
    return resolve(_run(Pages(mapped(path)), budget)[0], budget, keep_records=True)


class Pages:
    """A stream (read, readline, tell, seek) over bytes or a mapped file; long pieces are views.

    An old pickle carries its numbers inside, all networks of a training together, and a reader that
    copies every string of bytes holds them all before it knows which it wants. A view costs nothing
    until it is looked at, and the system may take its pages back.
    """

    def __init__(self, buffer: bytes | memoryview | mmap) -> None:
        self.buffer = buffer
        self._view = memoryview(buffer)
        self._place = 0

    def tell(self) -> int:
        """Where the next byte comes from."""
        return self._place

    def seek(self, place: int) -> None:
        """Go on from another byte."""
        self._place = min(max(place, 0), len(self._view))

    def read(self, size: int) -> bytes | memoryview:
        """The next `size` bytes, fewer at the end; a view where they are many."""
        start = self._place
        piece = self._view[start : start + max(size, 0)]
        self._place = start + len(piece)
        text = start >= AHEAD and self._view[start - AHEAD] == TEXT
        return bytes(piece) if len(piece) < LONG or text else piece

    def readline(self) -> bytes:
        """All up to the next end of a line, included."""
        start = end = self._place
        while end < len(self._view):
            piece = bytes(self._view[end : end + LONG])
            at = piece.find(b"\n")
            end += len(piece) if at < 0 else at + 1
            if at >= 0:
                break
        self._place = end
        return bytes(self._view[start:end])


def mapped(path: Path) -> mmap:
    """The file as memory that is read when it is touched; writes stay in the process."""
    with path.open("rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_COPY)


def _read_zip(path: Path, budget: Budget, scripted: bool = False) -> Any:
    """The tree of `data.pkl`, its storages mapped from the file."""
    members = zip_members(path)
    (main,) = (name for name in members if name.partition("/")[2] == "data.pkl")
    root = main.partition("/")[0]
    buffer, order = mapped(path), members.get(f"{root}/byteorder")
    if order is not None and _bytes_of(order, buffer, budget) != b"little":
        raise DeltaEditError("the file was written on a big-endian machine; save it on another")
    stream = Pages(_bytes_of(members[main], buffer, budget))
    tree, storages = _run(stream, budget, scripted=scripted)
    for key, storage in storages.items():
        member = members.get(f"{root}/data/{key}")
        if member is None:
            raise DeltaEditError(f"the archive lacks the numbers data/{key}; fetch it again")
        start = _start_of(member, buffer, budget)
        if storage.count * storage.dtype.itemsize > member.file_size:
            raise DeltaEditError(f"data/{key} is shorter than its tensors; fetch it again")
        storage.data = numbers(buffer, storage, start)
    return resolve(tree, budget)


def _run(
    stream: Pages, budget: Budget, nested: bool = False, scripted: bool = False
) -> tuple[Any, dict[str, Storage]]:
    """The next pickle of `stream` as stand-ins, and the storages that it names."""

    def storage_from_bytes(raw: Any) -> Storage:
        """A storage that a pickle carries as a torch file of its own."""
        if nested or not isinstance(raw, bytes | memoryview):
            raise DeltaEditError("the pickle nests files in files; it is refused")
        storage = read_legacy(Pages(raw), budget)
        if not isinstance(storage, Storage):
            raise DeltaEditError("the pickle's tensors are no storages; fetch the file again")
        return storage

    machine = Machine(budget, known_names(budget, storage_from_bytes), scripted)
    return machine.run(stream), machine.storages


def read_legacy(stream: Pages, budget: Budget) -> Any:
    """The tree in a torch file of the layout before 1.6: five pickles, then the raw numbers.

    Tensors are views of the stream's bytes, so nothing of a mapped file is read before it is used.
    """
    magic, protocol, info = (_run(stream, budget, nested=True)[0] for _ in range(3))
    if magic != LEGACY_MAGIC or protocol != LEGACY_PROTOCOL or not info.get("little_endian"):
        raise DeltaEditError("the file is not in the torch layout that its first bytes announce")
    tree, storages = _run(stream, budget, nested=True)
    keys, _ = _run(stream, budget, nested=True)
    for key in keys:
        storage = storages[str(key) if isinstance(key, str | int) else ""]
        (count,) = struct.unpack("<q", stream.read(8))
        if count != storage.count:
            raise DeltaEditError(
                f"storage {storage.key!r} has {count} numbers instead of {storage.count}"
            )
        if isinstance(stream.buffer, bytes):
            budget.make(count * storage.dtype.itemsize)
        storage.data = numbers(stream.buffer, storage, stream.tell())
        stream.seek(stream.tell() + count * storage.dtype.itemsize)
    return tree


def numbers(buffer: bytes | memoryview | mmap, storage: Storage, offset: int) -> Tensor:
    """The flat tensor of a storage at `offset`. Raises DeltaEditError where the file is shorter."""
    size = storage.count * storage.dtype.itemsize
    if not 0 <= size <= len(buffer) - offset:
        raise DeltaEditError(
            f"the file is cut short: storage {storage.key[:40]!r} needs {size} bytes at {offset}, "
            f"the file has {len(buffer)}; fetch it again"
        )
    if not storage.count:
        return torch.empty(0, dtype=storage.dtype)
    # Bytes cannot be written to, which torch warns of; the copy is one storage long.
    source = bytearray(buffer[offset : offset + size]) if isinstance(buffer, bytes) else buffer
    start = 0 if isinstance(buffer, bytes) else offset
    return torch.frombuffer(source, dtype=storage.dtype, count=storage.count, offset=start)


def _bytes_of(member: ZipInfo, buffer: mmap, budget: Budget) -> bytes:
    """A member's bytes; raises as `_start_of`."""
    start = _start_of(member, buffer, budget)
    return buffer[start : start + member.file_size]


def _start_of(member: ZipInfo, buffer: mmap, budget: Budget) -> int:
    """Where a member's bytes begin: behind its local header, whose lengths may be its own.

    Raises DeltaEditError where it is compressed (a small file must not unfold to a huge one), or
    its CRC-32 is not that of its bytes.
    """
    if member.compress_type != ZIP_STORED or member.compress_size != member.file_size:
        raise DeltaEditError(
            f"{member.filename[:60]} in the archive is compressed, which torch never does; it is "
            "refused: get the file from its official page"
        )
    at = member.header_offset
    header = buffer[at : at + LOCAL_HEADER]
    if header[:4] != b"PK\x03\x04":
        raise DeltaEditError(
            f"{member.filename[:60]} is not where the archive says; fetch it again"
        )
    lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    start = at + LOCAL_HEADER + lengths
    budget.make(member.file_size)  # members may lie on top of each other
    with memoryview(buffer) as whole, whole[start : start + member.file_size] as raw:
        if len(raw) != member.file_size or zlib.crc32(raw) != member.CRC:
            raise DeltaEditError(
                f"{member.filename[:60]} is damaged (its CRC-32 differs); fetch it again"
            )
    return start


def _named_tensors(tree: Any, budget: Budget) -> Iterator[tuple[str, Tensor]]:
    """Tensors of a tree of scripted modules under their state-dict keys, each module once."""
    seen: set[int] = set()
    waiting = [("", tree)]
    while waiting:
        prefix, part = waiting.pop()
        if isinstance(part, Tensor):
            yield prefix, part
        elif isinstance(part, dict) and id(part) not in seen:
            seen.add(id(part))
            for key, value in part.items():
                name = f"{prefix}.{key}" if prefix else str(key)
                budget.step()
                budget.make(len(name))
                waiting.append((name, value))
