"""The operations of StyleGAN2 as their equations stand: slow, obviously right, compared with.

Source: Karras et al. 2020 (arXiv:1912.04958), section 2.2 and appendix B.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from deltaedit_kit.stylegan2.ops import DEMODULATION_EPS


def modulated_conv_reference(
    x: Tensor,
    weight: Tensor,
    style: Tensor,
    bias: Tensor | None = None,
    noise: Tensor | None = None,
    gain: float = 1.0,
    blur: Tensor | None = None,
) -> Tensor:
    """`modulated_conv` by its equation: own weights for every picture, one picture at a time."""
    pictures = []
    for picture, own_style in zip(x, style, strict=True):
        own = weight * own_style[None, :, None, None]
        own = own / torch.sqrt(own.square().sum(dim=(1, 2, 3), keepdim=True) + DEMODULATION_EPS)
        if blur is None:
            y = F.conv2d(picture[None], own, padding=own.shape[-1] // 2)
        else:
            # A transposed convolution is a convolution of the zero-inserted input with the
            # mirrored kernel; only then comes the filter.
            y = F.conv2d(insert_zeros(picture[None]), own.flip(2, 3), padding=2)
            y = upfirdn_reference(y, blur, up=1, pad=(1, 1))
        pictures.append(y)
    y = torch.cat(pictures)
    y = y if bias is None else y + bias[:, None, None]
    return (y if noise is None else y + noise) * gain


def insert_zeros(x: Tensor) -> Tensor:
    """[n, c, H, W] -> [n, c, 2H-1, 2W-1] with zeros between the values."""
    y = x.new_zeros(*x.shape[:2], 2 * x.shape[2] - 1, 2 * x.shape[3] - 1)
    y[:, :, ::2, ::2] = x
    return y


def upfirdn_reference(x: Tensor, kernel: Tensor, up: int, pad: tuple[int, int]) -> Tensor:
    """Insert up-1 zeros after every value, pad both axes, convolve (kernel mirrored) with `kernel`.

    x [n, c, H, W] -> [n, c, up*H + pad0 + pad1 - k + 1, ...] for a [k, k] kernel.
    """
    n, channels, height, width = x.shape
    y = x.new_zeros(n, channels, height, up, width, up)
    y[:, :, :, 0, :, 0] = x
    y = F.pad(y.view(n, channels, height * up, width * up), (*pad, *pad))
    taps = kernel.flip(0, 1).to(x.dtype)[None, None]
    filtered = F.conv2d(y.reshape(n * channels, 1, *y.shape[2:]), taps)
    return filtered.view(n, channels, *filtered.shape[2:])
