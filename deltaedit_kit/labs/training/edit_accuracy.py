"""Edit accuracy of a mapper in training: sentences, faces that lack what they ask for, a share.

    accuracy = share of (sentence, face that lacks it) where the oracle reads it after the edit

Idea: training sees no text, and a loss says little about edits. So some sentences are asked of
faces that are always the same, and one number is reported beside the loss. Only a domain with an
oracle has it.

Source: metrics/edit_success.py, whose definitions this counts with.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.domain.oracle import Attribute
from deltaedit_kit.editor import Editor
from deltaedit_kit.labs.metrics.edit_success import lacking, succeeded
from deltaedit_kit.labs.training.experiment import ExperimentConfig, as_trained
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.support.device import computing
from deltaedit_kit.support.errors import DeltaEditError

POOL_SEED = 700_000  # faces that no recipe and no notebook samples
MEASURED = (
    "glasses", "smile", "beard", "bangs", "long_hair", "blond_hair", "black_hair", "dark_skin",
    "open_mouth", "thick_brows", "red_clothes", "wide_face",
)  # fmt: skip


class EditAccuracy:
    """accuracy(mapper) -> share of (sentence, face) edits that succeed, in [0, 1].

    `names` are attributes of the domain's oracle (None: those of `MEASURED` that it has, else all
    that some face lacks), `faces` how many of each sentence. The faces and their readings are made
    once. `fast` draws as fast as this machine can. Raises DeltaEditError for a domain without an
    oracle, and when no face lacks what is asked for.
    """

    def __init__(
        self,
        domain: Domain,
        config: ExperimentConfig | None = None,
        names: Sequence[str] | None = None,
        faces: int = 8,
        fast: bool = False,
    ) -> None:
        if domain.oracle is None:
            raise DeltaEditError(
                f"domain {domain.spec.name!r} has no oracle to count edits; leave the accuracy out"
            )
        self.domain, self.oracle = domain, domain.oracle
        self.config, self.fast = config or ExperimentConfig(), fast
        measured = (
            [name for name in MEASURED if name in domain.attributes] if names is None else names
        )
        self.targets = [domain.attributes[name] for name in measured or domain.attributes]
        # Before and after alike, or rounding could pass for an edit.
        with computing(domain.device, fast):
            pool = domain.sample(max(24, 4 * faces), seed=POOL_SEED)
        readings = self.oracle.read(pool.images.float())
        if not measured:
            self.targets = [x for x in self.targets if lacking(self.oracle, readings, [x]).any()]
        self.tasks = [self._task(target, pool, readings, faces) for target in self.targets]

    def _task(
        self, target: Attribute, pool: Faces, readings: Tensor, n: int
    ) -> tuple[Faces, Tensor]:
        """The first n faces that lack the target attribute, and their readings."""
        rows = lacking(self.oracle, readings, [target]).nonzero().flatten()[:n].tolist()
        if not rows:
            raise DeltaEditError(
                f"every sampled face already has {target.name!r}; measure something else"
            )
        return pool.select(rows), readings[rows]

    @torch.no_grad()
    def __call__(self, mapper: DeltaMapper) -> float:
        """The share of edits that succeed with this mapper, asked as it was trained."""
        asked = as_trained(mapper, self.config)
        done: list[Tensor] = []
        with computing(self.domain.device, self.fast):
            for target, (faces, before) in zip(self.targets, self.tasks, strict=True):
                after = self.oracle.read(self._edited(asked, faces, target.prompt).float())
                done.append(succeeded(self.oracle, before, after, [target]))
        return torch.cat(done).float().mean().item()

    def _edited(self, mapper: nn.Module, faces: Faces, sentence: str) -> Tensor:
        """Pictures after the edit, in s with the relevance mask, or in w+ without one."""
        if self.config.space == "s":
            return Editor(self.domain.with_mapper(mapper)).edit(faces, sentence).after
        delta = self.domain.delta_text(sentence)
        direction = (delta / delta.norm()).expand(len(faces), -1)
        change = mapper(faces.w_plus.flatten(1), faces.clip, direction)
        w_plus = faces.w_plus + self.domain.spec.strength * change.view_as(faces.w_plus)
        return self.domain.draw(self.domain.generator.to_style(w_plus), w_plus)
