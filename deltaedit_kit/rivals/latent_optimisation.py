"""StyleCLIP's latent optimisation: walk w+ of one picture until CLIP sees the sentence.

    min over w   1 - i(G(w)) · t  +  λ_L2 |w - w_s|²  +  λ_ID (1 - e(G(w)) · e(G(w_s)))

Adam; the rate rises over the first 5 % of the steps and falls over the last 25 % as a cosine. A
batch of faces is optimised at once: Adam works number by number and the terms are summed over the
faces, so that each face walks as if it were alone.

Source: Patashnik et al., StyleCLIP, arXiv:2103.17249, section 4 and figure 3, where the pairs
(λ_L2, λ_ID) stand under the pictures, (0.008, 0.005) most often; rate 0.1 and 300 steps as in the
authors' public script.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from deltaedit_kit.metrics.identity import face_embedder
from deltaedit_kit.rivals.method import Change, Method, Seconds, Settings
from deltaedit_kit.rivals.objective import Drawing

if TYPE_CHECKING:
    from jaxtyping import Float

    from deltaedit_kit.domains.faces import Faces


@dataclass(frozen=True)
class OptimisationSettings(Settings):
    """Published values; `batch` faces walk at once, `fast` in bfloat16."""

    steps: int = 300
    lr: float = 0.1
    l2: float = 0.008
    identity: float = 0.005
    rise: float = 0.05
    fall: float = 0.25
    batch: int = 16
    fast: bool = False


def rate_at(done: float, settings: OptimisationSettings) -> float:
    """The learning rate when the share `done` in [0, 1) of the steps is behind."""
    falling = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - done) / settings.fall))
    return settings.lr * falling * min(1.0, done / settings.rise)


class LatentOptimisation(Method):
    """Adam on w+, for each picture anew."""

    name: ClassVar[str] = "styleclip-optimisation"
    source: ClassVar[str] = "Patashnik et al. 2021, arXiv:2103.17249, section 4"
    settings_type: ClassVar[type[Settings]] = OptimisationSettings

    def objective(
        self,
        w_plus: Float[Tensor, "n L W"],
        start: Float[Tensor, "n L W"],
        before: Float[Tensor, "n D"] | None,
        wanted: Float[Tensor, " E"],
    ) -> Float[Tensor, " n"]:
        """The value that is minimised, one a face; `before` (None: no identity term) embeds it."""
        settings = self.settings
        assert isinstance(settings, OptimisationSettings)
        drawing = Drawing(self.domain, settings.fast)
        pictures = drawing.pictures(w_plus)
        total = drawing.clip_loss(pictures, wanted)
        total = total + settings.l2 * (w_plus - start).square().flatten(1).sum(1)
        if before is not None:
            total = total + settings.identity * drawing.identity_loss(pictures, before)
        return total

    def _change(self, faces: Faces, text: str, neutral: str, threshold: float | None) -> Change:
        settings, seconds = self.settings, Seconds()
        assert isinstance(settings, OptimisationSettings)
        with seconds.measure("preparation"):
            wanted = Drawing(self.domain).wanted(text)
        with seconds.measure("edit"):
            parts = [
                self._walk(w_plus, images, wanted, settings)
                for w_plus, images in zip(
                    faces.w_plus.split(settings.batch),
                    faces.images.split(settings.batch),
                    strict=True,
                )
            ]
            moved = torch.cat(parts)
            generator = self.domain.generator
            delta_s = generator.to_style(moved) - generator.to_style(faces.w_plus)
        everything = torch.ones(delta_s.shape[1], dtype=torch.bool, device=delta_s.device)
        return Change(delta_s, moved - faces.w_plus, everything, seconds)

    def _walk(
        self, start: Tensor, images: Tensor, wanted: Tensor, settings: OptimisationSettings
    ) -> Tensor:
        """w+ [n, L, W] after all steps."""
        before = None
        if settings.identity > 0:
            with torch.no_grad():
                before = face_embedder(self.domain)(images)
        w_plus = start.detach().clone().requires_grad_()
        optimiser = torch.optim.Adam([w_plus], lr=settings.lr)
        with torch.enable_grad():
            for step in range(settings.steps):
                optimiser.param_groups[0]["lr"] = rate_at(step / settings.steps, settings)
                loss = self.objective(w_plus, start, before, wanted).sum()
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                optimiser.step()
        return w_plus.detach()
