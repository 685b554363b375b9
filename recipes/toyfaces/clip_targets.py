"""What a batch of captions ought to match: exact targets instead of "only its own picture".

Contrastive training calls every other pair of the batch a mismatch, but "a face with glasses" is
true of half of it. Since the factors are known, truth is too. InfoNCE's optimum is the log of
p(caption | picture) / p(caption); with T[c, i] in [0, 1] the degree to which caption c holds for
picture i, its two targets are, exactly rather than by sampling,

    over pictures, for a caption:  T[c, i] / sum_i T[c, i]
    over captions, for a picture:  T[c, i] / prevalence_c, normalised over c

Degrees ramp linearly through the nameless middle of a factor, T of a caption is the product over
its attributes, and a neutral caption, true of everything, pulls towards nothing.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from deltaedit_kit.toyfaces.attributes import ATTRIBUTES, opposites
from deltaedit_kit.toyfaces.factors import FACTORS

FLOOR = 1e-4  # of a degree, so that its logarithm exists


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


def caption_truth(
    named: Bool[Tensor, "c A"], degrees: Float[Tensor, "n A"]
) -> Float[Tensor, "c n"]:
    """T[c, i]: the product, over the attributes that caption c names, of their degrees in i."""
    return (named.float() @ degrees.clamp(min=FLOOR).log().T).exp()


def targets(truth: Float[Tensor, "c n"]) -> tuple[Float[Tensor, "c n"], Float[Tensor, "n c"]]:
    """The two target distributions: over pictures for a caption, over captions for a picture."""
    over_pictures = truth / truth.sum(dim=1, keepdim=True)
    ratio = (truth / truth.mean(dim=1, keepdim=True)).T
    return over_pictures, ratio / ratio.sum(dim=1, keepdim=True)
