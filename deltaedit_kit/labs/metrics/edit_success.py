"""Did the edit do what the sentence said, and what else did it do?

Idea: with an oracle that reads factors off pictures, both are counted, not rated. Let f and
f' [n, K] be the factors before and after, a the asked factor, whose range or stop is known:

    success      an end  ("big eyes"):   f'_a lies in the attribute's range
                 a stop  ("red hair"):   so it does, or |f'_a - stop| <= |f_a - stop| / 2
    side effect  mean over faces and over factors not asked for of |f'_k - f_k|,
                 leaving out factors that cannot be seen in the face before or after

The functions know no domain: an attribute is anything with `side`, `target` and `holds`, and what
can be seen is a mask that the domain supplies.

Source: the definitions of this kit; oracles for edits: He et al., AttGAN, arXiv:1711.10678.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError


class TargetAttribute(Protocol):
    """What a sentence asks of one factor (toyfaces' `Attribute` is one)."""

    @property
    def side(self) -> str:
        """ "high" or "low" for the ends of a factor, "stop" for a place along it."""
        ...

    @property
    def target(self) -> float:
        """The value in [0, 1] to move towards."""
        ...

    def holds(self, values: Tensor) -> Tensor:
        """Whether factor values [...] have the attribute, bool [...]."""
        ...


class SideEffect(NamedTuple):
    """How much the factors that nobody asked for moved."""

    mean: float  # over faces and factors, both seen
    per_factor: Tensor  # [K]; nan for asked factors and those never seen


def succeeded(before: Tensor, after: Tensor, attribute: TargetAttribute) -> Tensor:
    """Whether each face has the attribute after the edit: readings [n] of its factor -> bool [n].

    Raises DeltaEditError when the two differ in shape.
    """
    if before.shape != after.shape:
        shapes = f"{tuple(before.shape)} before, {tuple(after.shape)} after"
        raise DeltaEditError(f"readings differ in shape: {shapes}; read both from the same faces")
    reached = attribute.holds(after)
    if attribute.side != "stop":
        return reached
    return reached | ((after - attribute.target).abs() <= 0.5 * (before - attribute.target).abs())


def side_effect(
    before: Tensor, after: Tensor, asked: Sequence[int], seen: Tensor | None = None
) -> SideEffect:
    """Mean absolute change of the factors not in `asked`: readings [n, K] in [0, 1] twice.

    `seen` [n, K] is True where a factor shows both before and after (None: everywhere). Raises
    DeltaEditError when nothing is left to look at.
    """
    change = (after - before).abs()
    looked_at = torch.ones_like(change, dtype=torch.bool) if seen is None else seen.clone()
    looked_at[:, list(asked)] = False
    if not looked_at.any():
        raise DeltaEditError("no factor is left to look for side effects; ask for fewer factors")
    change = change.where(looked_at, 0)
    return SideEffect(
        float(change.sum() / looked_at.sum()),
        change.sum(0) / looked_at.sum(0),  # 0 / 0 is nan
    )


def most_moved(effect: SideEffect, names: Sequence[str]) -> tuple[str, float]:
    """Name and mean change of the factor that suffered most."""
    worst = int(effect.per_factor.nan_to_num(-1).argmax())
    return names[worst], float(effect.per_factor[worst])
