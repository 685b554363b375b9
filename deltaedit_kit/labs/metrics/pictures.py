"""Metrics of a picture and its edit, one value a pair: is it the same picture, the same person?

    PSNR = 10 log10( range² / mean((x - y)²) )   in decibels;  range = 2 for pictures in [-1, 1]
    SSIM = mean over windows of  l · s,   l = (2 μ_x μ_y + c₁) / (μ_x² + μ_y² + c₁)
                                          s = (2 σ_xy + c₂) / (σ_x² + σ_y² + c₂)
    IDS  = e(x) · e(y)                           e: unit embedding of a face

PSNR is infinite for equal pictures; 20 dB looks blurred, 30 dB close, 40 dB equal at a glance. SSIM
compares local brightness, contrast and structure: a window is a Gaussian of 1.5 pixels, 11 wide,
one for each pixel, and at the border the picture is mirrored; 1 for equal pictures, around 0 for
unrelated ones. IDS is 1 for equal pictures, and which network embeds is part of the number: ArcFace
for aligned photographs (arXiv:1801.07698), a small one of our own for toyfaces (`domain.identity`).

A number computed from pictures in [0, 255], or from a NaN, looks like any other number. So every
metric looks at its pictures before it computes, and says what is wrong with them.

Source of SSIM: Wang et al. 2004, "Image quality assessment"; computed by torchmetrics.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.support.errors import DeltaEditError, check_pictures

RANGE = 2.0  # from -1 to 1
WINDOW = 11
PIXELS_A_PASS = 2**20  # each takes 750 bytes: without passes, a hundred pictures of 1024 px 75 GB


def psnr(pictures: Float[Tensor, "n 3 H W"], wanted: Float[Tensor, "n 3 H W"]) -> Tensor:
    """PSNR of each picture in [-1, 1] -> [n]. Differentiable.

    Raises DeltaEditError as `check_pairs` does.
    """
    check_pairs(wanted.detach(), pictures.detach())
    error = (pictures.float() - wanted.float()).square().flatten(1).mean(1)
    return 10 * (RANGE**2 / error).log10()


@torch.no_grad()
def ssim(before: Tensor, after: Tensor) -> Tensor:
    """SSIM of each pair of pictures [n, 3, H, W] in [-1, 1] -> [n].

    Raises DeltaEditError as `check_pairs` does, and for pictures smaller than a window.
    """
    check_pairs(before, after)
    if min(before.shape[2:]) < WINDOW:
        size = list(before.shape[2:])
        raise DeltaEditError(f"pictures are {size}; SSIM needs {WINDOW} pixels or more each way")
    from torchmetrics.functional.image import structural_similarity_index_measure

    size = max(1, PIXELS_A_PASS // before[0, 0].numel())
    means = []
    for x, y in zip(before.split(size), after.split(size), strict=True):
        # The map, not the number: whether its mean counts the border depends on the release.
        _, windows = structural_similarity_index_measure(
            y.float(), x.float(), data_range=RANGE, reduction="none", return_full_image=True
        )
        means.append(windows.mean(dim=(1, 2, 3)))
    return torch.cat(means)


@torch.no_grad()
def identity_similarity(before: Tensor, after: Tensor, embed: Callable[[Tensor], Tensor]) -> Tensor:
    """IDS of each pair of pictures [n, 3, H, W] -> [n] in [-1, 1]; `embed` makes unit rows [n, D].

    Raises DeltaEditError as `check_pairs` does.
    """
    check_pairs(before, after)
    return (embed(before) * embed(after)).sum(1).clamp(-1, 1)


def check_pairs(before: Tensor, after: Tensor) -> None:
    """Both as `check_pictures` wants them, at least one, and of one shape; DeltaEditError."""
    check_pictures("pictures before", before)
    check_pictures("pictures after", after)
    if not len(before) or not len(after):
        raise DeltaEditError("there are no pictures; give at least one")
    if before.shape != after.shape:
        raise DeltaEditError(
            f"pictures before are {list(before.shape)}, after {list(after.shape)}; compare the "
            "same pictures at one size"
        )
