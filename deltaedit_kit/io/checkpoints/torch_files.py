"""Torch files as plain data: zip archives, TorchScript archives, and the layout before 1.6.

Idea: the restricted unpickler reads them all. torch's own reader is not asked, not even with
`weights_only=True`: a key of nested tuples ends the interpreter in it (see tuple_depth.py).

    <name>/data.pkl     what there is: a pickle whose tensors point to storages by number
    <name>/data/<k>     the raw numbers of storage k, stored and not compressed, with a CRC-32

TorchScript keeps its modules as a tree of objects; their tensors get the keys that a state dict
would give them ("visual.conv1.weight"). The code in the archive is not read.

Source: torch/serialization.py, torch/csrc/jit/serialization/docs/serialization.md.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from mmap import ACCESS_COPY, mmap
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from torch import Tensor

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.io.checkpoints.container import Container
from deltaedit_kit.io.checkpoints.restricted import numbers, read_legacy, resolve, unpickle

LOCAL_HEADER = 30  # bytes before name and extra field in front of a zip member


def read_torch(path: Path, container: Container) -> Any:
    """The tree in a torch file: dicts, lists, tensors, numbers; a Namespace is a dict.

    Raises what `restricted.naming` turns into one line.
    """
    if container is Container.TORCHSCRIPT:
        return dict(_named_tensors(_read_zip(path, any_torchscript=True)))
    if container is Container.TORCH:
        return _read_zip(path)
    return resolve(read_legacy(mapped(path)))


def mapped(path: Path) -> mmap:
    """The file as memory that is read when it is touched; writes stay in the process."""
    with path.open("rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_COPY)


def _read_zip(path: Path, any_torchscript: bool = False) -> Any:
    """The tree of `data.pkl`, its storages mapped from the file."""
    with ZipFile(path) as archive:
        members = {member.filename: member for member in archive.infolist()}
        (main,) = (name for name in members if name.partition("/")[2] == "data.pkl")
        root = main.partition("/")[0]
    buffer, order = mapped(path), members.get(f"{root}/byteorder")
    if order is not None and _bytes_of(order, buffer) != b"little":
        raise DeltaEditError("the file was written on a big-endian machine; save it on another")
    stream = io.BytesIO(_bytes_of(members[main], buffer))
    tree, storages = unpickle(stream, any_torchscript=any_torchscript)
    for key, storage in storages.items():
        member = members.get(f"{root}/data/{key}")
        if member is None:
            raise DeltaEditError(f"the archive lacks the numbers data/{key}; fetch it again")
        start = _start_of(member, buffer)
        if storage.count * storage.dtype.itemsize > member.file_size:
            raise DeltaEditError(f"data/{key} is shorter than its tensors; fetch it again")
        storage.data = numbers(buffer, storage, start)
    return resolve(tree)


def _bytes_of(member: ZipInfo, buffer: mmap) -> bytes:
    """A member's bytes; raises as `_start_of`."""
    start = _start_of(member, buffer)
    return buffer[start : start + member.file_size]


def _start_of(member: ZipInfo, buffer: mmap) -> int:
    """Where a member's bytes begin: behind its local header, whose lengths may be its own.

    Raises DeltaEditError where it is compressed (a small file must not unfold to a huge one), or
    its CRC-32 is not that of its bytes.
    """
    if member.compress_type != ZIP_STORED or member.compress_size != member.file_size:
        raise DeltaEditError(
            f"{member.filename} in the archive is compressed, which torch never does; it is "
            "refused: get the file from its official page"
        )
    at = member.header_offset
    header = buffer[at : at + LOCAL_HEADER]
    if header[:4] != b"PK\x03\x04":
        raise DeltaEditError(f"{member.filename} is not where the archive says; fetch it again")
    lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    start = at + LOCAL_HEADER + lengths
    with memoryview(buffer) as whole, whole[start : start + member.file_size] as raw:
        if len(raw) != member.file_size or zlib.crc32(raw) != member.CRC:
            raise DeltaEditError(
                f"{member.filename} is damaged (its CRC-32 differs); fetch it again"
            )
    return start


def _named_tensors(tree: Any) -> Iterator[tuple[str, Tensor]]:
    """Tensors of a tree of scripted modules under their state-dict keys."""
    for prefix, part in _dicts(tree):
        for key, value in part.items():
            if isinstance(value, Tensor):
                yield f"{prefix}{key}", value


def _dicts(tree: Any) -> Iterator[tuple[str, dict]]:
    """Every dict in dicts of dicts with the path to it, each once however often it is shared."""
    seen: set[int] = set()
    waiting = [("", tree)]
    while waiting:
        prefix, part = waiting.pop()
        if isinstance(part, dict) and id(part) not in seen:
            seen.add(id(part))
            yield prefix, part
            waiting += [(f"{prefix}{key}.", value) for key, value in part.items()]
