"""TediGAN with CLIP: invert the picture once more, but let a sentence pull at it.

    min over w   λ_pix mean (G(w) - x)²  +  λ_CLIP (1 - i(G(w)) · t)  +  λ_feat mean (F(G(w)) - F(x))²

Adam from the picture's own code. The pixels hold the picture where the sentence does not care. The
published script adds a term that keeps w where its encoder would put it, and leaves it out where a
model has no encoder; so do we. F, a network of features, may be given as `features`: the script
uses VGG-16, which no offline domain has.

Source: Xia et al., TediGAN, arXiv:2012.03308, and its public variant "with CLIP": rate 0.01, 200
steps, λ_pix 1, λ_CLIP 1, λ_feat 5e-5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from deltaedit_kit.rivals.method import Change, Method, Seconds, Settings
from deltaedit_kit.rivals.objective import Drawing

if TYPE_CHECKING:
    from jaxtyping import Float

    from deltaedit_kit.domains.domain import Domain
    from deltaedit_kit.domains.faces import Faces


@dataclass(frozen=True)
class TediGANSettings(Settings):
    """Published values; `batch` faces walk at once, `fast` in bfloat16."""

    steps: int = 200
    lr: float = 0.01
    pixels: float = 1.0
    clip: float = 1.0
    feature: float = 5e-5
    batch: int = 16
    fast: bool = False


class TediGAN(Method):
    """Text-guided inversion of each picture."""

    name: ClassVar[str] = "tedigan"
    source: ClassVar[str] = "Xia et al. 2021, arXiv:2012.03308, variant with CLIP"
    settings_type: ClassVar[type[Settings]] = TediGANSettings

    def __init__(
        self,
        domain: Domain,
        settings: Settings | None = None,
        features: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__(domain, settings)
        self.features = features

    def objective(
        self,
        w_plus: Float[Tensor, "n L W"],
        images: Float[Tensor, "n 3 H W"],
        wanted: Float[Tensor, " E"],
    ) -> Float[Tensor, " n"]:
        """The value that is minimised, one a face."""
        settings = self.settings
        assert isinstance(settings, TediGANSettings)
        drawing = Drawing(self.domain, settings.fast)
        pictures = drawing.pictures(w_plus)
        total = settings.clip * drawing.clip_loss(pictures, wanted)
        total = total + settings.pixels * (pictures - images).square().flatten(1).mean(1)
        if self.features is not None:
            gap = self.features(pictures) - self.features(images)
            total = total + settings.feature * gap.square().flatten(1).mean(1)
        return total

    def _change(self, faces: Faces, text: str, neutral: str, threshold: float | None) -> Change:
        settings, seconds = self.settings, Seconds()
        assert isinstance(settings, TediGANSettings)
        with seconds.measure("preparation"):
            wanted = Drawing(self.domain).wanted(text)
        with seconds.measure("edit"):
            moved = torch.cat(
                [
                    self._walk(w_plus, images, wanted, settings)
                    for w_plus, images in zip(
                        faces.w_plus.split(settings.batch),
                        faces.images.split(settings.batch),
                        strict=True,
                    )
                ]
            )
            generator = self.domain.generator
            delta_s = generator.to_style(moved) - generator.to_style(faces.w_plus)
        everything = torch.ones(delta_s.shape[1], dtype=torch.bool, device=delta_s.device)
        return Change(delta_s, moved - faces.w_plus, everything, seconds)

    def _walk(
        self, start: Tensor, images: Tensor, wanted: Tensor, settings: TediGANSettings
    ) -> Tensor:
        """w+ [n, L, W] after all steps."""
        w_plus = start.detach().clone().requires_grad_()
        optimiser = torch.optim.Adam([w_plus], lr=settings.lr)
        with torch.enable_grad():
            for _ in range(settings.steps):
                loss = self.objective(w_plus, images, wanted).sum()
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                optimiser.step()
        return w_plus.detach()
