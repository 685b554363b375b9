"""Pictures before and after an edit -> every metric, one value a face.

    evaluator = Evaluator(domain, faces);   evaluator(prompt, pictures).values["ids"]   # [n]

What a domain cannot measure is left out: IDS without an identity network, success and side effect
without an oracle or for a sentence that names no attribute. A face that has what is asked for
before the edit proves nothing, so that its success is nan and is not counted.

Pictures are clamped to [-1, 1] first, as every screen and file does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.compare.prompts import Prompt
from deltaedit_kit.labs.metrics.clip_scores import clip_score, directional_similarity
from deltaedit_kit.labs.metrics.edit_success import succeeded
from deltaedit_kit.labs.metrics.features import FeatureNetwork, feature_network
from deltaedit_kit.labs.metrics.frechet import Moments
from deltaedit_kit.labs.metrics.identity import identity_similarity
from deltaedit_kit.labs.metrics.pictures import check_pictures
from deltaedit_kit.labs.metrics.psnr import psnr
from deltaedit_kit.labs.metrics.ssim import ssim

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain
    from deltaedit_kit.faces import Faces
    from deltaedit_kit.oracle import Attribute


@dataclass(frozen=True)
class Evaluation:
    """Metric -> [n], and feature network -> moments of its features of the same pictures."""

    values: dict[str, Tensor]
    moments: dict[str, Moments]


class Evaluator:
    """Knows the pictures before; `features` names the networks of the Fréchet distance."""

    def __init__(self, domain: Domain, faces: Faces, features: Sequence[str] = ("clip",)) -> None:
        self.domain = domain
        self.before = faces.images
        self.networks: list[FeatureNetwork] = [feature_network(name, domain) for name in features]
        self._clip = faces.clip
        oracle = domain.read_factors if domain.spec.name == "toyfaces" else None
        self._readings = None if oracle is None else oracle(self.before).cpu()

    @torch.no_grad()
    def __call__(self, prompt: Prompt, pictures: Tensor) -> Evaluation:
        """The evaluation on pictures [n, 3, H, W] of the first n faces after the edit.

        Raises DeltaEditError for pictures that are not finite.
        """
        after = check_pictures(pictures.clamp(-1, 1), "edited pictures")
        before = self.before[: len(after)]
        clip, spec = self.domain.clip, self.domain.spec
        seen = clip.encode_images(after)
        delta = clip.delta_text(prompt.text, spec.neutral, spec.templates or None)
        values = {
            "psnr": psnr(after, before),
            "ssim": ssim(before, after),
            "clip_score": clip_score(seen, clip.encode_texts([prompt.text])[0]),
            "directional": directional_similarity(self._clip[: len(after)], seen, delta),
        }
        if self.domain.identity is not None:
            values["ids"] = identity_similarity(before, after, self.domain.identity)
        return Evaluation(values | self._oracle_values(prompt, after), self._moments(after, seen))

    def moments(self, pictures: Tensor) -> dict[str, Moments]:
        """Feature network -> moments of its features of these pictures."""
        return self._moments(pictures.clamp(-1, 1), None)

    def _moments(self, pictures: Tensor, seen: Tensor | None) -> dict[str, Moments]:
        """`seen`: what CLIP made of these pictures, which saves it a second look."""
        own = f"clip-{self.domain.spec.name}"
        features = {
            net.name: seen if seen is not None and net.name == own else net(pictures)
            for net in self.networks
        }
        return {name: Moments.of(found) for name, found in features.items()}

    def _oracle_values(self, prompt: Prompt, after: Tensor) -> dict[str, Tensor]:
        """Success and side effect of each face, where the domain has an oracle and words for it."""
        targets = attributes_of(prompt, self.domain)
        if self._readings is None or not targets or self.domain.read_factors is None:
            return {}
        from deltaedit_kit.toyfaces.factors import index
        from deltaedit_kit.toyfaces.visibility import seen, visible

        first = self._readings[: len(after)]
        last = self.domain.read_factors(after).cpu()
        reached = torch.ones(len(last), dtype=torch.bool)
        had = torch.ones(len(last), dtype=torch.bool)
        shown = visible(first) & visible(last)
        for target in targets:
            column = index(target.factor)
            had &= target.holds(first[:, column])
            reached &= succeeded(first[:, column], last[:, column], target)
            shown[:, column] = False
        change = (seen(last) - seen(first)).abs().where(shown, 0)
        return {
            "success": torch.where(had, torch.nan, reached.float()),
            "side_effect": change.sum(1) / shown.sum(1),
        }


def attributes_of(prompt: Prompt, domain: Domain) -> list[Attribute]:
    """The attributes that a prompt asks for; DeltaEditError for a name that does not exist."""
    if not prompt.asks:
        return []
    if domain.spec.name != "toyfaces":
        raise DeltaEditError(
            f"domain {domain.spec.name!r} has no attributes, but {prompt.text[:60]!r} asks for "
            f"{'+'.join(prompt.asks)}; leave the column asks empty"
        )
    from deltaedit_kit.toyfaces.attributes import attribute

    return [attribute(name) for name in prompt.asks]
