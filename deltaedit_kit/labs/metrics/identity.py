"""IDS: is it still the same person?

    IDS = e(before) · e(after)        e: unit embedding of a face; 1 for equal pictures

Which network embeds is part of the number: ArcFace for aligned photographs (arXiv:1801.07698), a
small one of our own for toyfaces. A domain says which one: `domain.identity`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.metrics.pictures import check_pairs

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain

Embedder = Callable[[Tensor], Tensor]


def face_embedder(domain: Domain) -> Embedder:
    """pictures [n, 3, H, W] in [-1, 1] -> unit [n, D], differentiable.

    Raises DeltaEditError for a domain that has no network for identities.
    """
    network = domain.identity
    if network is None:
        raise DeltaEditError(
            f"domain {domain.spec.name!r} has no identity network, so that IDS is unknown; "
            "leave the metric out"
        )
    return network


@torch.no_grad()
def identity_similarity(before: Tensor, after: Tensor, embed: Embedder) -> Tensor:
    """IDS of each pair of pictures [n, 3, H, W] -> [n] in [-1, 1].

    Raises DeltaEditError as `check_pairs` does.
    """
    check_pairs(before, after)
    return (embed(before) * embed(after)).sum(1).clamp(-1, 1)
