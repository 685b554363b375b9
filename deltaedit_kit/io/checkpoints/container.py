"""What kind of file this is, from its first bytes; its name is never asked.

    b"\\x93NUMPY"            numpy array       b"PK\\x03\\x04"   torch from 1.6 on, TorchScript
    b"\\x80\\x02\\x8a\\nl\\xfc..."  torch file before 1.6      b"\\x80"     any other pickle
    8-byte length, b"{"    safetensors

A web page saved in place of a file, as Google Drive sends one when a quota is used up, and the
pointer that git leaves when LFS is missing are told apart, because they are what people have.
Nothing here reads more of a file than its first bytes and, of a zip archive, its list of members.
"""

from __future__ import annotations

import io
import pickle
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from deltaedit_kit.support.atomic import check_regular_file
from deltaedit_kit.support.errors import DeltaEditError

LEGACY_START = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
LOOKED_AT = 4096  # bytes
COMMENTS = re.compile(rb"\A(\s*<!--.{0,4000}?-->)+", re.DOTALL)  # in front of a web page
DIRECTORY = 2**22  # bytes of a zip's list of members; torch's have some 100 a tensor
HEADER_LIMIT = 2**22  # bytes of a safetensors header, which has some 100 a tensor
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
    NotImplementedError,  # of zipfile, for archives of a later version
    RuntimeError,  # torch's refusals, RecursionError
)


class Container(Enum):
    """The outer format of a file."""

    SAFETENSORS = "safetensors"
    NUMPY = "numpy array"
    TORCH = "torch zip"
    TORCHSCRIPT = "TorchScript archive"
    TORCH_LEGACY = "torch, layout before 1.6"
    PICKLE = "pickle"


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


def container_of(path: str | Path) -> Container:
    """The outer format of the file at `path`.

    Raises DeltaEditError naming what the file is instead, as far as that can be told.
    """
    path = check_regular_file(path)
    size = path.stat().st_size
    if not size:
        raise DeltaEditError(f"{path} is empty: nothing of it arrived; fetch it again")
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
    instead = what_instead(start) or (
        f"it begins with {start[:8]!r}; give a .pt, .pth, .pkl, .npy or .safetensors file, or "
        "fetch it again if it should be one"
    )
    raise DeltaEditError(f"{path} is no checkpoint: {instead}")


class Bounded(io.FileIO):
    """A file of which nobody reads much at once: zipfile takes a list of members in one piece."""

    def read(self, size: int | None = -1) -> bytes:
        """Bytes as `FileIO.read`. Raises DeltaEditError for more than a list of members has."""
        at_once = size if size is not None and 0 <= size <= DIRECTORY else DIRECTORY + 1
        piece = super().read(at_once)
        if len(piece) > DIRECTORY:
            raise DeltaEditError(
                f"its list of members is longer than {DIRECTORY:,} bytes; it is refused"
            )
        return piece


def zip_members(path: Path) -> dict[str, ZipInfo]:
    """The members of a zip archive by their names; raises what `container.naming` knows."""
    with Bounded(path) as file, ZipFile(file) as archive:
        return {member.filename: member for member in archive.infolist()}


def _zip_kind(path: Path) -> Container:
    """A torch file or TorchScript; both keep `<name>/data.pkl`."""
    try:
        names = list(zip_members(path))
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


def what_instead(start: bytes) -> str | None:
    """Words for what is often found where a file should be, from its first bytes; None: not known.

    A server that has no file to send sends a page, an error in JSON, or nothing.
    """
    text = COMMENTS.sub(b"", start.removeprefix(b"\xef\xbb\xbf")).lstrip()[:200].lower()
    if text.startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<svg")):
        return (
            "it is a web page, as a download site sends when a quota is used up or a login is "
            "needed; download it with a browser, or later"
        )
    if text.startswith((b"{", b"[")):
        return "it is a JSON text, as a server sends for an error; download the file itself"
    if text.startswith(b"version https://git-lfs"):
        return "it is the pointer that git LFS leaves; run `git lfs pull`, or download the file"
    if start.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"Rar!", b"7z\xbc")):
        return "it is a compressed archive; unpack it first"
    if start[257:262] == b"ustar":
        return "it is a tar archive; unpack it first (a torch file of 2016: save it again)"
    return None
