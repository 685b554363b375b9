"""SSIM: are local brightness, contrast and structure the same?

    SSIM = mean over windows of  l · s,   l = (2 μ_x μ_y + c₁) / (μ_x² + μ_y² + c₁)
                                          s = (2 σ_xy + c₂) / (σ_x² + σ_y² + c₂)

A window is a Gaussian of 1.5 pixels, 11 wide, and there is one for each pixel: at the border the
picture is mirrored. 1 for equal pictures, around 0 for unrelated ones.

Source: Wang et al. 2004, "Image quality assessment"; computed by torchmetrics.
"""

from __future__ import annotations

import torch
from torch import Tensor

from deltaedit_kit.labs.metrics.pictures import check_pairs
from deltaedit_kit.support.errors import DeltaEditError

WINDOW = 11
PIXELS_A_PASS = 2**20  # each takes 750 bytes: without passes, a hundred pictures of 1024 px 75 GB


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
            y.float(), x.float(), data_range=2.0, reduction="none", return_full_image=True
        )
        means.append(windows.mean(dim=(1, 2, 3)))
    return torch.cat(means)
