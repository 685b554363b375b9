"""StyleCLIP's latent optimisation: walk w+ of one picture until CLIP sees the sentence.

    min over w   1 - i(G(w)) · t  +  λ_L2 |w - w_s|²  +  λ_ID (1 - e(G(w)) · e(G(w_s)))

with Adam, whose rate rises over the first 5 % of the steps and falls over the last 25 %.

Source: Patashnik et al., StyleCLIP, arXiv:2103.17249, section 4 and figure 3, where the pairs
(λ_L2, λ_ID) stand under the pictures, (0.008, 0.005) most often; rate 0.1 and 300 steps as in the
authors' public script.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from deltaedit_kit.labs.compare.baselines.latent_walk import LatentWalk, Start, WalkSettings
from deltaedit_kit.labs.compare.baselines.method import Settings
from deltaedit_kit.labs.compare.baselines.objective import Drawing
from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class OptimisationSettings(WalkSettings):
    """Published values."""

    l2: float = 0.008
    identity: float = 0.005
    rise: float = 0.05  # share of the steps until the full rate
    fall: float = 0.25  # share of the steps in which it falls to 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("rise", "fall"):
            if not 0 < getattr(self, name) <= 1:
                raise DeltaEditError(
                    f"{name} is {getattr(self, name)}; give a share of the steps above 0, at most 1"
                )


class LatentOptimisation(LatentWalk):
    """Adam on w+, for each picture anew."""

    settings: OptimisationSettings  # pyright: ignore[reportIncompatibleVariableOverride] (never set anew)
    name: ClassVar[str] = "styleclip-optimisation"
    settings_type: ClassVar[type[Settings]] = OptimisationSettings
    short: ClassVar[Mapping[str, Any]] = {"steps": 15, "fast": True}
    quick: ClassVar[Mapping[str, Any]] = {"steps": 3, "fast": True}
    grid: ClassVar[tuple[Mapping[str, Any], ...]] = ({"l2": 0.0005}, {"l2": 0.002}, {"l2": 0.008})
    per_picture: ClassVar[bool] = True

    def objective(self, w_plus: Float[Tensor, "n L W"], start: Start) -> Float[Tensor, " n"]:
        """CLIP, distance and identity terms, one sum a face."""
        settings = self.settings
        drawing = Drawing(self.domain, settings.fast)
        pictures = drawing.pictures(w_plus)
        total = drawing.clip_loss(pictures, start.wanted)
        total = total + settings.l2 * (w_plus - start.w_plus).square().flatten(1).sum(1)
        if settings.identity > 0 and self.domain.identity is not None:
            total = total + settings.identity * drawing.identity_loss(pictures, start.images)
        return total

    def rate(self, done: float) -> float:
        """The learning rate when the share `done` in [0, 1) of the steps is behind."""
        settings = self.settings
        falling = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - done) / settings.fall))
        return settings.lr * falling * min(1.0, done / settings.rise)
