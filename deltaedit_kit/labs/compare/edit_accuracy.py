"""The examiner of a mapper in training: it edits faces with sentences and counts.

    success = share of (sentence, face that lacks it) where the oracle reads it after the edit

Idea: training sees no text, and a loss says little about edits. So beside it stands somebody who
does know sentences, asks for some of them on faces that are always the same, and reports one
number. Only a domain with an oracle can be examined; its table of attributes lies beside it.

Source: metrics/edit_success.py, whose definition of success this counts.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from deltaedit_kit.domain import Domain
from deltaedit_kit.editor import Editor
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.faces import Faces
from deltaedit_kit.labs.metrics.edit_success import succeeded
from deltaedit_kit.labs.training.ablation import as_trained
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.training.config import TrainingConfig

POOL_SEED = 700_000  # faces that no recipe and no notebook samples
MEASURED = (
    "glasses", "smile", "beard", "bangs", "long_hair", "blond_hair", "black_hair", "dark_skin",
    "open_mouth", "thick_brows", "red_clothes", "wide_face",
)  # fmt: skip


def with_mapper(domain: Domain, mapper: nn.Module) -> Domain:
    """The same domain, its networks shared, with another mapper: `Editor(with_mapper(...))`."""
    _ = domain.generator, domain.clip, domain.relevance  # loaded once, not by every twin
    twin = copy.copy(domain)
    twin.__dict__["mapper"] = mapper  # where the cached property would have put its own
    return twin


class EditAccuracy:
    """exam(mapper) -> share of (sentence, face) edits that succeed, in [0, 1].

    `names` are rows of the domain's table of attributes, `faces` how many of each sentence. The
    faces and their readings are made once. `fast` draws in bfloat16. Raises DeltaEditError for a
    domain without an oracle, and when too few faces lack what is asked for.
    """

    def __init__(
        self,
        domain: Domain,
        config: TrainingConfig | None = None,
        names: Sequence[str] = MEASURED,
        faces: int = 8,
        fast: bool = False,
    ) -> None:
        if domain.read_factors is None or domain.spec.oracle is None:
            raise DeltaEditError(
                f"domain {domain.spec.name!r} has no oracle to examine edits; leave the exam out"
            )
        package = domain.spec.oracle.partition(":")[0].rpartition(".")[0]
        table = import_module(f"{package}.attributes")
        self.columns = import_module(f"{package}.factors").FACTORS
        self.domain, self.config, self.fast = domain, config or TrainingConfig(), fast
        self.wishes = [table.attribute(name) for name in names]
        with self._precision():  # before and after alike, or rounding could pass for an edit
            pool = domain.sample(max(24, 4 * faces), seed=POOL_SEED)
        readings = domain.read_factors(pool.images.float())
        self.tasks = [self._task(wish, pool, readings, faces) for wish in self.wishes]

    def _task(self, wish: Any, pool: Faces, readings: Tensor, n: int) -> tuple[Faces, Tensor]:
        """Faces that lack the wish, and their readings of its factor."""
        lacks = ~wish.holds(readings[:, self.columns.index(wish.factor)])
        for name, low, high in wish.needs:
            values = readings[:, self.columns.index(name)]
            lacks &= (values >= low) & (values <= high)
        rows = lacks.nonzero().flatten()[:n].tolist()
        if not rows:
            raise DeltaEditError(f"every sampled face has {wish.name!r}; examine something else")
        return pool.select(rows), readings[rows, self.columns.index(wish.factor)]

    @torch.no_grad()
    def __call__(self, mapper: DeltaMapper) -> float:
        """The share of edits that succeed with this mapper, asked as it was trained."""
        asked = as_trained(mapper, self.config)
        done: list[Tensor] = []
        with self._precision():
            for wish, (faces, before) in zip(self.wishes, self.tasks, strict=True):
                after = self._read(self._edited(asked, faces, wish.prompt))
                done.append(succeeded(before, after[:, self.columns.index(wish.factor)], wish))
        return torch.cat(done).float().mean().item()

    def _edited(self, mapper: nn.Module, faces: Faces, sentence: str) -> Tensor:
        """Pictures after the edit, in s with the domain's mask, or in w+ without one."""
        spec = self.domain.spec
        if self.config.space == "s":
            return Editor(with_mapper(self.domain, mapper)).edit(faces, sentence).after
        delta = self.domain.clip.delta_text(sentence, spec.neutral, spec.templates or None)
        direction = (delta / delta.norm()).expand(len(faces), -1)
        change = mapper(faces.w_plus.flatten(1), faces.clip, direction)
        w_plus = faces.w_plus + spec.strength * change.view_as(faces.w_plus)
        return self.domain.draw(self.domain.generator.to_style(w_plus), w_plus)

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.domain.device.type, torch.bfloat16, enabled=self.fast)

    def _read(self, pictures: Tensor) -> Tensor:
        assert self.domain.read_factors is not None  # checked when the exam was written
        return self.domain.read_factors(pictures.float())
