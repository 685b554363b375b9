"""StyleGAN2's critic: a residual network from a picture to one number, high for renders.

    x -> 1x1 -> [ 3x3, blur + 3x3 down; skip: blur + 1x1 down; sum / sqrt 2 ] ... -> 4x4
      -> append the standard deviation over a group of pictures -> 3x3 -> linear -> linear

The deviation lets the critic see whether pictures of a batch vary as renders do. Every size has its
own entrance, so that a run can begin with small pictures and grow.

Source: Karras et al. 2020 (arXiv:1912.04958), figure 7, "residual nets"; Karras et al. 2018
(arXiv:1710.10196), sections 2 and 3, for growing and for the deviation of a minibatch.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from deltaedit_kit.stylegan2.layers import EqualLinear

GROUP = 4  # pictures whose deviation is taken together
TAPS = (1.0, 3.0, 3.0, 1.0)  # the filter before every halving


class EqualConv(nn.Module):
    """Equalised convolution, halving the size behind a blur on request; leaky ReLU x sqrt 2."""

    def __init__(
        self, fan_in: int, fan_out: int, size: int, down: bool = False, activate: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(fan_out, fan_in, size, size))
        self.bias = nn.Parameter(torch.zeros(fan_out)) if activate else None
        self.scale = (fan_in * size**2) ** -0.5
        self.down = down
        taps = torch.tensor(TAPS) / sum(TAPS)
        self.register_buffer("kernel", torch.outer(taps, taps)[None, None], persistent=False)

    def forward(self, x: Float[Tensor, "n i h h"]) -> Float[Tensor, "n o H H"]:
        """H is h, or h / 2 where this layer halves."""
        side = self.weight.shape[-1]
        if self.down:  # blur, then every second pixel: one padding for both filters
            around = side + 1  # of 3 + (side - 1) taps that reach over the edge
            kernel = self.get_buffer("kernel").expand(x.shape[1], 1, -1, -1)
            edges = (around // 2 + around % 2, around // 2, around // 2 + around % 2, around // 2)
            x = F.conv2d(F.pad(x, edges), kernel, groups=x.shape[1])
        y = F.conv2d(
            x,
            self.weight * self.scale,
            self.bias,
            stride=2 if self.down else 1,
            padding=0 if self.down else side // 2,
        )
        return y if self.bias is None else F.leaky_relu(y, 0.2) * 2**0.5


class Block(nn.Module):
    """One halving of the size, with a shortcut."""

    def __init__(self, wide: int, own: int) -> None:
        super().__init__()
        self.conv1 = EqualConv(wide, wide, 3)
        self.conv2 = EqualConv(wide, own, 3, down=True)
        self.skip = EqualConv(wide, own, 1, down=True, activate=False)

    def forward(self, x: Float[Tensor, "n i h h"]) -> Float[Tensor, "n o H H"]:
        """H = h / 2."""
        return (self.conv2(self.conv1(x)) + self.skip(x)) * 0.5**0.5


class Discriminator(nn.Module):
    """Pictures [n, 3, r, r] in [-1, 1], r <= R -> logits [n]: above 0 means "a render"."""

    def __init__(self, resolution: int, channels: Mapping[int, int]) -> None:
        super().__init__()
        sizes = [2**k for k in range(resolution.bit_length() - 1, 1, -1)]  # R, R / 2, ... 4
        self.sizes = sizes
        self.from_rgb = nn.ModuleList(EqualConv(3, channels[size], 1) for size in sizes)
        self.blocks = nn.ModuleList(
            Block(channels[size], channels[half]) for size, half in pairwise(sizes)
        )
        last = channels[4]
        self.conv = EqualConv(last + 1, last, 3)
        self.linear = EqualLinear(last * 16, last, activate=True)
        self.out = EqualLinear(last, 1)

    def forward(
        self, pictures: Float[Tensor, "n 3 h h"], blend: float = 1.0
    ) -> Float[Tensor, " n"]:
        """n is a multiple of `GROUP`, or below it; h one of the sizes from 8.

        `blend` below 1 lets the first block in by so much; the rest looks at half the size, as
        the critic did before it grew.
        """
        first = self.sizes.index(pictures.shape[-1])
        x = self.blocks[first](self.from_rgb[first](pictures))
        if blend < 1:
            x = self.from_rgb[first + 1](F.avg_pool2d(pictures, 2)).lerp(x, blend)
        for block in self.blocks[first + 1 :]:
            x = block(x)
        groups = x.unflatten(0, (min(GROUP, len(x)), -1))  # [g, n / g, c, 4, 4]
        spread = (groups.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))  # [n / g]
        spread = spread.repeat(groups.shape[0])[:, None, None, None].expand(-1, 1, 4, 4)
        x = self.conv(torch.cat([x, spread], dim=1))
        return self.out(self.linear(x.flatten(1)))[:, 0]
