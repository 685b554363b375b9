"""Torch files as plain data: zip archives, TorchScript archives, and the layout before 1.6.

Idea: torch's own reader first, with `weights_only=True`; where it declines (a Namespace among the
tensors, a TorchScript archive) the restricted unpickler reads the same file:

    <name>/data.pkl     what there is: a pickle whose tensors point to storages by number
    <name>/data/<k>     the raw numbers of storage k, stored and not compressed, with a CRC-32

TorchScript keeps its modules as a tree of objects; their tensors get the keys that a state dict
would give them ("visual.conv1.weight"). The code in the archive is not read.

Source: torch/serialization.py, torch/csrc/jit/serialization/docs/serialization.md.
"""

from __future__ import annotations

import io
import warnings
import zlib
from collections.abc import Iterator
from mmap import ACCESS_COPY, mmap
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import torch
from torch import Tensor

from deltaedit_kit.checkpoints.container import Container
from deltaedit_kit.checkpoints.restricted import (
    DAMAGE,
    numbers,
    read_legacy,
    resolve,
    unpickle,
)
from deltaedit_kit.errors import DeltaEditError

LOCAL_HEADER = 30  # bytes before name and extra field in front of a zip member


def read_torch(path: Path, container: Container) -> Any:
    """The tree in a torch file: dicts, lists, tensors, numbers; a Namespace is a dict.

    Raises what `restricted.naming` turns into one line.
    """
    if container is Container.TORCHSCRIPT:
        return dict(_named_tensors(_read_zip(path, any_torchscript=True)))
    if container is Container.TORCH:
        _check_members(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it mumbles of a damaged file, we say as an error
            tree = torch.load(path, map_location="cpu", weights_only=True)
    except DAMAGE:  # a name it does not know, or damage: the restricted reader says which
        tree = read_restricted(path, container)
    for _, tensor in _named_tensors(tree):
        _check_backed(tensor)
    return tree


def read_restricted(path: Path, container: Container) -> Any:
    """The tree in a torch file, without torch's reader. Raises as `read_torch`."""
    if container is Container.TORCH:
        return _read_zip(path)
    return resolve(read_legacy(mapped(path)))


def mapped(path: Path) -> mmap:
    """The file as memory that is read when it is touched; writes stay in the process."""
    with path.open("rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_COPY)


def _check_members(path: Path) -> None:
    """Every member is as `_start_of` wants it; torch itself compares no checksum."""
    buffer = mapped(path)
    with ZipFile(path) as archive:
        for member in archive.infolist():
            _start_of(member, buffer)


def _read_zip(path: Path, any_torchscript: bool = False) -> Any:
    """The tree of `data.pkl`, its storages mapped from the file."""
    with ZipFile(path) as archive:
        members = {member.filename: member for member in archive.infolist()}
        (main,) = (name for name in members if name.partition("/")[2] == "data.pkl")
        root = main.partition("/")[0]
        order = members.get(f"{root}/byteorder")
        if order is not None and archive.read(order) != b"little":
            raise DeltaEditError("the file was written on a big-endian machine; save it on another")
    start = _start_of(members[main], buffer := mapped(path))
    stream = io.BytesIO(buffer[start : start + members[main].file_size])
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


def _check_backed(tensor: Tensor) -> None:
    """A tensor must own the numbers it shows: strides of 0 make terabytes of nothing."""
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_meta:
        raise DeltaEditError("it holds a sparse, quantised or empty tensor; save it as a plain one")
    if tensor.numel() * tensor.itemsize > tensor.untyped_storage().nbytes():
        raise DeltaEditError(
            f"it describes a tensor {list(tensor.shape)} on fewer numbers; it is refused"
        )
