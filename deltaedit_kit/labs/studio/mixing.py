"""Edit arithmetic: several sentences become one step in the space of styles.

    Δs = Σ_k strength_k · Δs_k · kept_k · group          Δs_k = mapper(s, i, Δt_k / |Δt_k|)

Each sentence asks the mapper about the *unedited* face, so the order of sentences does not matter
and a strength enters linearly; where two sentences want the same channel their wishes add up.
The parts come from `Editor.moves`; equations 4 to 6 of arXiv:2303.06285 for each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from deltaedit_kit.errors import DeltaEditError

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor


@dataclass(frozen=True)
class Mix:
    """One step for one face, and what each sentence may touch."""

    delta_s: Float[Tensor, " S"]  # all strengths in it; zero where no sentence may touch
    kept: Bool[Tensor, "T S"]  # one row a sentence that counts, groups already in it

    @property
    def touched(self) -> Bool[Tensor, " S"]:
        """The channels that at least one sentence may move."""
        return self.kept.any(dim=0)


def mix(
    delta_s: Float[Tensor, "T S"],
    kept: Bool[Tensor, "T S"],
    strengths: Float[Tensor, " T"],
    groups: Bool[Tensor, " S"],
) -> Mix:
    """The sum over T sentences (T may be 0: no step at all).

    Raises `DeltaEditError` where the shapes do not belong together.
    """
    count, total = delta_s.shape if delta_s.dim() == 2 else (-1, -1)
    if kept.shape != (count, total) or strengths.shape != (count,) or groups.shape != (total,):
        shapes = [list(part.shape) for part in (delta_s, kept, strengths, groups)]
        raise DeltaEditError(f"shapes {shapes} do not fit; give [T, S], [T, S], [T] and [S]")
    allowed = kept & groups
    step = torch.einsum("t,ts->s", strengths, delta_s * allowed)
    return Mix(step, allowed)
