"""Renders made honest: a generator's pictures are softer than renders, and sit a little elsewhere.

augmented = noise + gain * shift(blur(picture)) + lift,   one mix for each eighth of a batch
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn


def augment(
    pictures: Float[Tensor, "n 3 h w"], generator: torch.Generator, reach: int = 3
) -> Float[Tensor, "n 3 h w"]:
    """Mild blur, noise, shift by at most `reach` pixels, and light."""
    parts = []
    side = pictures.shape[-1]
    for part in pictures.chunk(8):
        luck = torch.rand(8, generator=generator).tolist()
        if luck[0] < 0.5:  # separable Gaussian blur, sigma up to 1.3 pixels
            sigma = 0.3 + luck[1]
            taps = torch.exp(-torch.arange(-3.0, 4.0).square() / (2 * sigma * sigma))
            taps = (taps / taps.sum()).repeat(3, 1)
            padded = nn.functional.pad(part, (3, 3, 3, 3), mode="replicate")
            part = nn.functional.conv2d(padded, taps[:, None, None], groups=3)
            part = nn.functional.conv2d(part, taps[:, None, :, None], groups=3)
        if luck[2] < 0.6:
            down, right = (int(x * (2 * reach + 1)) for x in luck[3:5])
            padded = nn.functional.pad(part, (reach,) * 4, mode="replicate")
            part = padded[:, :, down : down + side, right : right + side]
        gain = 1 + 0.10 * (luck[5] - 0.5)
        part = part * gain + 0.08 * (luck[6] - 0.5)
        if luck[7] < 0.5:
            part = part + 0.05 * torch.randn(part.shape, generator=generator)
        parts.append(part)
    return torch.cat(parts)
