"""How faithful an inversion is: what the generator made of a photo, beside the photo.

    PSNR                10 log10(4 / mean((G(w+) - x)²))      the same pixels, in decibels
    identity            e(G(w+)) · e(x)                       the same person, 1 at best
    CLIP                i(G(w+)) · i(x)                       the same to whoever edits, 1 at best

Pixels, person and meaning can disagree: Tov et al. 2021 (arXiv:2102.02766) give up pixels for codes
that can be edited. So three numbers, and no sum of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from deltaedit_kit.labs.metrics.pictures import identity_similarity, psnr
from deltaedit_kit.support.device import kit_defaults
from deltaedit_kit.support.errors import check_pictures

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from deltaedit_kit.domain import Domain


@dataclass(frozen=True)
class Fidelity:
    """Means over the pictures that were compared."""

    psnr: float  # decibels; 20 looks blurred, 30 close
    identity: float | None  # cosine; None where the domain has no network for identities
    clip: float  # cosine

    def __str__(self) -> str:
        person = "unknown" if self.identity is None else f"{self.identity:.2f}"
        return f"PSNR {self.psnr:.1f} dB, identity {person}, CLIP {self.clip:.2f}"


@kit_defaults()
@torch.no_grad()
def measure_fidelity(
    domain: Domain, made: Float[Tensor, "n 3 h h"], wanted: Float[Tensor, "n 3 h h"]
) -> Fidelity:
    """Compare pictures in [-1, 1], both of the domain's size and on its device.

    Raises DeltaEditError for pictures of two sizes, and for what are none.
    """
    made, wanted = check_pictures("made", made).float(), check_pictures("wanted", wanted).float()
    embedder = domain.identity
    same_person = None
    if embedder is not None:
        same_person = float(identity_similarity(wanted, made, embedder).mean())
    meaning = domain.clip.encode_images(made) * domain.clip.encode_images(wanted)
    return Fidelity(
        psnr=float(psnr(made, wanted).mean()),
        identity=same_person,
        clip=float(meaning.sum(dim=1).mean()),
    )
