"""The layers of a StyleGAN2 generator, named as the public checkpoints name them.

Idea: "equalised learning rate". Stored weights are standard normal and are multiplied by
1/sqrt(fan_in) only when they are used, so that every layer sees steps of the same relative size:

    y = x (W * lr_mul / sqrt(fan_in))^T + b * lr_mul

A 3x3 layer is: style from w+, modulated convolution, one noise picture times a learnt scalar,
bias, leaky ReLU. A ToRGB layer adds a picture to the upsampled picture of half the resolution.

Source: Karras et al. 2018 (arXiv:1710.10196, section 4.1) and 2020 (arXiv:1912.04958, figure 2c).
Attribute names follow rosinality/stylegan2-pytorch, whose key layout is our state dict.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from deltaedit_kit.stylegan2 import ops
from deltaedit_kit.support.device import full_precision


class PixelNorm(nn.Module):
    """Give every row of z the mean square 1."""

    def forward(self, z: Float[Tensor, "n w"]) -> Float[Tensor, "n w"]:
        """Normalise over dim 1."""
        return ops.pixel_norm(z)


class EqualLinear(nn.Module):
    """Equalised linear layer, with leaky ReLU x sqrt(2) on request."""

    def __init__(
        self,
        fan_in: int,
        fan_out: int,
        bias_init: float = 0.0,
        lr_mul: float = 1.0,
        activate: bool = False,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(fan_out, fan_in) / lr_mul)
        self.bias = nn.Parameter(torch.full((fan_out,), bias_init))
        self.scale = lr_mul / fan_in**0.5
        self.lr_mul = lr_mul
        self.activate = activate

    def forward(self, x: Float[Tensor, "n i"]) -> Float[Tensor, "n o"]:
        """Runs in full precision, also under autocast."""
        with full_precision(x.device):
            y = F.linear(x, self.weight * self.scale, self.bias * self.lr_mul)
            return ops.scaled_leaky_relu(y) if self.activate else y


def mapping_network(width: int, depth: int) -> nn.Sequential:
    """z [n, width] -> w [n, width]: PixelNorm, then `depth` activated linear layers.

    `lr_mul` slows its learning: a small step here moves every picture.
    """
    linears = (EqualLinear(width, width, lr_mul=0.01, activate=True) for _ in range(depth))
    return nn.Sequential(PixelNorm(), *linears)


class Fir(nn.Module):
    """Holder of a FIR filter under the checkpoint's name for it; gain 4 makes up for the zeros."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kernel", ops.fir_kernel((1, 3, 3, 1), gain=4.0))


class ModulatedConv(nn.Module):
    """Weights of a modulated convolution with the linear layer that turns a row of w+ into s."""

    def __init__(
        self,
        fan_in: int,
        fan_out: int,
        size: int,
        style_dim: int,
        upsample: bool = False,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, fan_out, fan_in, size, size))
        self.modulation = EqualLinear(style_dim, fan_in, bias_init=1.0)
        self.blur = Fir() if upsample else None
        self.scale = 1 / (fan_in * size**2) ** 0.5

    @property
    def fan_in(self) -> int:
        """Input channels = the width of this layer's style."""
        return self.weight.shape[2]

    def forward(
        self,
        x: Float[Tensor, "n i h w"],
        style: Float[Tensor, "n i"],
        bias: Float[Tensor, " o"],
        noise: Tensor,
        gain: float,
    ) -> Float[Tensor, "n o H W"]:
        """`style` is already out of `modulation`; for the rest see `ops.modulated_conv`.

        1/sqrt(fan_in) goes to the style, a vector, instead of the weights: the same products.
        """
        blur = self.blur.kernel if self.blur is not None else None
        return ops.modulated_conv(x, self.weight[0], style * self.scale, bias, noise, gain, blur)


class NoiseScale(nn.Module):
    """How strongly a layer adds its noise picture: one learnt scalar, 0 at the start."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


class Bias(nn.Module):
    """The bias before the leaky ReLU, one number a channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))


class StyledConv(nn.Module):
    """3x3 layer: modulated convolution + noise + bias, leaky ReLU; `upsample` doubles the size."""

    def __init__(self, fan_in: int, fan_out: int, style_dim: int, upsample: bool = False) -> None:
        super().__init__()
        self.conv = ModulatedConv(fan_in, fan_out, 3, style_dim, upsample)
        self.noise = NoiseScale()
        self.activate = Bias(fan_out)

    def forward(
        self, x: Float[Tensor, "n i h w"], style: Float[Tensor, "n i"], noise: Tensor
    ) -> Float[Tensor, "n o H W"]:
        """`noise` is [1 or n, 1, H, W], of the size of the result.

        sqrt(2) of the activation is applied before the leaky ReLU, where it is free: for c > 0
        leaky(c v) = c leaky(v).
        """
        noise = noise * self.noise.weight
        y = self.conv(x, style, self.activate.bias, noise, gain=ops.LEAKY_GAIN)
        return F.leaky_relu(y, ops.LEAKY_SLOPE, inplace=True)


class ToRGB(nn.Module):
    """Features -> picture, added to the upsampled picture so far."""

    def __init__(self, fan_in: int, style_dim: int, upsample: bool = False) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))
        self.conv = ModulatedConv(fan_in, 3, 1, style_dim)
        self.upsample = Fir() if upsample else None

    def forward(
        self, x: Float[Tensor, "n i h h"], row: Float[Tensor, "n w"], image: Tensor | None
    ) -> Float[Tensor, "n 3 h h"]:
        """`row` is one row of w+, `image` the picture so far [n, 3, h/2, h/2], or None."""
        style = self.conv.modulation(row) * self.conv.scale
        # The picture is a sum over resolutions: it stays in the precision of the parameters.
        picture = ops.modulated_rgb(x, self.conv.weight[0, :, :, 0, 0], style) + self.bias
        if image is None or self.upsample is None:
            return picture
        return picture + ops.upsample_image(image, self.upsample.kernel)
