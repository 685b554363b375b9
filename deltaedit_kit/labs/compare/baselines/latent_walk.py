"""Optimising w+ of each picture: the walk that two methods share, whatever their objective.

    w <- Adam( w, ∇ Σ_faces objective(w) )

Adam works number by number and the objective is summed over the faces, so that a batch of faces is
optimised at once and each one walks as if it were alone.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from deltaedit_kit.labs.compare.baselines.method import Change, Method, Seconds, Settings
from deltaedit_kit.labs.metrics.clip_scores import sentence_embedding
from deltaedit_kit.support.device import learning

if TYPE_CHECKING:
    from jaxtyping import Float

    from deltaedit_kit.domain.faces import Faces


@dataclass(frozen=True)
class WalkSettings(Settings):
    """What every walk has; `batch` faces walk at once; `fast`: see `Drawing`."""

    steps: int = 300
    lr: float = 0.1
    batch: int = 16
    fast: bool = False


@dataclass(frozen=True)
class Start:
    """Where n faces set out and what they should become."""

    w_plus: Float[Tensor, "n L W"]
    images: Float[Tensor, "n 3 H W"]
    wanted: Float[Tensor, " E"]  # the sentence's unit embedding


class LatentWalk(Method):
    """A method that walks; `settings_type` is a subclass of `WalkSettings`."""

    settings: WalkSettings  # pyright: ignore[reportIncompatibleVariableOverride] (never set anew)
    settings_type: ClassVar[type[Settings]] = WalkSettings

    @abstractmethod
    def objective(self, w_plus: Float[Tensor, "n L W"], start: Start) -> Float[Tensor, " n"]:
        """The value that is minimised, one a face."""

    def rate(self, done: float) -> float:
        """The learning rate when the share `done` in [0, 1) of the steps is behind."""
        return self.settings.lr

    @learning()
    def _change(self, faces: Faces, text: str, neutral: str, threshold: float) -> Change:
        seconds, size = Seconds(self.domain.device.type), self.settings.batch
        with seconds.measure("preparation"):
            wanted = sentence_embedding(self.domain, text)
        with seconds.measure("edit"):
            batches = zip(faces.w_plus.split(size), faces.images.split(size), strict=True)
            moved = torch.cat([self.walk(Start(*batch, wanted)) for batch in batches])
            generator = self.domain.generator
            delta_s = generator.to_style(moved) - generator.to_style(faces.w_plus)
        everything = torch.ones(delta_s.shape[1], dtype=torch.bool, device=delta_s.device)
        return Change(delta_s, moved - faces.w_plus, everything, seconds)

    def walk(self, start: Start) -> Float[Tensor, "n L W"]:
        """w+ after all steps."""
        settings = self.settings
        w_plus = start.w_plus.detach().clone().requires_grad_()
        optimiser = torch.optim.Adam([w_plus], lr=settings.lr)
        for step in range(settings.steps):
            optimiser.param_groups[0]["lr"] = self.rate(step / settings.steps)
            loss = self.objective(w_plus, start).sum()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        return w_plus.detach()
