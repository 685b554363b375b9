"""Any picture file becomes one upright RGB picture of 8 bits, or one line that says why not.

    path, bytes, file, PIL image, array, tensor  ->  PIL image "RGB"

What cameras and programs do to pictures is undone in this order: the first frame of several, other
numbers to 8 bits (levels.py), transparency onto white, colour profile to sRGB (CMYK too), and last
the rotation that the camera noted (EXIF).

A file may come from anybody. Only the decoders of FORMATS are tried (Pillow knows some forty,
and hands EPS to Ghostscript, which runs programs), and what a header claims is bounded (bounds.py).
"""

from __future__ import annotations

import io
import os
import stat
import struct
import warnings
import zlib
from os import PathLike
from typing import IO, TYPE_CHECKING, cast

import numpy as np
import torch
from PIL import Image, ImageCms, ImageFile, UnidentifiedImageError

from deltaedit_kit.labs.photo.bounds import (
    MOST_BYTES,
    MOST_PIXELS,
    check_file,
    check_scans,
    check_size,
    shown,
    too_large,
)
from deltaedit_kit.labs.photo.levels import eight_bits
from deltaedit_kit.support.atomic import check_regular_file
from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    Source = str | PathLike[str] | bytes | IO[bytes] | Image.Image | np.ndarray | torch.Tensor

FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP")  # what cameras and programs write
ORIENTATION = 0x0112  # EXIF's tag
UPRIGHT = {  # its value -> what puts the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
NUMBERS = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")  # modes of more than 8 bits
RANGE = "range"  # entry of `.info`: what numbers were taken for, where a file leaves that open
BROKEN = (  # what Pillow's readers raise for files that are cut, damaged or lie
    *(UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError),
    *(TypeError, ZeroDivisionError, OverflowError, MemoryError, NotImplementedError),
    *(struct.error, zlib.error, AttributeError, AssertionError, RecursionError),
)


def read_photo(source: Source) -> Image.Image:
    """An upright picture "RGB" from whatever holds one.

    `source`: a path (`~` is the home folder), the bytes of a file, an open file, a PIL image, an
    array [h, w], [h, w, 3] or [h, w, 4] of 8 or 16 bits or of floats, or a tensor of floats
    [3, h, w] in [-1, 1] (a render, say). Where the numbers could mean several ranges,
    `.info["range"]` says which was taken. Raises `DeltaEditError` for what is no picture in one of
    FORMATS, is damaged, is no regular file, or is smaller than 16 or larger than 64 million pixels
    or 400 MB unpacked.
    """
    name = shown(source) if isinstance(source, str | PathLike) else "the photo"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own, smaller limit, and odd EXIF entries
            if isinstance(source, str | PathLike):
                # Closed also where Pillow fails half-way.
                with check_regular_file(os.fspath(source)).open("rb") as file:
                    return make_upright(_from_file(file, name))
            picture = _opened(source, name)
            return make_upright(picture)
    except DeltaEditError:
        raise
    except Image.DecompressionBombError as cause:
        raise too_large(name) from cause
    except BROKEN as cause:
        known = not isinstance(cause, UnidentifiedImageError)  # its text would name an object
        why = f"{type(cause).__name__}: {str(cause)[:60]}" if known else "of no known format"
        raise DeltaEditError(
            f"{name} cannot be read as a picture ({why}); give one of {', '.join(FORMATS)}"
        ) from cause


def make_upright(picture: Image.Image) -> Image.Image:
    """Any mode of Pillow -> "RGB", upright; the picture given stays as it is.

    Raises what Pillow raises for a damaged file.
    """
    picture.load()
    exif, profile = picture.getexif(), picture.info.get("icc_profile")
    flat, words = picture, ""
    if picture.mode in NUMBERS:
        levels, words = eight_bits(np.asarray(picture))
        flat = Image.fromarray(levels)
    flat = _onto_white(flat) if _is_transparent(flat) else flat
    flat = _to_srgb(flat, profile)
    turn = UPRIGHT.get(exif.get(ORIENTATION, 1))
    flat = flat if turn is None else flat.transpose(turn)
    if not words and not isinstance(picture, ImageFile.ImageFile):  # a file's own texts are none
        words = picture.info.get(RANGE, "")
    flat.info = {RANGE: words} if words else {}  # nothing of the camera or its owner travels on
    return flat


def cut_middle(picture: Image.Image) -> Image.Image:
    """The largest square in the middle."""
    (width, height), side = picture.size, min(picture.size)
    left, top = (width - side) // 2, (height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def to_tensor(picture: Image.Image) -> torch.Tensor:
    """A picture "RGB" -> float32 [3, h, w] in [-1, 1]."""
    return torch.from_numpy(np.array(picture)).movedim(-1, 0).float().div_(127.5).sub_(1)


def _opened(source: Source, name: str) -> Image.Image:
    """The picture of `source`, which is no path; its pixels fit into memory."""
    if isinstance(source, Image.Image):
        lazy = isinstance(source, ImageFile.ImageFile) and source.format not in (*FORMATS, "MPO")
        if lazy:  # opened by the caller, not yet unpacked, and by another decoder
            raise DeltaEditError(
                f"a picture of the format {source.format} is not read; give one of "
                f"{', '.join(FORMATS)}"
            )
        check_size(source, name)
        return source
    if isinstance(source, bytes | bytearray | memoryview):
        return _from_file(io.BytesIO(bytes(source)), name)
    if isinstance(source, np.ndarray):
        return _from_array(source, name)
    if isinstance(source, torch.Tensor):
        picture = Image.fromarray(_tensor_bytes(source.detach().cpu()))
        check_size(picture, name)
        return picture
    if hasattr(source, "read"):
        return _from_file(_seekable(cast("IO[bytes]", source)), name)
    raise DeltaEditError(
        f"a photo of type {type(source).__name__} is not supported; give a path, bytes, a PIL "
        "image, an array [h, w, 3] or a tensor [3, h, w] in [-1, 1]"
    )


def _seekable(file: IO[bytes]) -> IO[bytes]:
    """The file itself, or what an upload without `seek` holds; no device and no pipe."""
    try:
        kind = os.fstat(file.fileno()).st_mode
    except (AttributeError, OSError):  # no file of the system: a buffer, a member of an archive
        kind = stat.S_IFREG
    if not stat.S_ISREG(kind):
        raise DeltaEditError("the open photo is a device, pipe or socket; give a picture file")
    if hasattr(file, "seekable") and file.seekable():
        return file
    content = file.read(MOST_BYTES + 1)
    if not isinstance(content, bytes):
        raise DeltaEditError("the open photo gives text; open it with mode 'rb'")
    return io.BytesIO(content)


def _from_file(file: IO[bytes], name: str) -> Image.Image:
    """The first frame of a file, unpacked only if its size is bearable."""
    check_file(file, name)
    picture = Image.open(file, formats=FORMATS)
    check_size(picture, name)
    check_scans(file, name)
    picture.load()
    return picture


def _from_array(array: np.ndarray, name: str) -> Image.Image:
    """An array [h, w], [h, w, 1], [h, w, 3] or [h, w, 4] as a picture of 8 bits."""
    plain = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))
    if not plain or array.size == 0:
        raise DeltaEditError(
            f"an array {array.dtype} {list(array.shape)} is not a photo; give [h, w, 3], uint8 or "
            "floats in [0, 1]"
        )
    if array.shape[0] * array.shape[1] > MOST_PIXELS:
        raise too_large(name)
    levels, words = eight_bits(array[..., 0] if array.shape[2:] == (1,) else array)
    picture = Image.fromarray(np.ascontiguousarray(levels))
    check_size(picture, name)
    picture.info[RANGE] = words
    return picture


def _tensor_bytes(tensor: torch.Tensor) -> np.ndarray:
    """A tensor [3, h, w] or [1, 3, h, w] in [-1, 1] -> uint8 [h, w, 3]."""
    if tensor.ndim == 4 and len(tensor) == 1:
        tensor = tensor[0]
    if tensor.ndim != 3 or len(tensor) != 3 or not tensor.is_floating_point() or not tensor.numel():
        raise DeltaEditError(
            f"a tensor {tensor.dtype} {list(tensor.shape)} is not a photo; give floats [3, h, w] "
            "in [-1, 1], one picture at a time"
        )
    tensor = tensor.float()
    if not bool(tensor.isfinite().all()):
        raise DeltaEditError("the photo holds NaN or infinity; look at how it was made")
    # A generator may overshoot a little, and rarely far; [0, 255] lies far outside everywhere.
    if float((tensor.abs() > 2).float().mean()) > 0.05:
        raise DeltaEditError(
            f"the photo's values reach {float(tensor.abs().max()):.4g}; scale them to [-1, 1] "
            "(x / 127.5 - 1 for [0, 255])"
        )
    levels = ((tensor.clamp(-1, 1) + 1) * 127.5).round()
    return levels.movedim(0, -1).numpy().astype(np.uint8)


def _is_transparent(picture: Image.Image) -> bool:
    return "transparency" in picture.info or picture.mode in ("LA", "La", "PA", "RGBA", "RGBa")


def _onto_white(picture: Image.Image) -> Image.Image:
    """See-through pixels take as much of white paper as shows through them."""
    # Pillow knows the way from premultiplied modes ("RGBa", "La") to plain ones.
    seen = picture.convert("LA" if picture.mode == "La" else "RGBA").convert("RGBA")
    white = Image.new("RGB", seen.size, "white")
    white.paste(seen, mask=seen.getchannel("A"))
    return white


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as an sRGB screen shows them; a profile that does not fit is left out."""
    target = ImageCms.createProfile("sRGB")
    source = io.BytesIO(profile) if profile else None
    if picture.mode == "LAB":  # the one mode that cannot be read without a profile
        source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    if source is not None and picture.mode in ("RGB", "CMYK", "L", "LAB"):
        try:
            managed = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            managed = None
        if managed is not None:
            return managed
    return picture.convert("RGB") if picture.mode != "RGB" else picture.copy()
