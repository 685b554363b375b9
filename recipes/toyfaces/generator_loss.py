"""A loss that sees an eye: pixels and gradients of the error, weighed where detail is.

    weight * (|d| + d^2) + 2 weight * |grad d|,   d = picture - render

Plain L1 is ruled by background and hair, a face's features are a few hundred pixels. So the weight
is six to twelve times higher on them than at the border, and grows with the edges of the render.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def region_weight(size: int) -> Tensor:
    """[1, 1, size, size]: 1 at the border, 3 on the head, 6 from nose to chin, 12 at the eyes."""
    axis = (torch.arange(size) + 0.5) * 2 / size - 1
    y, x = axis[:, None], axis[None, :]
    head = torch.exp(-((x / 0.62) ** 4) - ((y + 0.05) / 0.75) ** 4)
    features = torch.exp(-((x / 0.44) ** 4) - ((y - 0.05) / 0.40) ** 4)
    eyes = torch.exp(-((x / 0.42) ** 4) - ((y + 0.14) / 0.16) ** 4)
    return (1 + 2 * head + 3 * features + 6 * eyes)[None, None]


def detail_loss(made: Tensor, target: Tensor, region: Tensor) -> Tensor:
    """Weighted L1 + squared + gradient error of pictures [n, 3, h, h]; a scalar."""
    down, right = target.diff(dim=2).abs(), target.diff(dim=3).abs()
    edges = F.pad(down, (0, 0, 0, 1)) + F.pad(right, (0, 1))
    edges = F.max_pool2d(edges.amax(dim=1, keepdim=True), 3, stride=1, padding=1)
    weight = region * (1 + 2 * edges.clamp(max=1.5))
    error = made - target
    pixels = (weight * (error.abs() + error.square())).mean()
    gradients = (weight[:, :, 1:] * error.diff(dim=2).abs()).mean()
    gradients = gradients + (weight[:, :, :, 1:] * error.diff(dim=3).abs()).mean()
    return pixels + 2 * gradients
