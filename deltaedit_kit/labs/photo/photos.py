"""Any picture file becomes one upright RGB picture of 8 bits, or one line that says why not.

    path, bytes, file, PIL image, array, tensor  ->  PIL image "RGB"

What cameras and programs do to pictures is undone in this order: the first frame of several, 16
bits to 8, transparency onto white, colour profile to sRGB (CMYK too), and last the rotation that
the camera noted (EXIF). A file from a stranger may claim any size: it is refused before it is
unpacked.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from os import PathLike
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from deltaedit_kit.errors import DeltaEditError

if TYPE_CHECKING:
    import torch

MOST_PIXELS = 100_000_000  # three times a 30 megapixel camera: 300 MB unpacked
LEAST_SIDE = 16
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
SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N", "I")
BROKEN = (  # what Pillow's readers raise for files that are cut, damaged or lie
    *(UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError),
    *(TypeError, ZeroDivisionError, OverflowError, MemoryError, NotImplementedError),
    *(struct.error, zlib.error),
)


def read_photo(source: Any) -> Image.Image:
    """An upright picture "RGB" from whatever holds one.

    `source`: a path, the bytes of a file, an open file, a PIL image, an array uint8 [h, w],
    [h, w, 3] or [h, w, 4], or a tensor float [3, h, w] in [-1, 1] (a render, say). Raises
    `DeltaEditError` for what is no picture, is damaged, or is smaller than 16 or larger than 100
    million pixels.
    """
    name = str(source)[:80] if isinstance(source, str | PathLike) else "the photo"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own, smaller limit, and odd EXIF entries
            opened = _opened(source)
            _check_size(opened, name)
            picture = upright_rgb(opened)
    except DeltaEditError:
        raise
    except Image.DecompressionBombError as cause:
        raise _too_large(name) from cause
    except FileNotFoundError as cause:
        raise DeltaEditError(f"there is no file {name}; check the path") from cause
    except BROKEN as cause:
        known = not isinstance(cause, UnidentifiedImageError)  # its text would name an object
        why = f"{type(cause).__name__}: {str(cause)[:60]}" if known else "of no known format"
        raise DeltaEditError(
            f"{name} cannot be read as a picture ({why}); "
            "give a JPEG, PNG, TIFF, WebP or another format that Pillow reads"
        ) from cause
    return picture


def upright_rgb(picture: Image.Image) -> Image.Image:
    """Any mode of Pillow -> "RGB", upright; the picture given stays as it is.

    Raises what Pillow raises for a damaged file.
    """
    picture.load()
    exif, profile = picture.getexif(), picture.info.get("icc_profile")
    flat = _eight_bits(picture)
    flat = _onto_white(flat) if _is_transparent(flat) else flat
    flat = _to_srgb(flat, profile)
    turn = UPRIGHT.get(exif.get(ORIENTATION, 1))
    flat = flat if turn is None else flat.transpose(turn)
    flat.info.clear()  # nothing of the camera, its place or its owner travels on
    return flat


def to_tensor(picture: Image.Image) -> torch.Tensor:
    """A picture "RGB" -> float32 [3, h, w] in [-1, 1]."""
    import torch

    return torch.from_numpy(np.array(picture)).movedim(-1, 0).float().div_(127.5).sub_(1)


def _opened(source: Any) -> Image.Image:
    """The picture of `source`, its pixels not yet unpacked where it is a file."""
    if isinstance(source, Image.Image):
        return source
    if isinstance(source, bytes | bytearray | memoryview):
        return _from_file(io.BytesIO(bytes(source)))
    if isinstance(source, str | PathLike):
        with open(source, "rb") as file:  # closed also where Pillow fails half-way
            return _from_file(file)
    if hasattr(source, "read"):
        return _from_file(source)
    if hasattr(source, "detach"):  # a tensor
        return Image.fromarray(_tensor_bytes(source.detach().cpu()))
    if isinstance(source, np.ndarray):
        return Image.fromarray(_array_bytes(source))
    raise DeltaEditError(
        f"a photo of type {type(source).__name__} is none; give a path, bytes, a PIL image, an "
        "array uint8 [h, w, 3] or a tensor [3, h, w] in [-1, 1]"
    )


def _from_file(file: IO[bytes]) -> Image.Image:
    """The first frame of a file, unpacked only if its size is bearable."""
    picture = Image.open(file)
    _check_size(picture, "the photo")
    picture.load()
    return picture


def _check_size(picture: Image.Image, name: str) -> None:
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise _too_large(name)
    if min(width, height) < LEAST_SIDE:
        raise DeltaEditError(
            f"{name} has {width} x {height} pixels; give one of at least {LEAST_SIDE} each way"
        )


def _too_large(name: str) -> DeltaEditError:
    return DeltaEditError(
        f"{name} claims more than {MOST_PIXELS // 10**6} megapixels; make it smaller first"
    )


def _array_bytes(array: np.ndarray) -> np.ndarray:
    """The array itself if it is a picture."""
    plain = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))
    if array.dtype != np.uint8 or not plain or array.size == 0:
        raise DeltaEditError(
            f"an array {array.dtype} {list(array.shape)} is no photo; give uint8 [h, w, 3]"
        )
    return np.ascontiguousarray(array)


def _tensor_bytes(tensor: torch.Tensor) -> np.ndarray:
    """A tensor [3, h, w] or [1, 3, h, w] in [-1, 1] -> uint8 [h, w, 3]."""
    if tensor.ndim == 4 and len(tensor) == 1:
        tensor = tensor[0]
    if tensor.ndim != 3 or tensor.shape[0] != 3 or not tensor.is_floating_point():
        raise DeltaEditError(
            f"a tensor {tensor.dtype} {list(tensor.shape)} is no photo; give floats [3, h, w] in "
            "[-1, 1], one picture at a time"
        )
    if not bool(tensor.isfinite().all()):
        raise DeltaEditError("the photo holds NaN or infinity; look at how it was made")
    levels = ((tensor.float().clamp(-1, 1) + 1) * 127.5).round()
    return levels.movedim(0, -1).numpy().astype(np.uint8)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """16 bit and floating point grey -> 8 bit grey; everything else as it is."""
    if picture.mode in SIXTEEN_BITS:
        values = np.asarray(picture).astype(np.float64)
        # Files of 8 bits also come as "I"; no photograph of 16 is as dark as level 255.
        full = 65535 if picture.mode != "I" or values.max() > 255 else 255
        return Image.fromarray((values.clip(0, full) / full * 255).round().astype(np.uint8))
    if picture.mode == "F":
        values = np.nan_to_num(np.asarray(picture).astype(np.float64))
        full = 1.0 if values.max() <= 1 else 255.0 if values.max() <= 255 else 65535.0
        return Image.fromarray((values.clip(0, full) / full * 255).round().astype(np.uint8))
    return picture


def _is_transparent(picture: Image.Image) -> bool:
    return "transparency" in picture.info or picture.mode in ("LA", "La", "PA", "RGBA", "RGBa")


def _onto_white(picture: Image.Image) -> Image.Image:
    """See-through pixels take as much of white paper as shows through them."""
    # Pillow knows the way from premultiplied modes ("RGBa", "La") to plain ones.
    seen = picture.convert("LA" if picture.mode == "La" else "RGBA").convert("RGBA")
    white = Image.new("RGBA", seen.size, "white")
    return Image.alpha_composite(white, seen).convert("RGB")


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
