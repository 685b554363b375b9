"""The plain CLIP's two towers: convolutions for pictures, a small causal transformer for texts.

    picture [n, 3, 64, 64] -> 32 -> 16 -> 8 -> 4 -> every place and channel -> linear -> [n, E]
    tokens [n, L] -> the text tower of `clip_network` -> [n, E]

A vision transformer of the same cost, trained on the same pairs, learned colours and no shape in
0.9 million pairs: it has to find out first that neighbouring pixels belong together. CLIP was
published with both kinds of tower (Radford et al. 2021, arXiv:2103.00020, section 2.4).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from deltaedit_kit.clip_network import TextTower
from deltaedit_kit.toyfaces.portraits import body

TOKEN_TABLE = "token_embedding.weight"  # frozen in training: that of the toyfaces CLIP


@dataclass(frozen=True)
class PlainSizes:
    """Every size of the two towers."""

    embed: int = 128
    side: int = 64  # of a picture; four halvings follow
    plan: tuple[tuple[int, int, int], ...] = (  # width, kernel, stride of each convolution
        (32, 5, 2),
        (64, 3, 2),
        (96, 3, 2),
        (128, 3, 2),
    )
    context: int = 77
    words: int = 49408
    text_width: int = 128  # that of the token table
    text_layers: int = 2
    text_heads: int = 2


class ConvTower(nn.Module):
    """Pictures [n, 3, R, R] -> [n, E], not normalised."""

    def __init__(self, sizes: PlainSizes) -> None:
        super().__init__()
        self.input_resolution = sizes.side
        self.body = body(3, sizes.plan)
        left = sizes.side // 2 ** len(sizes.plan)
        self.proj = nn.Linear(sizes.plan[-1][0] * left**2, sizes.embed)

    def forward(self, pictures: Float[Tensor, "n 3 h h"]) -> Float[Tensor, "n e"]:
        """h is the tower's own side."""
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        return self.proj(self.body(pictures).flatten(1))


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
        self.visual = ConvTower(sizes)

    def encode_image(self, pictures: Float[Tensor, "n 3 h h"]) -> Float[Tensor, "n e"]:
        """Embeddings of pictures of the tower's side in [-1, 1], not normalised."""
        return self.visual(pictures)
