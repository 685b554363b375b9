"""Where did the picture change? The mean absolute difference of the colours, pixel by pixel.

    heat = mean over colours of |after - before| / 2        in [0, 1]; 0 is "the same"

No stretching to the largest value: twice the strength looks hotter, and no edit stays dark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deltaedit_kit.errors import DeltaEditError

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


def heat_map(
    before: Float[Tensor, "*n 3 H W"], after: Float[Tensor, "*n 3 H W"]
) -> Float[Tensor, "*n H W"]:
    """Heat in [0, 1] of pictures in [-1, 1] (clamped, as a screen does).

    Raises `DeltaEditError` for pictures of two sizes.
    """
    if before.shape != after.shape:
        shapes = f"{list(before.shape)} and {list(after.shape)}"
        raise DeltaEditError(f"pictures have shapes {shapes}; compare pictures of one size")
    return (after.clamp(-1, 1) - before.clamp(-1, 1)).abs().mean(-3) / 2
