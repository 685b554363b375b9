"""The arithmetic of StyleGAN2: modulated convolutions, resampling, the picture as a running sum.

Idea: a style scales the input channels of a convolution, and the output is divided by the
standard deviation that this scaling causes ("demodulation"), so no activation is normalised:

    y[n,o] = sum_{i,k} w[o,i,k] s[n,i] x[n,i,+k]  /  sqrt(sum_{i,k} (w[o,i,k] s[n,i])^2 + 1e-8)

In this form every picture has its own weights. Moving s from the weights to the activations gives
the same numbers with ONE dense convolution for the whole batch; the demodulation needs only (s^2)
@ (w^2 summed over the taps), a small matrix product. A single picture keeps its own weights.

Source: Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN", section 2.2
and appendix B (arXiv:1912.04958). The [1,3,3,1] resampling: Zhang 2019 (arXiv:1904.11486).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.support.device import full_precision

LEAKY_SLOPE = 0.2
LEAKY_GAIN = 2**0.5  # keeps the variance of a standard normal that passes the leaky ReLU
DEMODULATION_EPS = 1e-8


def fir_kernel(taps: Sequence[float], gain: float = 1.0) -> Float[Tensor, "k k"]:
    """Separable low-pass filter: outer(taps, taps) scaled to the sum `gain`, float32."""
    line = torch.tensor(taps, dtype=torch.float32, device="cpu")  # numbers, also in a skeleton
    kernel = torch.outer(line, line)
    return kernel * (gain / kernel.sum())


def pixel_norm(z: Float[Tensor, "n w"]) -> Float[Tensor, "n w"]:
    """z / sqrt(mean(z^2) + 1e-8) over dim 1."""
    return z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)


def scaled_leaky_relu(x: Tensor) -> Tensor:
    """Leaky ReLU with slope 0.2 times sqrt(2); same shape as x."""
    return F.leaky_relu(x, LEAKY_SLOPE) * LEAKY_GAIN


def demodulation(
    weight: Float[Tensor, "o i k k"], style: Float[Tensor, "n i"]
) -> Float[Tensor, "n o"]:
    """1 / standard deviation of each output channel for unit-variance input."""
    energy = weight.square().sum(dim=(2, 3))  # [O, I]
    return torch.rsqrt(style.square() @ energy.t() + DEMODULATION_EPS)


def modulated_conv(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i k k"],
    style: Float[Tensor, "n i"],
    bias: Float[Tensor, " o"] | None = None,
    noise: Float[Tensor, "m 1 H W"] | None = None,
    gain: float = 1.0,
    blur: Float[Tensor, "4 4"] | None = None,
) -> Float[Tensor, "n o H W"]:
    """gain * (modulated, demodulated convolution + bias + noise), one convolution for the batch.

    k is odd, m is 1 or n. With `blur`, a FIR of gain 4, the convolution also doubles the size:
    stride-2 transposed convolution, then the FIR. The convolution, and so the result, has the
    dtype of x (or autocast's).

    Of one picture the weights are scaled, of several the activations: a pass over 1024 x 1024
    pixels costs as much as a third of the convolution there. No operand has the size of the
    features but the features, whose channels_last layout then lives on.
    """
    with full_precision(style.device):  # a thousandth of the work, and all of the colour
        scale = demodulation(weight, style) * gain  # [n, O]
        bias = None if bias is None else (bias * gain).to(x.dtype)
        if style.shape[0] == 1:
            weight = weight * style[0][None, :, None, None] * scale[0][:, None, None, None]
    if style.shape[0] == 1:
        y = convolved(x, weight.to(x.dtype), blur, bias)
    else:
        y = convolved(x * style.to(x.dtype)[:, :, None, None], weight.to(x.dtype), blur)
        scale = scale.to(y.dtype)[:, :, None, None]
        y = y * scale if bias is None else torch.addcmul(bias.to(y)[:, None, None], y, scale)
    return y if noise is None else y.add_((noise * gain).to(y.dtype))


def convolved(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i k k"],
    blur: Float[Tensor, "4 4"] | None,
    bias: Float[Tensor, " o"] | None = None,
) -> Float[Tensor, "n o H W"]:
    """The convolution itself, in the dtype of x: plain, or to twice the size with `blur`.

    The latter is zero-insertion, weight, low-pass filter, bias. The transposed convolution skips
    the inserted zeros: measured forward and backward on a CPU in bfloat16, it is 2.5 to 6 times
    faster than one convolution with both kernels merged (6x6, as 3x3 to four output phases).
    """
    if blur is None:
        return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)
    y = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)  # [n, O, 2H+1, 2W+1]
    channels = y.shape[1]
    taps = blur.to(y.dtype).flip(0, 1).expand(channels, 1, *blur.shape)
    return F.conv2d(y, taps, bias, padding=1, groups=channels)


def modulated_rgb(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i"], style: Float[Tensor, "n i"]
) -> Float[Tensor, "n o h w"]:
    """Modulated 1x1 convolution without demodulation, for few output channels.

    With o = 3 the per-picture weights are tiny, so here it is the weights that are modulated, and
    the features are only read.
    """
    n, channels, height, width = x.shape
    pixels = x.permute(0, 2, 3, 1).reshape(n, height * width, channels)  # a view if channels_last
    own = (weight * style[:, None, :]).to(x.dtype)  # [n, O, I]
    return (pixels @ own.transpose(1, 2)).view(n, height, width, len(weight)).permute(0, 3, 1, 2)


def upsample_image(
    image: Float[Tensor, "n c h w"], kernel: Float[Tensor, "4 4"]
) -> Float[Tensor, "n c 2*h 2*w"]:
    """Zero-insertion by 2 and a 4x4 FIR of gain 4.

    Channels become the batch of a one-channel transposed convolution: every channel is filtered
    alike. Runs in the dtype of `image`, whatever autocast says: the picture is a running sum.
    """
    n, channels, height, width = image.shape
    with full_precision(image.device):
        flat = image.reshape(n * channels, 1, height, width)
        taps = kernel.to(image.dtype)[None, None]
        return F.conv_transpose2d(flat, taps, stride=2, padding=1).view(
            n, channels, 2 * height, 2 * width
        )
