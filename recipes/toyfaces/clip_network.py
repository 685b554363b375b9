"""The two towers of the toyfaces CLIP while they train: the same numbers as open_clip, less work.

open_clip builds the network in OpenAI's layout (ViT, causal text transformer, QuickGELU); these
functions run its modules with three shortcuts that change nothing in the result:

- the last image block computes only the class token, the one that is read (a quarter less work);
- texts are cut to the longest of the batch: attention is causal, so the empty rest is never seen;
- attention is written out, which on a CPU beats the fused kernel for 65 tokens.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

OpenClip = Any  # an open_clip.model.CLIP, whose inner modules carry no types

IMAGE_SIZE, PATCH, IMAGE_WIDTH, IMAGE_LAYERS = 128, 16, 192, 4
TEXT_WIDTH, TEXT_LAYERS, CONTEXT, VOCABULARY = 128, 3, 77, 49408
EMBED = 128


def build_network(seed: int) -> OpenClip:
    """A fresh open_clip `CLIP` in OpenAI's layout, float32, reproducible from `seed`."""
    from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg

    torch.manual_seed(seed)
    vision = CLIPVisionCfg(
        layers=IMAGE_LAYERS,
        width=IMAGE_WIDTH,
        patch_size=PATCH,
        image_size=IMAGE_SIZE,
        head_width=64,
    )
    text = CLIPTextCfg(
        context_length=CONTEXT,
        vocab_size=VOCABULARY,
        width=TEXT_WIDTH,
        heads=TEXT_WIDTH // 64,
        layers=TEXT_LAYERS,
    )
    return CLIP(EMBED, vision_cfg=vision, text_cfg=text, quick_gelu=True)


def _attend(
    block: Any, queries: Tensor, tokens: Tensor, mask: Tensor | None = None
) -> Float[Tensor, "n q W"]:
    """Multi-head attention of a block's own weights from `queries` to `tokens` (normed already)."""
    n, count, width = queries.shape
    heads = block.attn.num_heads
    w_q, w_kv = block.attn.in_proj_weight.split((width, 2 * width))
    b_q, b_kv = block.attn.in_proj_bias.split((width, 2 * width))
    q = nn.functional.linear(queries, w_q, b_q).view(n, count, heads, -1).transpose(1, 2)
    kv = nn.functional.linear(tokens, w_kv, b_kv).view(n, tokens.shape[1], 2, heads, -1)
    k, v = kv.permute(2, 0, 3, 1, 4)
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    if mask is not None:
        scores = scores + mask
    mixed = (scores.softmax(dim=-1).to(v.dtype) @ v).transpose(1, 2).reshape(n, count, width)
    return block.attn.out_proj(mixed)


def _block(block: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    normed = block.ln_1(x)
    x = x + _attend(block, normed, normed, mask)
    return x + block.mlp(block.ln_2(x))


def image_features(network: OpenClip, pictures: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n W"]:
    """What the image tower knows before its projection: [n, 192] after the last LayerNorm."""
    visual = network.visual
    patches = visual.conv1(pictures).flatten(2).transpose(1, 2)
    first = visual.class_embedding.to(patches.dtype).expand(len(pictures), 1, -1)
    x = torch.cat((first, patches), dim=1) + visual.positional_embedding.to(patches.dtype)
    x = visual.ln_pre(x)
    *blocks, last = visual.transformer.resblocks
    for block in blocks:
        x = _block(block, x)
    token = x[:, :1]
    normed = last.ln_1(x)
    token = token + _attend(last, normed[:, :1], normed)
    token = token + last.mlp(last.ln_2(token))
    return visual.ln_post(token[:, 0])


def text_embeddings(
    network: OpenClip, tokens: Int[Tensor, "n L"], vectors: Float[Tensor, "n L W"]
) -> Float[Tensor, "n E"]:
    """Projected embedding (not normalised) of texts given as `tokens` and their token `vectors`.

    `vectors` come in from outside, because training perturbs them. The end mark is the largest id.
    """
    length = int(tokens.argmax(dim=1).max()) + 1
    x = vectors[:, :length] + network.positional_embedding[:length]
    mask = network.attn_mask[:length, :length]
    for block in network.transformer.resblocks:
        x = _block(block, x, mask)
    x = network.ln_final(x)
    ends = x[torch.arange(len(x)), tokens.argmax(dim=1)]
    return ends.float() @ network.text_projection
