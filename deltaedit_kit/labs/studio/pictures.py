"""Pictures as small files: JPEG for tiles and strips, GIF for motion."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

FRAME_MILLISECONDS = 80


def gif(pictures: Sequence[np.ndarray]) -> bytes:
    """An endless GIF of pictures uint8 [H, W, 3], all of one size, with one palette for all."""
    # A palette a frame would make flat colours flicker.
    whole = Image.fromarray(np.concatenate(pictures, axis=1))
    palette = whole.quantize(256, method=Image.Quantize.MEDIANCUT)
    frames = [
        Image.fromarray(picture).quantize(palette=palette, dither=Image.Dither.NONE)
        for picture in pictures
    ]
    buffer = io.BytesIO()
    rest = {"append_images": frames[1:], "duration": FRAME_MILLISECONDS, "loop": 0}
    frames[0].save(buffer, "GIF", save_all=True, **rest)
    return buffer.getvalue()


def jpeg(picture: np.ndarray) -> bytes:
    """A small file for a small picture uint8 [H, W, 3]: tiles and strips."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=88, subsampling=0)
    return buffer.getvalue()
