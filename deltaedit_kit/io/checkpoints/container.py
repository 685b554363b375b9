"""What kind of file this is, from its first bytes; its name is never asked.

    b"\\x93NUMPY"            numpy array       b"PK\\x03\\x04"   torch from 1.6 on, TorchScript
    b"\\x80\\x02\\x8a\\nl\\xfc..."  torch file before 1.6      b"\\x80"     any other pickle
    8-byte length, b"{"    safetensors

A web page saved in place of a file, as Google Drive sends one when a quota is used up, and the
pointer that git leaves when LFS is missing are told apart, because they are what people have.
"""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from zipfile import ZipFile

from deltaedit_kit.errors import DeltaEditError

LEGACY_START = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
LOOKED_AT = 4096  # bytes
HEADER_LIMIT = 100_000_000  # bytes; the limit of the safetensors library


class Container(Enum):
    """The outer format of a file."""

    SAFETENSORS = "safetensors"
    NUMPY = "numpy array"
    TORCH = "torch zip"
    TORCHSCRIPT = "TorchScript archive"
    TORCH_LEGACY = "torch, layout before 1.6"
    PICKLE = "pickle"


def existing_file(path: str | Path) -> Path:
    """`path` if it is a readable file with something in it.

    Raises DeltaEditError for what is missing, a folder, empty, or not readable.
    """
    try:
        path = Path(path)
        if path.is_dir():
            raise DeltaEditError(f"{path} is a folder; give the file in it")
        if not path.exists():
            raise DeltaEditError(f"{path} does not exist; check the path, or download the file")
        if not path.is_file():
            raise DeltaEditError(f"{path} is no ordinary file; give a checkpoint's path")
        if path.stat().st_size == 0:
            raise DeltaEditError(f"{path} is empty: nothing of it arrived; fetch it again")
        with path.open("rb"):
            return path
    except (OSError, ValueError, TypeError) as cause:  # no right, a null character, not a path
        if isinstance(cause, DeltaEditError):
            raise
        raise DeltaEditError(f"{str(path)[:200]!r} cannot be opened: {cause}") from None


def container_of(path: str | Path) -> Container:
    """The outer format of the file at `path`.

    Raises DeltaEditError naming what the file is instead, as far as that can be told.
    """
    path = existing_file(path)
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(LOOKED_AT)
    if start.startswith(b"\x93NUMPY"):
        return Container.NUMPY
    if start.startswith(b"PK\x03\x04"):
        return _zip_kind(path)
    if start.startswith(LEGACY_START):
        return Container.TORCH_LEGACY
    if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return Container.PICKLE
    if start[8:9] == b"{":
        _check_header_length(path, start, size)
        return Container.SAFETENSORS
    raise DeltaEditError(f"{path} is no checkpoint: {_what_else(start)}")


def _zip_kind(path: Path) -> Container:
    """A torch file or TorchScript; both keep `<name>/data.pkl`."""
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
    except Exception as cause:  # BadZipFile, but also struct.error, OSError, ValueError and more
        raise DeltaEditError(
            f"{path}: the zip archive is damaged or cut short ({cause}); fetch it again"
        ) from None
    inside = {name.partition("/")[2] for name in names}
    if "data.pkl" not in inside:
        raise DeltaEditError(
            f"{path} is a zip archive without tensors ({', '.join(names[:3])}); unpack it, and "
            "give the checkpoint in it"
        )
    scripted = "constants.pkl" in inside or any(name.startswith("code/") for name in inside)
    return Container.TORCHSCRIPT if scripted else Container.TORCH


def _check_header_length(path: Path, start: bytes, size: int) -> None:
    """The header must fit into the file: nobody may ask us for a terabyte of memory."""
    length = int.from_bytes(start[:8], "little")
    if length > min(size - 8, HEADER_LIMIT):
        raise DeltaEditError(
            f"{path} announces a safetensors header of {length:,} bytes and has {size:,} in all; "
            "it is damaged, cut short or hostile: fetch it again"
        )


def _what_else(start: bytes) -> str:
    """Words for files that are often found where a checkpoint should be."""
    text = start.lstrip()[:200].lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return (
            "it is a web page, as a download site sends when a quota is used up or a login is "
            "needed; download it with a browser, or later"
        )
    if text.startswith(b"version https://git-lfs"):
        return "it is the pointer that git LFS leaves; run `git lfs pull`, or download the file"
    if start.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"Rar!", b"7z\xbc")):
        return "it is a compressed archive; unpack it first"
    if start[257:262] == b"ustar":
        return "it is a tar archive; unpack it first (a torch file of 2016: save it again)"
    return (
        f"it begins with {start[:8]!r}; give a .pt, .pth, .pkl, .npy or .safetensors file, "
        "or fetch it again if it should be one"
    )


def same_file(one: str | Path, other: str | Path) -> bool:
    """Whether two paths lead to one file; the second need not exist."""
    return Path(other).exists() and os.path.samefile(one, other)
