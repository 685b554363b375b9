"""Encode: look at a picture, then again at what was drawn of it, and correct the difference.

    w+_0 = E(x)        w+_{k+1} = w+_k + η (E(x) - E(G(w+_k)))

An encoder errs alike on a picture and on its own drawing of it, so the difference of its two
answers tells which way is left to go. The feedback is that of ReStyle (Alaluf et al. 2021,
arXiv:2104.02699), which trains an encoder for it; ours was trained to answer at once, and so goes
half the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from deltaedit_kit.support.device import kit_defaults
from deltaedit_kit.support.errors import DeltaEditError, check_pictures

if TYPE_CHECKING:
    from collections.abc import Callable

    from jaxtyping import Float
    from torch import Tensor

    from deltaedit_kit.domain import Domain

SHARE = 0.5  # η


@kit_defaults()
@torch.no_grad()
def encode(domain: Domain, pictures: Float[Tensor, "n 3 h h"]) -> Float[Tensor, "n l w"]:
    """w+ of aligned pictures in [-1, 1], after as many second looks as the domain declares.

    Of all looks, the code whose drawing is nearest in mean square comes back, for every picture by
    itself: a further look never makes one worse. Raises DeltaEditError where there is no encoder,
    and for what are no such pictures.
    """
    encoder = encoder_of(domain)
    pictures = check_pictures("pictures", pictures).float()
    first = encoder(pictures)
    if not domain.spec.second_looks:
        return first
    code, made = first, _drawn(domain, first)
    best, least = code, _error(made, pictures)
    for _ in range(domain.spec.second_looks):
        code = code + SHARE * (first - encoder(made))
        made = _drawn(domain, code)
        error = _error(made, pictures)
        best = torch.where((error < least)[:, None, None], code, best)
        least = torch.minimum(error, least)
    return best


def encoder_of(domain: Domain) -> Callable[[Tensor], Tensor]:
    """The domain's network from pictures to w+; raises DeltaEditError where there is none."""
    if domain.inversion is None:
        why = domain.spec.absent.get("inversion", "its declaration names none")
        raise DeltaEditError(
            f"domain {domain.spec.name!r} has no encoder for photos ({why}); use one that has: "
            "toyfaces, ffhq"
        )
    return domain.inversion


def _drawn(domain: Domain, w_plus: Tensor) -> Tensor:
    return domain.draw(domain.generator.to_style(w_plus), w_plus)


def _error(made: Tensor, pictures: Tensor) -> Tensor:
    """Mean squared error of each picture: [n]."""
    return (made - pictures).square().mean(dim=(1, 2, 3))
