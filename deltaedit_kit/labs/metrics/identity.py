"""IDS: is it still the same person?

    IDS = e(before) · e(after)        e: unit embedding of a face; 1 for equal pictures

Which network embeds is part of the number: ArcFace for aligned photographs (arXiv:1801.07698), a
small one of our own for toyfaces. A domain says which one: `domain.identity`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from deltaedit_kit.labs.metrics.pictures import check_pairs


@torch.no_grad()
def identity_similarity(before: Tensor, after: Tensor, embed: Callable[[Tensor], Tensor]) -> Tensor:
    """IDS of each pair of pictures [n, 3, H, W] -> [n] in [-1, 1]; `embed` makes unit rows [n, D].

    Raises DeltaEditError as `check_pairs` does.
    """
    check_pairs(before, after)
    return (embed(before) * embed(after)).sum(1).clamp(-1, 1)
