"""Numbers of a picture -> 8 bits: which range do they lie in?

    8 bits   as they are                              16 bits   v / 65535
    floats, whole numbers of 32 bits: the smallest of [0, 1], [0, 255], [0, 65535] that holds them,

        at least 95 % of the positive values <= 2 top       level = round(255 min(v, top) / top)

A file does not say which of these it means. Its largest value must not decide: one highlight of
1.02 would make [0, 1] into [0, 255], which is black. Zeros say nothing, hence "positive"; the
factor 2 leaves room for highlights, and a picture of which 95 % lie below 2 of 255 would be black
anyway. What was taken is returned in words, for whoever shows the picture.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Num, UInt8

from deltaedit_kit.support.errors import DeltaEditError

TOPS = {"f": (1, 255, 65535), "i": (255, 65535), "u": (255, 65535)}  # by numpy's kind of number
BEYOND = 0.05  # share of values that may lie outside of a range that is taken all the same
ROOM = 2.0  # and so many times its top counts as a highlight of it
ROWS = 256  # converted at once: a copy of a whole photo as floats would take gigabytes


def eight_bits(values: Num[np.ndarray, "h w *c"]) -> tuple[UInt8[np.ndarray, "h w *c"], str]:
    """Levels from 0 to 255, and the range that was taken ("" where there is no choice).

    Raises `DeltaEditError` for NaN and infinity, for negative numbers beyond 5 %, for numbers that
    none of the ranges holds, and for what is no array of real numbers.
    """
    if values.dtype == np.uint8:
        return values, ""
    if values.dtype.kind not in TOPS:
        raise DeltaEditError(
            f"a picture of {values.dtype} is not a photo; give uint8, or floats in [0, 1]"
        )
    sixteen = values.dtype.kind == "u" and values.dtype.itemsize == 2  # of either byte order
    top, words = (65535, "") if sixteen else range_of(values)
    levels = np.empty(values.shape, np.uint8)
    for start in range(0, len(values), ROWS):
        part = values[start : start + ROWS].astype(np.float64).clip(0, top)
        levels[start : start + ROWS] = (part / top * 255).round()
    return levels, words


def range_of(values: Num[np.ndarray, "h w *c"]) -> tuple[int, str]:
    """Top of the range that holds nearly all values, and the same in words."""
    tops = TOPS[values.dtype.kind]
    values = values.astype(np.float32) if values.dtype == np.float16 else values  # ends at 65504
    if not np.isfinite(values).all():
        raise DeltaEditError("the photo holds NaN or infinity; look at how it was made")
    below = np.count_nonzero(values < 0)
    if below > BEYOND * values.size:
        raise DeltaEditError(
            f"{below / values.size:.0%} of the photo's values are negative; give [0, 1] or "
            "[0, 255], or a tensor [3, h, w] in [-1, 1]"
        )
    positive = np.count_nonzero(values > 0)
    for top in tops:
        if np.count_nonzero(values > ROOM * top) <= BEYOND * positive:
            break
    else:
        raise DeltaEditError(
            f"the photo's values reach {float(values.max()):g}; scale them to [0, 1], or to 8 bits"
        )
    outside = below + np.count_nonzero(values > top)
    if outside > values.size / 2:
        raise DeltaEditError(
            f"{outside / values.size:.0%} of the photo's values lie outside [0, {top}], its "
            "nearest range; scale them to [0, 1], or to 8 bits"
        )
    cut = f"; {outside:,} of {values.size:,} are outside and were clipped" if outside else ""
    return top, f"its numbers were taken to lie in [0, {top}]{cut}"
