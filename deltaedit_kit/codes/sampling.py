"""Sampling codes: draw a picture, look at it, keep what was said about it.

    z ~ N(0, 1),   w = mapping(z, ψ),   s = style(w),   i = unit CLIP embedding of picture(s)

Pictures exist for one batch only, so memory does not grow with the number of codes. `embed_batch`
is the one step that everything else repeats: for a list of samples here, for a store in make.py.

Citation: arXiv:2303.06285, section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from deltaedit_kit.codes.memory import Codes
from deltaedit_kit.errors import DeltaEditError


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


@torch.inference_mode()
def sample_codes(
    domain: Any,
    n: int,
    seed: int,
    batch: int = 32,
    truncations: Sequence[float] = (1.0,),
    keep_w_plus: bool = False,
    fast: bool = False,
    progress: Callable[[int], object] | None = None,
    draw: Callable[[int, torch.Generator], Tensor] | None = None,
) -> Codes:
    """`n` codes of `domain`, float16 on the CPU.

    Batch k is drawn with truncation `truncations[k % len(truncations)]`: a share of calmer
    pictures teaches the mapper the neighbourhood in which people edit. The same n, seed, batch
    and truncations give the same codes. `progress(count)` is called after each batch. For
    `fast` see `embed_batch`; .spec.name of the domain is used too. `draw(size, random)` gives
    z [size, Z] of a batch where it should not be independent normal draws.
    Raises DeltaEditError for n < 1 or an empty `truncations`.
    """
    if n < 1 or not truncations:
        raise DeltaEditError(f"cannot sample {n} codes at truncations {list(truncations)}")
    generator = domain.generator
    random = torch.Generator().manual_seed(seed)
    parts: list[CodeRows] = []
    for k, start in enumerate(range(0, n, batch)):
        size = min(batch, n - start)
        z = draw(size, random) if draw else torch.randn(size, generator.style_dim, generator=random)
        w = generator.mapping(z.to(domain.device), truncation=truncations[k % len(truncations)])
        parts.append(embed_batch(domain, generator.expand(w), fast))
        if progress:
            progress(size)
    s, clip = torch.cat([part.s for part in parts]), torch.cat([part.clip for part in parts])
    kept = torch.cat([part.w_plus for part in parts]) if keep_w_plus else None
    return Codes(s, clip, domain.spec.name, kept)
