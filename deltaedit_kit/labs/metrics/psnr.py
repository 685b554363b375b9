"""Peak signal-to-noise ratio: how far a picture is from the picture that it should be.

    PSNR = 10 log10( range² / mean((x - y)²) )   in decibels;  range = 2 for pictures in [-1, 1]

20 dB looks blurred, 30 dB close, 40 dB equal at a glance.
"""

from __future__ import annotations

import torch
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError


def psnr(pictures: Tensor, wanted: Tensor, data_range: float = 2.0) -> Tensor:
    """PSNR of each picture: [n, c, H, W] twice -> [n]; infinite for equal pictures.

    Differentiable. Raises DeltaEditError when the shapes differ, for bytes, and when a value is
    not finite.
    """
    if pictures.shape != wanted.shape:
        shapes = f"{tuple(pictures.shape)} and {tuple(wanted.shape)}"
        raise DeltaEditError(f"pictures have shapes {shapes}; compare pictures of one size")
    if not (pictures.is_floating_point() and wanted.is_floating_point()):
        types = f"{pictures.dtype} and {wanted.dtype}"  # of bytes, 2 would be the wrong range
        raise DeltaEditError(f"pictures are {types}; give floats: bytes / 127.5 - 1")
    error = (pictures.float() - wanted.float()).square().flatten(1).mean(1)
    if not bool(torch.isfinite(error).all()):
        raise DeltaEditError("pictures hold NaN or infinity; look at how they were made")
    return 10 * (data_range**2 / error).log10()
