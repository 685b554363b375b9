"""Two questions to CLIP: does the picture fit the sentence, and did it move where it points?

    CLIP score    100 · max(0, i · t)                                (arXiv:2104.08718)
    directional   cos( i_after - i_before,  t_target - t_neutral )   (arXiv:2108.00946, equation 2)

The first one is high for a picture that fitted from the start, the second one only for a change in
the right direction. Methods that optimise CLIP itself can please it without changing what people
see: read both beside `success`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError


def clip_score(pictures: Tensor, text: Tensor) -> Tensor:
    """CLIP score of unit embeddings [n, E] to one unit sentence [E] (or one each) -> [n]."""
    _check(pictures, text)
    return 100 * (pictures * text).sum(-1).clamp(min=0)


def directional_similarity(before: Tensor, after: Tensor, delta_text: Tensor) -> Tensor:
    """Cosine of the change of each embedding, [n, E] twice, to Δt [E] -> [n] in [-1, 1].

    Where a picture did not move there is no direction, and the value is 0: nothing was achieved.
    Raises DeltaEditError for shapes that do not fit and values that are not finite.
    """
    _check(before, delta_text)
    _check(after, delta_text)
    change = after - before
    lengths = change.norm(dim=-1) * delta_text.norm(dim=-1)
    cosine = (change * delta_text).sum(-1) / lengths.clamp(min=1e-12)
    moved = change.norm(dim=-1) > 1e-6
    return torch.where(moved, cosine, torch.zeros_like(cosine)).clamp(-1, 1)


def _check(pictures: Tensor, text: Tensor) -> None:
    if pictures.dim() != 2 or pictures.shape[1] != text.shape[-1]:
        shapes = f"{list(pictures.shape)} and {list(text.shape)}"
        raise DeltaEditError(f"embeddings have shapes {shapes}; give [n, E] and [E]")
    if not bool(torch.isfinite(pictures).all() and torch.isfinite(text).all()):
        raise DeltaEditError("embeddings hold NaN or infinity; look at the pictures")
