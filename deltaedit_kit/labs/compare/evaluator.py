"""Pictures before and after an edit -> every metric, one value a face.

    evaluate = Evaluator(domain, faces);   evaluate(prompt, pictures).values["ids"]   # [n]

What a domain cannot measure is left out: IDS without an identity network, success and side effect
without an oracle or for a sentence that names no attribute. A face that does not lack what is asked
for proves nothing: its success is nan and is not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from deltaedit_kit.labs.compare.prompts import Prompt
from deltaedit_kit.labs.metrics import METRICS
from deltaedit_kit.labs.metrics.clip_scores import (
    clip_score,
    directional_similarity,
    sentence_embedding,
)
from deltaedit_kit.labs.metrics.edit_success import lacking, side_effect, succeeded
from deltaedit_kit.labs.metrics.features import FeatureNetwork, feature_network
from deltaedit_kit.labs.metrics.frechet import Moments
from deltaedit_kit.labs.metrics.pictures import identity_similarity
from deltaedit_kit.support.errors import DeltaEditError, check_pictures, did_you_mean

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain
    from deltaedit_kit.domain.faces import Faces
    from deltaedit_kit.domain.oracle import Attribute


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
        self._readings = None if domain.oracle is None else domain.oracle.read(self.before).cpu()

    @torch.no_grad()
    def __call__(self, prompt: Prompt, pictures: Tensor) -> Evaluation:
        """The evaluation of pictures [n, 3, H, W] in [-1, 1], the first n faces after the edit.

        Raises DeltaEditError for pictures that are not finite or not within [-1, 1].
        """
        after = check_pictures("edited pictures", pictures)
        before = self.before[: len(after)]
        seen = self.domain.clip.encode_images(after)
        delta = self.domain.delta_text(prompt.text)
        values = {
            **{m.name: m.of_pictures(before, after) for m in METRICS.values() if m.of_pictures},
            "clip_score": clip_score(seen, sentence_embedding(self.domain, prompt.text)),
            "directional": directional_similarity(self._clip[: len(after)], seen, delta),
        }
        if self.domain.identity is not None:
            values["ids"] = identity_similarity(before, after, self.domain.identity)
        return Evaluation(values | self._oracle_values(prompt, after), self.moments(after, seen))

    def moments(self, pictures: Tensor, seen: Tensor | None = None) -> dict[str, Moments]:
        """Feature network -> moments of its features of these pictures.

        `seen`: what CLIP made of them, which saves it a second look.
        """
        own = f"clip-{self.domain.spec.name}"
        features = {
            net.name: seen if seen is not None and net.name == own else net(pictures)
            for net in self.networks
        }
        return {name: Moments.of(found) for name, found in features.items()}

    def _oracle_values(self, prompt: Prompt, after: Tensor) -> dict[str, Tensor]:
        """Success and side effect of each face, where the domain has an oracle and words for it."""
        oracle, targets = self.domain.oracle, attributes_of(prompt, self.domain)
        if oracle is None or self._readings is None or not targets:
            return {}
        first, last = self._readings[: len(after)], oracle.read(after).cpu()
        reached = succeeded(oracle, first, last, targets).float()
        return {
            "success": torch.where(lacking(oracle, first, targets), reached, torch.nan),
            "side_effect": side_effect(oracle, first, last, targets),
        }


def attributes_of(prompt: Prompt, domain: Domain) -> list[Attribute]:
    """The attributes that a prompt asks for; DeltaEditError for a name that does not exist."""
    if prompt.asks and not domain.attributes:
        raise DeltaEditError(
            f"domain {domain.spec.name!r} has no attributes, but {prompt.text[:60]!r} asks for "
            f"{'+'.join(prompt.asks)}; leave the column asks empty"
        )
    for name in prompt.asks:
        if name not in domain.attributes:
            advice = did_you_mean(name, domain.attributes, likeness=0.6)
            known = ", ".join(list(domain.attributes)[:20])
            raise DeltaEditError(
                f"no attribute is called {name[:40]!r}; {advice}There are {known}, ..."
            )
    return [domain.attributes[name] for name in prompt.asks]
