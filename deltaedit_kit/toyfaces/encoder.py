"""The encoder of toyfaces: a portrait in, w+ out, in the manner of e4e.

    w+_k = clamp(mean_w + w_0(c_3)) + [k > 0] Δ_k(features_k),   low <= clamp(.) <= high

One w for the whole portrait and small offsets Δ for the later rows, read from three depths of one
body (a pyramid): coarse rows from the deepest, fine rows from the finest,

    c_3 -> rows 0..2      p_2 = up(c_3) + c_2 -> rows 3..6      p_1 = up(p_2) + c_1 -> rows 7..11

That is Tov et al. 2021 (arXiv:2102.02766) with a body of six convolutions in the place of fifty.
The clamp is ours: w lies where the mapping network puts it, so that a photograph, on which the
network was never trained, still becomes some toy portrait and not a smear.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from deltaedit_kit.toyfaces.portraits import (
    WEIGHTS,
    InBatches,
    at_size,
    body,
    read_shipped,
    two_views,
)

ROWS, WIDTH = 12, 128  # of w+
COARSE_END, MIDDLE_END = 3, 7  # rows of w+ read from c_3, p_2, p_1
HIDDEN, PYRAMID, OFFSET_HIDDEN = 112, 48, 32
# (width, kernel, stride) of the body: 64 -> 32 -> 16 -> 16 -> 8 -> 8 -> 4
PLAN = ((48, 5, 2), (96, 3, 2), (96, 3, 1), (160, 3, 2), (160, 3, 1), (224, 3, 2))
TAPS = (3, 5, 6)  # c_1, c_2, c_3: after so many convolutions, sides 16, 8, 4
FILE = WEIGHTS / "encoder.safetensors"


class OffsetHead(nn.Module):
    """Strided convolutions from `side` down to 4 x 4, then offsets for `rows` rows of w+."""

    def __init__(self, side: int, rows: int) -> None:
        super().__init__()
        self.rows = rows
        layers: list[nn.Module] = []
        for _ in range((side // 4).bit_length() - 1):
            layers += [nn.Conv2d(PYRAMID, PYRAMID, 3, 2, 1), nn.LeakyReLU(0.1)]
        layers += [nn.Flatten(), nn.Linear(PYRAMID * 4 * 4, OFFSET_HIDDEN), nn.LeakyReLU(0.1)]
        self.layers = nn.Sequential(*layers)
        self.offsets = nn.Linear(OFFSET_HIDDEN, rows * WIDTH)
        nn.init.zeros_(self.offsets.weight)  # training begins with one w for all rows
        nn.init.zeros_(self.offsets.bias)

    def forward(self, features: Float[Tensor, "n c h h"]) -> Float[Tensor, "n rows w"]:
        """Features of this head's side -> offsets."""
        return self.offsets(self.layers(features)).unflatten(1, (self.rows, WIDTH))


class Encoder(nn.Module):
    """Portraits [n, 3, 128, 128] in [-1, 1] -> w+ [n, 12, 128] of the toyfaces generator.

    `mean_w`, `low` and `high` [128] describe the w that its mapping network makes.
    """

    mean_w: Float[Tensor, " w"]
    low: Float[Tensor, " w"]
    high: Float[Tensor, " w"]

    def __init__(self) -> None:
        super().__init__()
        self.trunk = body(6, PLAN)
        fine, middle, coarse = (PLAN[tap - 1][0] for tap in TAPS)
        self.hidden = nn.Linear(coarse * 4 * 4, HIDDEN)
        self.w = nn.Linear(HIDDEN, WIDTH)
        self.coarse = nn.Linear(HIDDEN, (COARSE_END - 1) * WIDTH)
        nn.init.zeros_(self.coarse.weight)
        nn.init.zeros_(self.coarse.bias)
        self.lateral = nn.ModuleList(nn.Conv2d(c, PYRAMID, 1) for c in (fine, middle, coarse))
        self.middle = OffsetHead(8, MIDDLE_END - COARSE_END)
        self.fine = OffsetHead(16, ROWS - MIDDLE_END)
        self.register_buffer("mean_w", torch.zeros(WIDTH))
        self.register_buffer("low", torch.full((WIDTH,), -torch.inf))
        self.register_buffer("high", torch.full((WIDTH,), torch.inf))

    def forward(self, pictures: Float[Tensor, "n 3 128 128"]) -> Float[Tensor, "n 12 128"]:
        """w+ of portraits."""
        return self.join(*self.parts(pictures))

    def parts(
        self, pictures: Float[Tensor, "n 3 128 128"]
    ) -> tuple[Float[Tensor, "n 128"], Float[Tensor, "n 11 128"]]:
        """(w before the clamp, Δ of rows 1..11): what training looks at."""
        c1, c2, c3 = self._pyramid(two_views(pictures))
        hidden = F.leaky_relu(self.hidden(c3.flatten(1)), 0.1)
        lateral1, lateral2, lateral3 = self.lateral
        p2 = enlarged(lateral3(c3)) + lateral2(c2)
        p1 = enlarged(p2) + lateral1(c1)
        coarse = self.coarse(hidden).unflatten(1, (COARSE_END - 1, WIDTH))
        offsets = torch.cat([coarse, self.middle(p2), self.fine(p1)], dim=1)
        return self.mean_w + self.w(hidden).float(), offsets.float()

    def join(
        self, w: Float[Tensor, "n 128"], offsets: Float[Tensor, "n 11 128"]
    ) -> Float[Tensor, "n 12 128"]:
        """w+ from the two parts."""
        w = torch.clamp(w, self.low, self.high)[:, None]
        return torch.cat([w, w + offsets], dim=1)

    def _pyramid(self, seen: Float[Tensor, "n 6 64 64"]) -> list[Tensor]:
        """c_1 [n, 96, 16, 16], c_2 [n, 160, 8, 8], c_3 [n, 224, 4, 4]."""
        kept, x = [], seen
        for number, layer in enumerate(self.trunk, start=1):
            x = layer(x)
            if number % 3 == 0 and number // 3 in TAPS:
                kept.append(x)
        return kept


def enlarged(features: Float[Tensor, "n c h h"]) -> Float[Tensor, "n c H H"]:
    """Twice the side, bilinearly."""
    return F.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)


def read_encoder() -> InBatches:
    """The shipped encoder (its file is float16), from portraits of any size to float32 w+."""
    return InBatches(read_shipped(Encoder, FILE), at_size)
