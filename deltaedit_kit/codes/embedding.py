"""From a code to what the mapper learns from: draw the picture, look at it, forget it.

    s = style(w+),   i = unit CLIP embedding of G(s, w+)

Pictures exist for one batch only, so memory does not grow with the number of codes.

Citation: arXiv:2303.06285, section 3.2.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor


class CodeRows(NamedTuple):
    """A batch of codes on the CPU, float16: s [n, S], unit clip [n, E], w_plus [n, L, W]."""

    s: Tensor
    clip: Tensor
    w_plus: Tensor


@torch.inference_mode()
def embed_batch(domain: Any, w_plus: Tensor, fast: bool = False) -> CodeRows:
    """Draw w_plus [n, L, W], embed the pictures, forget them.

    `fast` draws the pictures (and nothing else) in bfloat16, which an embedding hardly notices.
    Of the domain, .generator, .clip and .device are used.
    """
    generator = domain.generator
    style = generator.to_style(w_plus)  # [n, S]
    with torch.autocast(domain.device.type, torch.bfloat16, enabled=fast):
        pictures = generator.synthesize(style, w_plus).float()
    clip = domain.clip.encode_images(pictures)
    return CodeRows(style.half().cpu(), clip.half().cpu(), w_plus.half().cpu())
