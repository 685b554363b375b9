"""The plain CLIP's two towers: principal components of pictures, a causal transformer for texts.

    picture [n, 3, 64, 64] -> 32 x 32 -> whitened principal components of renders [n, K]
                           -> two layers and a linear way around them -> [n, E]
    tokens [n, L] -> the text tower of `clip_network` -> [n, E]

Whitening makes a change of a mouth as large as one of a wall, so that a short run hears of both.
The components are of pictures alone: no caption and no factor chose them.

Source: Radford et al. 2021 (arXiv:2103.00020) for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from deltaedit_kit.clip_network import TextTower

TOKEN_TABLE = "token_embedding.weight"  # frozen in training: that of the toyfaces CLIP


@dataclass(frozen=True)
class PlainSizes:
    """Every size of the two towers."""

    embed: int = 128
    side: int = 64  # of a picture
    components: int = 768  # of pictures of half the side
    hidden: int = 512  # width of the layers behind them
    context: int = 77
    words: int = 49408
    text_width: int = 128  # that of the token table
    text_layers: int = 2
    text_heads: int = 2


class ComponentTower(nn.Module):
    """Pictures [n, 3, R, R] -> [n, E], not normalised, by whitened principal components.

    `mean` [P] and `basis` [P, K] are buffers, P = 3 (R / 2)²: set from renders, never trained.
    """

    mean: Tensor
    basis: Tensor

    def __init__(self, sizes: PlainSizes) -> None:
        super().__init__()
        self.input_resolution = sizes.side
        pixels, width = 3 * (sizes.side // 2) ** 2, sizes.hidden
        self.register_buffer("mean", torch.zeros(pixels))
        self.register_buffer("basis", torch.eye(pixels, sizes.components))
        self.around = nn.Linear(sizes.components, sizes.embed)
        self.first, self.first_norm = nn.Linear(sizes.components, width), nn.LayerNorm(width)
        self.second, self.second_norm = nn.Linear(width, width), nn.LayerNorm(width)
        self.last = nn.Linear(width, sizes.embed)

    def forward(self, pictures: Float[Tensor, "n 3 h h"]) -> Float[Tensor, "n e"]:
        """h is the tower's own side."""
        x = (half(pictures) - self.mean) @ self.basis
        hidden = F.gelu(self.first_norm(self.first(x)))
        hidden = hidden + F.gelu(self.second_norm(self.second(hidden)))
        return self.around(x) + self.last(hidden)


def half(pictures: Float[Tensor, "n 3 h h"]) -> Float[Tensor, "n p"]:
    """Averages of 2 x 2 pixels, in rows."""
    return F.avg_pool2d(pictures, 2).flatten(1)


class PlainClip(TextTower):
    """Both towers; its state dict has the names of OpenAI's layout for the text side."""

    def __init__(self, sizes: PlainSizes | None = None) -> None:
        sizes = sizes or PlainSizes()
        super().__init__(
            sizes.embed,
            sizes.context,
            sizes.words,
            sizes.text_width,
            sizes.text_layers,
            sizes.text_heads,
        )
        self.visual = ComponentTower(sizes)

    def encode_image(self, pictures: Float[Tensor, "n 3 h h"]) -> Float[Tensor, "n e"]:
        """Embeddings of pictures of the tower's side in [-1, 1], not normalised."""
        return self.visual(pictures)
