"""A vision transformer's first layer from the principal components of real patches.

It spends its first thousands of steps on finding out what patches look like; an eigendecomposition
knows at once. Component k is scaled by (variance_k)^(-1/4): halfway to whitening, so that fine
detail is heard without drowning in noise.
"""

from __future__ import annotations

from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Tower(Protocol):
    """An image tower in OpenAI's layout."""

    conv1: nn.Conv2d
    positional_embedding: nn.Parameter
    class_embedding: nn.Parameter


@torch.no_grad()
def principal_patches(visual: Tower, pictures: Float[Tensor, "n 3 h w"]) -> None:
    """Set the patch embedding; positions and class start large enough to be told apart."""
    width, _, patch, _ = visual.conv1.weight.shape
    patches = nn.functional.unfold(pictures, patch, stride=patch)
    rows = patches.transpose(1, 2).reshape(-1, patches.shape[1])
    covariance = torch.cov((rows - rows.mean(0)).T)
    variance, axes = torch.linalg.eigh(covariance)
    variance, axes = variance.flip(0)[:width], axes.flip(1)[:, :width]
    weight = (axes / variance.clamp(min=1e-6).pow(0.25)).T
    weight /= ((rows - rows.mean(0)) @ weight.T).std()
    visual.conv1.weight.copy_(weight.reshape(visual.conv1.weight.shape))
    visual.positional_embedding.normal_(std=0.3)
    visual.class_embedding.normal_(std=0.3)
