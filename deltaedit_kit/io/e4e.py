"""e4e: a photo in, a code w+ out that the generator can also edit.

Idea: codes close to what the mapping network makes can be edited, codes far away only
reconstruct. So the encoder predicts ONE w and small offsets from it for the later rows:

    w+_k = mean_w + w_0(c_3) + [k > 0] Δ_k(features_k)

The features come from three depths of one body, coarse rows from the deepest (a pyramid):

    c_3 -> rows 0..2      p_2 = up(c_3) + 1x1(c_2) -> rows 3..6      p_1 = up(p_2) + 1x1(c_1) -> 7..

Source: Tov et al. 2021, "Designing an Encoder for StyleGAN Image Manipulation"
(arXiv:2102.02766); pyramid: pixel2style2pixel (arXiv:2008.00951). Key layout:
omertov/encoder4editing, file `e4e_ffhq_encode.pt`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from deltaedit_kit.io import ir_se
from deltaedit_kit.stylegan2.layers import EqualLinear
from deltaedit_kit.support.errors import DeltaEditError

INPUT_SIDE = 256  # pixels; the heads halve 16, 32 and 64 down to one
COARSE_END, MIDDLE_END = 3, 7  # rows of w+ read from c_3, p_2, p_1


class StyleHead(nn.Module):
    """Strided 3x3 convolutions from side x side down to one pixel, then a linear layer."""

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(side.bit_length() - 1):
            layers += [nn.Conv2d(width, width, 3, stride=2, padding=1), nn.LeakyReLU()]
        self.convs = nn.Sequential(*layers)
        self.linear = EqualLinear(width, width)

    def forward(self, x: Float[Tensor, "n c h h"]) -> Float[Tensor, "n c"]:
        """Features of this head's side -> one row of w+, or an offset."""
        return self.linear(self.convs(x).flatten(1))


class E4e(nn.Module):
    """Photos -> w+ for a generator with `rows` rows of w+.

    `widths` are the channels of the body's stages; w+ is as wide as the last. `mean_w` [rows, W]
    is the mean code that the network's outputs are offsets from (`latent_avg` of the file).
    """

    mean_w: Float[Tensor, "l w"] | None

    def __init__(self, rows: int = 18, widths: tuple[int, ...] = ir_se.WIDTHS) -> None:
        super().__init__()
        self.rows = rows
        self.width = width = widths[3]
        self.input_layer = ir_se.input_layer(widths[0])
        self.body = ir_se.body(widths)
        self.styles = nn.ModuleList(StyleHead(width, _side_of(row)) for row in range(rows))
        self.latlayer1 = nn.Conv2d(widths[2], width, 1)
        self.latlayer2 = nn.Conv2d(widths[1], width, 1)
        self.register_buffer("mean_w", None, persistent=False)  # its key is not the encoder's

    @classmethod
    def skeleton(cls, tensors: Mapping[str, Tensor]) -> E4e:
        """An encoder of the sizes of `tensors`, its values not yet theirs. KeyError: no e4e."""
        rows = sum(key.startswith("styles.") and key.endswith("linear.weight") for key in tensors)
        return cls(rows, ir_se.widths_of(tensors))

    def forward(self, pictures: Float[Tensor, "n 3 256 256"]) -> Float[Tensor, "n l w"]:
        """w+ of aligned pictures in [-1, 1].

        Raises DeltaEditError for another shape, or where the file brought no mean code.
        """
        if self.mean_w is None:
            raise DeltaEditError(
                "this e4e file has no 'latent_avg', so its offsets have no origin; "
                "set encoder.mean_w to the generator's mean_w"
            )
        return self.mean_w + self.offsets(pictures)

    def offsets(self, pictures: Float[Tensor, "n 3 256 256"]) -> Float[Tensor, "n l w"]:
        """What the network itself says: w+ minus the mean code. Raises as `forward`."""
        if pictures.ndim != 4 or pictures.shape[1:] != (3, INPUT_SIDE, INPUT_SIDE):
            raise DeltaEditError(
                f"e4e got pictures of the shape {list(pictures.shape)}; give "
                f"[n, 3, {INPUT_SIDE}, {INPUT_SIDE}], aligned, in [-1, 1]"
            )
        c1, c2, c3 = self._pyramid(pictures)
        p2 = add_upsampled(c3, self.latlayer1(c2))
        p1 = add_upsampled(p2, self.latlayer2(c1))
        features = [c3] * COARSE_END + [p2] * (MIDDLE_END - COARSE_END)
        features += [p1] * (self.rows - MIDDLE_END)
        heads = zip(self.styles, features[: self.rows], strict=True)
        first, *deltas = (head(x)[:, None] for head, x in heads)  # [n, 1, w] each
        return torch.cat([first, *(first + delta for delta in deltas)], dim=1)

    def _pyramid(self, pictures: Tensor) -> list[Tensor]:
        """Features after stages 2, 3 and 4: sides 64, 32, 16."""
        taps = {ir_se.last_of_stage(stage) for stage in (1, 2, 3)}
        x, kept = self.input_layer(pictures), []
        for index, unit in enumerate(self.body):
            x = unit(x)
            if index in taps:
                kept.append(x)
        return kept


def add_upsampled(
    small: Float[Tensor, "n c h h"], large: Float[Tensor, "n c H H"]
) -> Float[Tensor, "n c H H"]:
    """`small`, bilinearly enlarged with its corners kept in place, plus `large`."""
    size = large.shape[-2:]
    return F.interpolate(small, size=size, mode="bilinear", align_corners=True) + large


def _side_of(row: int) -> int:
    """Side of the features that a row's head reads."""
    return 16 if row < COARSE_END else 32 if row < MIDDLE_END else 64
