"""Untrusted files: no other decoder, nothing waited for, nothing large unpacked."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, TiffImagePlugin

from deltaedit_kit.labs.photo import bounds
from deltaedit_kit.labs.photo.bounds import decoded_bytes, jpeg_visits
from deltaedit_kit.labs.photo.photos import FORMATS, read_photo
from deltaedit_kit.support.errors import DeltaEditError
from tests.photo.conftest import saved

EPS = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 64 64
%%EndComments
(%pipe%touch ran) (w) file
showpage
%%EOF
"""


@pytest.fixture
def ghostscript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `gs` on the path that leaves a file behind when anybody starts it."""
    trace = tmp_path / "started"
    program = tmp_path / "gs"
    program.write_text(f"#!/bin/sh\ntouch {trace}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    from PIL import EpsImagePlugin

    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    return trace


def test_a_postscript_photo_starts_nothing(tmp_path: Path, ghostscript: Path) -> None:
    path = tmp_path / "me.jpg"
    path.write_bytes(EPS)
    with Image.open(path) as by_pillow, pytest.raises(OSError, match=r".*"):
        by_pillow.load()  # Pillow alone would start it,
    assert ghostscript.exists()
    ghostscript.unlink()
    for source in (path, EPS, Image.open(path)):  # the kit in no way of giving a photo
        with pytest.raises(DeltaEditError, match="JPEG"):
            read_photo(source)
    assert not ghostscript.exists()


@pytest.mark.parametrize("kind", ["PPM", "TGA", "PCX", "ICO", "SGI", "JPEG2000", "DDS"])
def test_formats_that_nobody_photographs_in_are_not_decoded(kind: str) -> None:
    file = saved(Image.new("RGB", (32, 32), "teal"), kind)
    with pytest.raises(DeltaEditError, match="no known format"):
        read_photo(file)
    assert kind not in FORMATS


def test_pipes_and_devices_are_refused_at_once(tmp_path: Path) -> None:
    pipe, device = tmp_path / "pipe.jpg", tmp_path / "device.jpg"
    os.mkfifo(pipe)  # nobody writes: opening it would wait for ever
    device.symlink_to("/dev/zero")
    for path in (pipe, device, tmp_path):
        with pytest.raises(DeltaEditError, match=r"folder|pipe|device"):
            read_photo(path)
    with open("/dev/zero", "rb") as zeros, pytest.raises(DeltaEditError, match="device"):
        read_photo(zeros)


def test_an_upload_that_cannot_be_rewound(tmp_path: Path) -> None:
    class Stream(io.RawIOBase):
        def __init__(self, content: bytes) -> None:
            self.content = io.BytesIO(content)

        def readable(self) -> bool:
            return True

        def readinto(self, buffer) -> int:  # type: ignore[override]
            return self.content.readinto(buffer)

    file = saved(Image.new("RGB", (32, 24), "teal"), "PNG")
    assert read_photo(io.BufferedReader(Stream(file))).size == (32, 24)  # type: ignore[arg-type]


def test_the_home_folder_may_be_written_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    Image.new("RGB", (32, 24), "teal").save(tmp_path / "me.png")
    assert read_photo("~/me.png").size == (32, 24)
    assert read_photo(Path("~/me.png")).size == (32, 24)


def claimed(kind: str, width: int, height: int, mode: str = "RGB") -> bytes:
    """A file of 20 x 20 pixels whose header claims more."""
    file = bytearray(saved(Image.new(mode, (20, 20)), kind))
    if kind == "BMP":
        file[18:26] = width.to_bytes(4, "little") + height.to_bytes(4, "little")
    elif kind == "PNG":
        import zlib

        file[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
        file[29:33] = zlib.crc32(file[12:29]).to_bytes(4, "big")
    elif kind == "GIF":
        file[6:10] = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    elif kind == "JPEG":
        place = file.index(b"\xff\xc0") + 5
        file[place : place + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(file)


@pytest.mark.parametrize("kind", ["BMP", "PNG", "GIF", "JPEG"])
def test_a_file_that_claims_too_many_pixels_is_not_unpacked(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = claimed(kind, 60_000, 60_000, "P" if kind == "GIF" else "RGB")
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(DeltaEditError, match="megapixels"):
        read_photo(file)


def tiff(mode: str, bits: int, samples: int, side: int = 64, **tags: int) -> Image.Image:
    """A picture that was opened only, with the facts of a TIFF's header."""
    picture = Image.new(mode, (side, side))
    header = TiffImagePlugin.ImageFileDirectory_v2()
    facts = {bounds.BITS: (bits,) * samples, bounds.SAMPLES: samples, **tags}
    header.update({int(tag): value for tag, value in facts.items()})
    picture.tag_v2 = header  # type: ignore[attr-defined]
    return picture


def test_what_unpacking_takes_is_told_from_the_header() -> None:
    for mode, each in (("L", 1), ("P", 1), ("I;16", 2), ("RGB", 4), ("RGBA", 4), ("F", 4)):
        assert decoded_bytes(Image.new(mode, (30, 20))) == 600 * each
    assert decoded_bytes(tiff("RGB", 16, 3)) == 64 * 64 * 6
    assert decoded_bytes(tiff("RGBA", 16, 4)) == 64 * 64 * 8
    with Image.open(io.BytesIO(saved(Image.new("RGB", (30, 20)), "WEBP"))) as webp:
        assert decoded_bytes(webp) == 600 * 4 * 3
    large_tiles = {str(bounds.TILE_WIDTH): 4096, str(bounds.TILE_HEIGHT): 8192}
    assert decoded_bytes(tiff("L", 8, 1, **large_tiles)) == 4096 * 8192


def test_bytes_are_bounded_as_pixels_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deep or see-through pictures of a bearable number of pixels."""
    deep = saved(Image.fromarray(np.zeros((64, 64), np.float32)), "TIFF")
    monkeypatch.setattr(bounds, "MOST_BYTES", 64 * 64 * 4 - 1)
    assert len(deep) > bounds.MOST_BYTES
    for picture in (Image.new("RGBA", (64, 64)), Image.new("F", (64, 64))):
        packed = saved(picture, "TIFF", compression="tiff_adobe_deflate")
        assert len(packed) < 1000
        with pytest.raises(DeltaEditError, match="unpacked"):
            read_photo(packed)
    assert read_photo(saved(Image.new("L", (64, 64)), "PNG")).size == (64, 64)
    with pytest.raises(DeltaEditError, match="make it smaller"):
        read_photo(deep)  # the file alone is larger


def test_of_many_frames_the_first_is_read() -> None:
    first = Image.new("L", (64, 64), 200)
    others = [Image.new("L", (64, 64), level) for level in range(60)]
    for kind in ("TIFF", "GIF", "WEBP"):
        film = saved(first, kind, save_all=True, append_images=others)
        read = np.asarray(read_photo(film))
        assert abs(int(read[..., 0].mean()) - 200) < 3


@pytest.mark.slow
def test_a_jpeg_of_endless_scans_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Image.effect_noise((640, 400), 60).convert("RGB")
    file = saved(plain, "JPEG", progressive=True)
    scans = jpeg_visits(file[2:]) // (640 * 400)
    assert 5 < scans < 20
    assert jpeg_visits(saved(plain, "JPEG")[2:]) == 640 * 400
    # What stands behind the end (a film, say) or in a segment (a preview) is no scan.
    assert jpeg_visits(file[2:] + file * 3) == scans * 640 * 400
    assert jpeg_visits(saved(plain, "JPEG", comment=b"\xff\xda" * 500)[2:]) == 640 * 400
    last = file[file.rindex(b"\xff\xda") : -2]
    bomb = file[:-2] + last * 9000 + file[-2:]
    assert jpeg_visits(bomb[2:]) == (scans + 9000) * 640 * 400
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(DeltaEditError, match="scans"):
        read_photo(bomb)


@pytest.mark.parametrize("size", [(3, 0, 32), (3, 2, 2), (3, 15, 64)])
def test_a_tensor_may_be_as_small_as_a_file(size: tuple[int, ...]) -> None:
    with pytest.raises(DeltaEditError):
        read_photo(torch.zeros(size))
