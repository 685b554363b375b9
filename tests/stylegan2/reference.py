"""The published algorithm, transcribed plainly: what the kit's synthesis is compared with.

Every picture gets its own modulated and demodulated weights, a batch becomes the groups of one
grouped convolution, and upfirdn inserts zeros, pads, and convolves channel by channel, as in Karras
et al. 2020 (arXiv:1912.04958, figure 2 and appendix B). Right and slow; also the baseline of
`benchmarks/synthesis.py`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.stylegan2.layers import ModulatedConv

EPS, SLOPE, GAIN = 1e-8, 0.2, 2**0.5


def upfirdn(x: Tensor, kernel: Tensor, up: int, pad: tuple[int, int]) -> Tensor:
    """Insert up - 1 zeros after every value, pad, convolve every channel with `kernel`."""
    n, channels, height, width = x.shape
    x = x.reshape(n * channels, 1, height, 1, width, 1)
    x = F.pad(x, (0, up - 1, 0, 0, 0, up - 1)).view(n * channels, 1, height * up, width * up)
    x = F.conv2d(F.pad(x, (*pad, *pad)), kernel.flip(0, 1)[None, None])
    return x.view(n, channels, *x.shape[2:])


def modulated(conv: ModulatedConv, x: Tensor, style: Tensor, demodulate: bool) -> Tensor:
    """One modulated convolution; with a blur kernel it doubles the size."""
    n, channels, height, width = x.shape
    weight = conv.scale * conv.weight * style[:, None, :, None, None]  # [n, O, I, k, k]
    if demodulate:
        weight = weight * torch.rsqrt(weight.square().sum((2, 3, 4), keepdim=True) + EPS)
    size, out = weight.shape[-1], weight.shape[1]
    x = x.reshape(1, n * channels, height, width)
    if conv.blur is None:
        own = weight.view(n * out, channels, size, size)
        y = F.conv2d(x, own, padding=size // 2, groups=n)
        return y.view(n, out, height, width)
    own = weight.transpose(1, 2).reshape(n * channels, out, size, size)
    y = F.conv_transpose2d(x, own, stride=2, groups=n)
    return upfirdn(y.view(n, out, *y.shape[2:]), conv.blur.kernel, up=1, pad=(1, 1))


def synthesize(generator: Generator, s: Tensor, w_plus: Tensor) -> Tensor:
    """Pictures [n, 3, h, h] of codes, with the generator's stored noise."""
    x = generator.input.get_parameter("input").repeat(len(s), 1, 1, 1)
    image: Tensor | None = None
    for layer, style in zip(generator.layers, s.split(generator.style_widths, dim=1), strict=True):
        x = modulated(layer.conv.conv, x, style, demodulate=True)
        x = x + layer.conv.noise.weight * layer.noise
        x = F.leaky_relu(x + layer.conv.activate.bias[None, :, None, None], SLOPE) * GAIN
        if (rgb := layer.to_rgb) is None:
            continue
        row = rgb.conv.modulation(w_plus[:, layer.index + 1])
        skip = modulated(rgb.conv, x, row, demodulate=False) + rgb.bias
        if image is not None and rgb.upsample is not None:
            skip = skip + upfirdn(image, rgb.upsample.kernel, up=2, pad=(2, 1))
        image = skip
    assert image is not None
    return image
