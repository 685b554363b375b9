"""IR-SE-50: the residual body that the e4e encoder and the ArcFace network share.

Idea: 24 residual units in four stages, each stage halving the picture. A unit ends in
"squeeze and excitation": the mean of every channel decides how much that channel counts,

    a = sigmoid(W2 relu(W1 mean_xy(h)))        unit(x) = a * h + shortcut(x)

Sources: ArcFace (Deng et al., arXiv:1801.07698, section 3.1), squeeze and excitation (Hu et al.,
arXiv:1709.01507). Attribute names follow TreB1eN/InsightFace_Pytorch, whose keys the published
files have.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

UNITS = (3, 4, 14, 3)  # residual units of each stage
WIDTHS = (64, 128, 256, 512)  # channels after each stage
SQUEEZE = 16  # the attention's hidden layer is that many times narrower


class ChannelAttention(nn.Module):
    """x -> x times one number in (0, 1) a channel, read off the channel means."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(width, width // SQUEEZE, 1, bias=False)
        self.fc2 = nn.Conv2d(width // SQUEEZE, width, 1, bias=False)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Same shape."""
        mean = x.mean((2, 3), keepdim=True)  # [n, c, 1, 1]
        return x * self.fc2(F.relu(self.fc1(mean))).sigmoid()


class ResidualUnit(nn.Module):
    """Norm, 3x3, PReLU, 3x3 (with the stride), norm, attention; plus the input."""

    def __init__(self, fan_in: int, fan_out: int, stride: int) -> None:
        super().__init__()
        # Where the width stays, a stride just drops every other pixel: a 1x1 maximum.
        self.shortcut_layer: nn.Module = nn.MaxPool2d(1, stride)
        if fan_in != fan_out:
            self.shortcut_layer = nn.Sequential(
                nn.Conv2d(fan_in, fan_out, 1, stride, bias=False), nn.BatchNorm2d(fan_out)
            )
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(fan_in),
            nn.Conv2d(fan_in, fan_out, 3, 1, 1, bias=False),
            nn.PReLU(fan_out),
            nn.Conv2d(fan_out, fan_out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(fan_out),
            ChannelAttention(fan_out),
        )

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o H W"]:
        """H = h / stride, rounded up."""
        return self.res_layer(x) + self.shortcut_layer(x)


def input_layer(width: int) -> nn.Sequential:
    """Pictures [n, 3, h, w] -> features [n, width, h, w]."""
    return nn.Sequential(
        nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.PReLU(width)
    )


def body(widths: tuple[int, ...] = WIDTHS) -> nn.Sequential:
    """All units of the four stages in a row; each stage's first unit has the stride 2."""
    units: list[nn.Module] = []
    fan_in = widths[0]
    for width, count in zip(widths, UNITS, strict=True):
        units += [ResidualUnit(fan_in, width, stride=2)]
        units += [ResidualUnit(width, width, stride=1) for _ in range(count - 1)]
        fan_in = width
    return nn.Sequential(*units)


def last_of_stage(stage: int) -> int:
    """Index in `body()` of the last unit of a stage (0..3)."""
    return sum(UNITS[: stage + 1]) - 1


def widths_of(tensors: Mapping[str, Tensor]) -> tuple[int, ...]:
    """Widths of the four stages from the keys of a file. KeyError where a stage is missing."""
    ends = (last_of_stage(stage) for stage in range(len(UNITS)))
    return tuple(tensors[f"body.{end}.res_layer.1.weight"].shape[0] for end in ends)
