"""TediGAN with CLIP: invert the picture once more, but let a sentence pull at it.

    min over w   λ_pix mean (G(w) - x)²  +  λ_CLIP (1 - i(G(w)) · t)
                 + λ_feat mean (F(G(w)) - F(x))²

with Adam from the picture's own code. The pixels hold the picture where the sentence does not care.
The published script adds a term that keeps w where its encoder would put it, and leaves it out
where a model has no encoder; so do we. F, a network of features, may be given as `features`: the
script uses VGG-16, which no offline domain has.

Source: Xia et al., TediGAN, arXiv:2012.03308, and its public variant "with CLIP": rate 0.01, 200
steps, λ_pix 1, λ_CLIP 1, λ_feat 5e-5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor

from deltaedit_kit.labs.compare.baselines.latent_walk import LatentWalk, Start, WalkSettings
from deltaedit_kit.labs.compare.baselines.method import Settings
from deltaedit_kit.labs.compare.baselines.objective import Drawing

if TYPE_CHECKING:
    from jaxtyping import Float

    from deltaedit_kit.domain import Domain


@dataclass(frozen=True)
class TediGANSettings(WalkSettings):
    """Published values."""

    steps: int = 200
    lr: float = 0.01
    pixels: float = 1.0
    clip: float = 1.0
    feature: float = 5e-5


class TediGAN(LatentWalk):
    """Text-guided inversion of each picture."""

    settings: TediGANSettings  # pyright: ignore[reportIncompatibleVariableOverride] (never set anew)
    name: ClassVar[str] = "tedigan"
    settings_type: ClassVar[type[Settings]] = TediGANSettings
    short: ClassVar[Mapping[str, Any]] = {"steps": 15, "lr": 0.13, "fast": True}
    quick: ClassVar[Mapping[str, Any]] = {"steps": 3, "lr": 0.1, "fast": True}
    grid: ClassVar[tuple[Mapping[str, Any], ...]] = ({"clip": 0.5}, {"clip": 1.0}, {"clip": 3.0})
    per_picture: ClassVar[bool] = True

    def __init__(
        self,
        domain: Domain,
        changed: Mapping[str, Any] | None = None,
        features: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__(domain, changed)
        self.features = features

    def objective(self, w_plus: Float[Tensor, "n L W"], start: Start) -> Float[Tensor, " n"]:
        """Pixel, CLIP and feature terms, one sum a face."""
        settings = self.settings
        drawing = Drawing(self.domain, settings.fast)
        pictures = drawing.pictures(w_plus)
        total = settings.clip * drawing.clip_loss(pictures, start.wanted)
        total = total + settings.pixels * (pictures - start.images).square().flatten(1).mean(1)
        if self.features is not None:
            gap = self.features(pictures) - self.features(start.images)
            total = total + settings.feature * gap.square().flatten(1).mean(1)
        return total
