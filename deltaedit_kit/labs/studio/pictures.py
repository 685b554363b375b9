"""Pictures as files, quickly: PNG for the screen, JPEG for strips, GIF for motion.

A panel writes a PNG for each step of a slider, so the least compression is the right one: 128 px
take about a millisecond. A PNG that is saved carries its recipe in a text chunk.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from deltaedit_kit.pictures import RECIPE_KEY

QUICK = 1  # zlib level
FRAME_MILLISECONDS = 80


def png(picture: np.ndarray, recipe: dict[str, Any] | None = None) -> bytes:
    """A PNG file of a picture uint8 [H, W, 3]; `read_recipe` finds the recipe in it again."""
    notes = None
    if recipe is not None:
        notes = PngInfo()
        notes.add_text(RECIPE_KEY, json.dumps(recipe))
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=QUICK, pnginfo=notes)
    return buffer.getvalue()


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
