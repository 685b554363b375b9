"""What a metric may be given: finite pictures of one size, in [-1, 1], at least one.

Idea: a number computed from pictures in [0, 255], or from a NaN, looks like any other number. So
every metric looks at its pictures before it computes, and says what is wrong with them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError

SLACK = 1e-3  # a rounding error beyond ±1 is none of the user's doing


def check_pictures(pictures: Tensor, name: str = "pictures") -> Tensor:
    """`pictures` itself if it is a finite float [n, 3, H, W] in [-1, 1] with n >= 1.

    Raises DeltaEditError saying what is wrong with it.
    """
    if not isinstance(pictures, Tensor) or pictures.ndim != 4 or pictures.shape[1] != 3:
        shown = list(pictures.shape) if isinstance(pictures, Tensor) else type(pictures).__name__
        raise DeltaEditError(f"{name} are {shown}; give a tensor [n, 3, H, W]")
    if len(pictures) == 0:
        raise DeltaEditError(f"there are no {name}; give at least one")
    if not pictures.is_floating_point():
        raise DeltaEditError(f"{name} are {pictures.dtype}; give floats: bytes / 127.5 - 1")
    if not bool(torch.isfinite(pictures).all()):
        raise DeltaEditError(f"{name} hold NaN or infinity; look at how they were made")
    reach = float(pictures.detach().abs().max())
    if reach > 1 + SLACK:
        raise DeltaEditError(
            f"{name} reach {reach:.3g}, outside [-1, 1]; give generated pictures as "
            "pictures.clamp(-1, 1), bytes as bytes / 127.5 - 1"
        )
    return pictures


def check_pairs(before: Tensor, after: Tensor) -> None:
    """Both as `check_pictures` wants them, and of one shape; raises DeltaEditError."""
    check_pictures(before, "pictures before")
    check_pictures(after, "pictures after")
    if before.shape != after.shape:
        raise DeltaEditError(
            f"pictures before are {list(before.shape)}, after {list(after.shape)}; compare the "
            "same pictures at one size"
        )
