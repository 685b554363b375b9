"""To what degree an attribute holds for a portrait, which makes the targets of its captions exact.

Degrees ramp linearly through the nameless middle of a factor; what an attribute needs to be seen
counts too. Targets from degrees: `deltaedit_kit.labs.own_domain.clip_losses`.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.toyfaces.attributes import ATTRIBUTES, opposites
from deltaedit_kit.toyfaces.factors import FACTORS


def _ramp(values: Tensor, low: float, high: float) -> Tensor:
    return ((values - low) / max(high - low, 1e-6)).clamp(0, 1)


def soft_truth(factors: Float[Tensor, "n K"]) -> Float[Tensor, "n A"]:
    """Degree in [0, 1] to which each attribute holds: 1 in its range, 0 in the next one's."""
    columns = []
    for attribute in ATTRIBUTES:
        others = opposites(attribute)
        before = max((o.below for o in others if o.below <= attribute.above), default=-1.0)
        after = min((o.above for o in others if o.above >= attribute.below), default=2.0)
        values = factors[:, FACTORS.index(attribute.factor)]
        degree = _ramp(values, before, attribute.above) if attribute.above > 0 else 1.0
        degree = (
            degree * (1 - _ramp(values, attribute.below, after)) if attribute.below < 1 else degree
        )
        columns.append(degree)
    return torch.stack(columns, dim=1) * nameable(factors)


def nameable(factors: Float[Tensor, "n K"]) -> Float[Tensor, "n A"]:
    """Degree in [0, 1] to which what each attribute needs is there: its colour not too dark."""
    degrees = torch.ones(len(factors), len(ATTRIBUTES), device=factors.device)
    for column, attribute in enumerate(ATTRIBUTES):
        for factor, low, _ in attribute.needs:
            degrees[:, column] *= _ramp(factors[:, FACTORS.index(factor)], low - 0.1, low)
    return degrees


def visibility(factors: Float[Tensor, "n K"]) -> Float[Tensor, "n K"]:
    """How far each factor can be seen at all, [0, 1]: a hue only where its colour is not black."""
    seen = torch.ones_like(factors)
    for hue in ("clothes_hue", "background_hue"):
        value = factors[:, FACTORS.index(hue.replace("hue", "value"))]
        seen[:, FACTORS.index(hue)] = _ramp(value, 0.0, 0.3)
    return seen
