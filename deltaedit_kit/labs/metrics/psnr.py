"""Peak signal-to-noise ratio: how far a picture is from the picture that it should be.

    PSNR = 10 log10( range² / mean((x - y)²) )   in decibels;  range = 2 for pictures in [-1, 1]

20 dB looks blurred, 30 dB close, 40 dB equal at a glance.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.labs.metrics.pictures import check_pairs

RANGE = 2.0  # from -1 to 1


def psnr(pictures: Float[Tensor, "n 3 H W"], wanted: Float[Tensor, "n 3 H W"]) -> Tensor:
    """PSNR of each picture in [-1, 1] -> [n]; infinite for equal pictures. Differentiable.

    Raises DeltaEditError as `check_pairs` does.
    """
    check_pairs(wanted.detach(), pictures.detach())
    error = (pictures.float() - wanted.float()).square().flatten(1).mean(1)
    return 10 * (RANGE**2 / error).log10()
