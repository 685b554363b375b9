"""StyleCLIP's global directions: one direction of s for a sentence, the same for every picture.

    r = R · Δt / |Δt|                      how much each channel moves CLIP along the sentence
    Δs_c = α σ_c r_c / max|r|   where |r_c| >= β,   else 0

R is the relevance matrix, which DeltaEdit took over from here and shares in this kit; σ_c is the
standard deviation of channel c over sampled codes. α is the strength and β the threshold, both in
the reach of a slider. Δt is normalised before β is compared, which DeltaEdit does not.

Source: Patashnik et al., StyleCLIP, arXiv:2103.17249, section 6; α 4.1 and β 0.15 are where the
authors' notebook starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from deltaedit_kit.labs.compare.baselines.method import Change, Method, Seconds, Settings
from deltaedit_kit.relevance import ChannelStatistics
from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from deltaedit_kit.domain.faces import Faces


@dataclass(frozen=True)
class DirectionSettings(Settings):
    """α and β under the names that all methods share."""

    strength: float = 4.1
    threshold: float = 0.15


class GlobalDirections(Method):
    """A fixed direction for each sentence, read off the relevance matrix."""

    name: ClassVar[str] = "styleclip-directions"
    settings_type: ClassVar[type[Settings]] = DirectionSettings
    grid: ClassVar[tuple[Mapping[str, Any], ...]] = (
        {"threshold": 0.1},
        {"threshold": 0.2},
        {"threshold": 0.3},
    )
    networks: ClassVar[tuple[str, ...]] = ("generator", "clip", "relevance")

    @cached_property
    def spread(self) -> Float[Tensor, " S"]:
        """σ of every channel of s, from 10,000 codes, computed once."""
        return ChannelStatistics.of(self.domain).std.clone()

    def direction(self, text: str, neutral: str, threshold: float) -> Float[Tensor, " S"]:
        """Δs at strength 1 for any picture. DeltaEditError if no channel reaches the threshold."""
        delta_t = self.domain.delta_text(text, neutral)
        relevant = self.domain.relevance @ (delta_t / delta_t.norm())  # [S]
        highest = float(relevant.abs().max())
        if highest < threshold:
            raise DeltaEditError(
                f"no channel reaches the threshold {threshold:g} for {text[:60]!r}; the most "
                f"relevant one has {highest:.3f}, so give a threshold below that"
            )
        kept = relevant.where(relevant.abs() >= threshold, torch.zeros_like(relevant))
        return self.spread * kept / highest

    @torch.no_grad()
    def _change(self, faces: Faces, text: str, neutral: str, threshold: float) -> Change:
        seconds = Seconds(self.domain.device.type)
        with seconds.measure("preparation"):
            direction = self.direction(text, neutral, threshold)
        with seconds.measure("edit"):
            delta_s = direction.expand(len(faces), -1).clone()
        return Change(delta_s, None, direction != 0, seconds)
