"""CLIP as one plain network: an image tower and a text tower that end in one space.

    picture [3, R, R] -> patches + a class token -> transformer -> class token -> E numbers
    text [L] ids -> vectors -> transformer, each sees those before it -> end token -> E numbers

Each block is x + attention(ln(x)), then x + mlp(ln(x)), with QuickGELU(x) = x sigmoid(1.702 x),
which OpenAI's weights were trained with. The names of the parts are OpenAI's, so that their state
dict fits this network; every size is read from the shapes:

    width = rows of visual.conv1,  patch = its side,  picture = patch * sqrt(positions - 1)

Source: CLIP (Radford et al. 2021, arXiv:2103.00020); keys of github.com/openai/CLIP. The tests
compare it bit for bit with open_clip, whose other models `io.checkpoints.clip` loads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.skeleton import skeleton

HEAD = 64  # width of an attention head in all of OpenAI's CLIPs
# Numbers that OpenAI's archives carry as tensors; no weights.
NUMBERS = ("input_resolution", "context_length", "vocab_size")


@dataclass(frozen=True)
class ClipSizes:
    """Every size of the two towers."""

    embed: int  # E
    side: int  # of a picture
    patch: int
    image_width: int
    image_layers: int
    context: int  # tokens of a text, with start and end
    words: int
    text_width: int
    text_layers: int
    image_heads: int
    text_heads: int


class QuickGELU(nn.Module):
    """x * sigmoid(1.702 x), near GELU and cheaper."""

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return x * torch.sigmoid(1.702 * x)


class Block(nn.Module):
    """One residual block of a transformer, x [n, L, width] -> the same shape."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            OrderedDict(
                c_fc=nn.Linear(width, 4 * width),
                gelu=QuickGELU(),
                c_proj=nn.Linear(4 * width, width),
            )
        )

    def forward(self, x: Float[Tensor, "n l w"], mask: Tensor | None) -> Float[Tensor, "n l w"]:
        """`mask` [l, l] is added to the attention's logits; None lets all see all."""
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False, attn_mask=mask)[0]
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    """Blocks one after another."""

    def __init__(self, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(Block(width, heads) for _ in range(layers))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """x [n, l, width] -> the same shape."""
        for block in self.resblocks:
            x = block(x, mask)
        return x


class ImageTower(nn.Module):
    """Vision transformer: pictures [n, 3, R, R] -> [n, E], not normalised."""

    def __init__(self, sizes: ClipSizes) -> None:
        super().__init__()
        side, patch, width = sizes.side, sizes.patch, sizes.image_width
        self.input_resolution = side
        self.conv1 = nn.Conv2d(3, width, patch, stride=patch, bias=False)
        self.class_embedding = nn.Parameter(width**-0.5 * torch.randn(width))
        positions = (side // patch) ** 2 + 1
        self.positional_embedding = nn.Parameter(width**-0.5 * torch.randn(positions, width))
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = Transformer(width, sizes.image_layers, sizes.image_heads)
        self.ln_post = nn.LayerNorm(width)
        self.proj = nn.Parameter(width**-0.5 * torch.randn(width, sizes.embed))

    def forward(self, pictures: Float[Tensor, "n 3 h h"]) -> Float[Tensor, "n e"]:
        """h is the tower's own side."""
        x = self.conv1(pictures)  # [n, width, R / patch, R / patch]
        x = x.flatten(2).transpose(1, 2)  # [n, patches, width]
        token = self.class_embedding.to(x.dtype).expand(len(x), 1, -1)
        x = torch.cat([token, x], dim=1) + self.positional_embedding.to(x.dtype)
        x = self.transformer(self.ln_pre(x))
        return self.ln_post(x[:, 0]) @ self.proj


class TextTower(nn.Module):
    """Causal transformer: token ids -> [n, E]; its tensors have no prefix in OpenAI's layout."""

    def __init__(
        self, embed: int, context: int, words: int, width: int, layers: int, heads: int
    ) -> None:
        super().__init__()
        self.context_length = context
        self.transformer = Transformer(width, layers, heads)
        self.token_embedding = nn.Embedding(words, width)
        self.positional_embedding = nn.Parameter(0.01 * torch.randn(context, width))
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(width**-0.5 * torch.randn(width, embed))
        self.logit_scale = nn.Parameter(torch.tensor(1 / 0.07).log())

    def encode_text(self, tokens: Int[Tensor, "n l"]) -> Float[Tensor, "n e"]:
        """Embeddings of token ids, not normalised. The end mark is the largest id of a row.

        l may be anything up to the context: attention is causal, so what stands behind the end
        mark of the longest text changes nothing.
        """
        dtype, length = self.text_projection.dtype, tokens.shape[1]
        x = self.token_embedding(tokens).to(dtype) + self.positional_embedding[:length].to(dtype)
        # A token sees itself and those before it.
        later = torch.full((length, length), -torch.inf, dtype=dtype, device=x.device).triu(1)
        x = self.ln_final(self.transformer(x, later))
        return x[torch.arange(len(x)), tokens.argmax(dim=-1)] @ self.text_projection


class ClipNetwork(TextTower):
    """The two towers, in evaluation mode or in training; `encode_image` and `encode_text`."""

    def __init__(self, sizes: ClipSizes) -> None:
        visual = ImageTower(sizes)  # before the texts' tower: a seed must keep giving one start
        super().__init__(
            sizes.embed,
            sizes.context,
            sizes.words,
            sizes.text_width,
            sizes.text_layers,
            sizes.text_heads,
        )
        self.visual = visual

    def encode_image(self, pictures: Float[Tensor, "n 3 h h"]) -> Float[Tensor, "n e"]:
        """Embeddings of prepared pictures, not normalised."""
        return self.visual(pictures)

    @classmethod
    def from_state_dict(cls, state: Mapping[str, Tensor]) -> ClipNetwork:
        """The network of a state dict in OpenAI's layout: float32, frozen, for evaluation.

        Raises DeltaEditError where a tensor is missing, of another shape, or of no vision
        transformer. Nothing is built before its width is known to be that of the file's matrices.
        """
        given = {key: value for key, value in state.items() if key not in NUMBERS}
        try:
            with skeleton():  # the weights come once
                network = cls(infer_sizes(given))
            weights = {
                key: torch.empty(value.shape, dtype=torch.float32, device="cpu").copy_(value)
                for key, value in given.items()
            }
            network.load_state_dict(weights, assign=True)
        except (
            KeyError,
            RuntimeError,
            IndexError,
            ValueError,
            AssertionError,
            ZeroDivisionError,
        ) as cause:
            raise DeltaEditError(
                f"these weights are not in OpenAI's CLIP layout ({cause}); convert them first"
            ) from cause
        return network.eval().requires_grad_(False)


def infer_sizes(weights: Mapping[str, Tensor]) -> ClipSizes:
    """The sizes of a state dict in OpenAI's layout with a vision transformer; else KeyError.

    A width is believed only where the matrices of each block have it too, so that a damaged or
    hostile file cannot ask for a network that it does not hold; else DeltaEditError.
    """
    conv, positions = weights["visual.conv1.weight"], weights["visual.positional_embedding"]
    width, patch = conv.shape[0], conv.shape[-1]
    text_width = weights["ln_final.weight"].shape[0]
    return ClipSizes(
        embed=weights["text_projection"].shape[1],
        side=patch * round((positions.shape[0] - 1) ** 0.5),
        patch=patch,
        image_width=width,
        image_layers=_blocks(weights, "visual.transformer.resblocks.", width),
        image_heads=width // HEAD,
        context=weights["positional_embedding"].shape[0],
        words=weights["token_embedding.weight"].shape[0],
        text_width=text_width,
        text_layers=_blocks(weights, "transformer.resblocks.", text_width),
        text_heads=text_width // HEAD,
    )


def _blocks(weights: Mapping[str, Tensor], prefix: str, width: int) -> int:
    """How many blocks a tower has; at least one, and each of this width."""
    blocks = {key.split(".")[prefix.count(".")] for key in weights if key.startswith(prefix)}
    for block in sorted(blocks) or ["0"]:
        key = f"{prefix}{block}.attn.in_proj_weight"
        if tuple(weights[key].shape) != (3 * width, width):
            raise DeltaEditError(
                f"these weights are not in OpenAI's CLIP layout: {key} has the shape "
                f"{list(weights[key].shape)}, the width {width} needs {[3 * width, width]}"
            )
    return len(blocks)
