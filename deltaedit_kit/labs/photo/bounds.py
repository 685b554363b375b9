"""What a photo may cost, read from the file itself before anything is unpacked.

    pixels            <= 64 million                 bytes unpacked, bytes of the file   <= 400 MB
    pixels x scans    <= 2,000 million              of a progressive JPEG: each scan visits them all

A file of some kilobytes can ask for gigabytes (16 bits, transparency, floats, tiles) or for minutes
(thousands of empty scans of 95 bytes).
"""

from __future__ import annotations

import os
import re
from os import PathLike
from typing import IO

from PIL import Image

from deltaedit_kit.support.errors import DeltaEditError

MOST_PIXELS = 64_000_000  # a large camera of today; three copies of it stay below a gigabyte
MOST_BYTES = 400_000_000  # unpacked: 64 million pixels of three numbers of 16 bits; and of the file
MOST_VISITS = 2_000_000_000  # pixels x scans: some seconds
LEAST_SIDE = 16
BITS, SAMPLES, TILE_WIDTH, TILE_HEIGHT = 258, 277, 322, 323  # TIFF's tags
SOI, END, SCAN, SIZES = b"\xff\xd8", 0xD9, 0xDA, (0xC0, 0xC1, 0xC2)  # JPEG's markers
MARKER = re.compile(
    rb"\xff[^\x00\x01\xff\xd0-\xd8]"
)  # one that begins a segment, or ends a picture


def check_file(file: IO[bytes], name: str) -> None:
    """Refuse a file that is too large: some decoders read the whole of it before anything else."""
    if file.seek(0, os.SEEK_END) > MOST_BYTES:
        raise DeltaEditError(f"{name} has more than {MOST_BYTES // 10**6} MB; make it smaller")
    file.seek(0)


def check_scans(file: IO[bytes], name: str) -> None:
    """Refuse a JPEG of endless scans; another kind of picture is none."""
    file.seek(0)
    if file.read(2) == SOI and jpeg_visits(file.read()) > MOST_VISITS:
        raise DeltaEditError(
            f"{name} is a JPEG with too many scans; save it again, not as a progressive one"
        )


def jpeg_visits(content: bytes) -> int:
    """Pixels times scans of a JPEG's first picture; `content` comes after its first two bytes."""
    place, pixels, scans = 0, 0, 0
    while (found := MARKER.search(content, place)) and content[found.end() - 1] != END:
        kind, place = content[found.end() - 1], found.end()
        if kind in SIZES:
            height, width = content[place + 3 : place + 5], content[place + 5 : place + 7]
            pixels = int.from_bytes(height, "big") * int.from_bytes(width, "big")
        scans += kind == SCAN
        place += max(int.from_bytes(content[place : place + 2], "big"), 2)
    return pixels * scans


def check_size(picture: Image.Image, name: str) -> None:
    """Refuse a picture that was opened only: too large, or too small to show anything."""
    (width, height), unpacked = picture.size, decoded_bytes(picture)
    if width * height > MOST_PIXELS or unpacked > MOST_BYTES:
        raise too_large(name)
    if min(width, height) < LEAST_SIDE:
        raise DeltaEditError(
            f"{name} has {width} x {height} pixels; give one of at least {LEAST_SIDE} each way"
        )


def decoded_bytes(picture: Image.Image) -> int:
    """What unpacking takes, from the header alone: pixels x numbers x bytes.

    A TIFF is unpacked as it is stored, and by whole tiles, which may be larger than the picture;
    the reader of WebP keeps two canvases beside it.
    """
    width, height = picture.size
    small = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2, "I;16N": 2}
    here = width * height * small.get(picture.mode, 4)  # Pillow keeps RGB in four bytes, too
    if picture.format == "WEBP":
        return 3 * here
    tags = getattr(picture, "tag_v2", None)
    if tags is None:
        return here
    bits = max(tags.get(BITS, (1,))) * tags.get(SAMPLES, 1)
    area = max(width * height, tags.get(TILE_WIDTH, 0) * tags.get(TILE_HEIGHT, 0))
    return max(here, area * bits // 8)


def too_large(name: str) -> DeltaEditError:
    """What a picture beyond the bounds is answered with."""
    return DeltaEditError(
        f"{name} declares more than {MOST_PIXELS // 10**6} megapixels or {MOST_BYTES // 10**6} MB "
        "unpacked; make it smaller first"
    )


def shown(text: str | PathLike[str], longest: int = 80) -> str:
    """A path or name as a message shows it: short, and printable even where it is no UTF-8."""
    return os.fsdecode(text)[:longest].encode("utf-8", "backslashreplace").decode()
