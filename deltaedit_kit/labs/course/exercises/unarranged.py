"""Exercises on worlds that nobody arranged: CLIP's loss, a linear readout's R², stray directions.

    info_nce   ½ CE(τ I Tᵀ, k over texts) + ½ CE(τ I Tᵀ, k over pictures),  row k belongs to row k
    r_squared  1 - Σ (f - f')² / Σ (f - mean f)²,  a factor a column
    stray      max over attributes of other factors of |cos(Δt, Δi)|

Citation: Radford et al., arXiv:2103.00020, figure 3; Eastwood and Williams, ICLR 2018.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from deltaedit_kit.labs.course.exercise import Exercise, Inputs, normal, normals

Rows = Float[Tensor, "n E"]
Values = Float[Tensor, "n K"]


def info_nce(pictures: Rows, texts: Rows, scale: float) -> Float[Tensor, ""]:
    """The mean of both cross-entropies of unit rows that belong together in order."""
    logits = scale * pictures @ texts.T
    own = torch.arange(len(logits))
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


def _pairs(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (*(F.normalize(normal(random, n, 4 + n), dim=1) for _ in "ab"), scale)
        for n, scale in ((4, 3.0), (5, 7.0), (6, 5.0))
    ]


def r_squared(factors: Values, read: Values) -> Float[Tensor, " K"]:
    """Share [K] of each factor's variance that the readout explains; 1 is perfect."""
    missed = (factors - read).square().sum(0)
    total = (factors - factors.mean(0)).square().sum(0)
    return 1 - missed / total


def stray(deltas: Rows, changes: Rows, factor: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
    """Largest |cos| [n] of each Δt with the Δi of an attribute of another factor."""
    cosines = F.normalize(deltas, dim=1) @ F.normalize(changes, dim=1).T
    same = factor[:, None] == factor[None]
    return cosines.abs().masked_fill(same, 0).amax(1)


def _directions(random: torch.Generator) -> Sequence[Inputs]:
    """Attributes whose own change is the nearest, the other end of their factor the next."""
    found: list[Inputs] = []
    for factors, width in ((3, 9), (4, 11), (5, 13)):
        ends = normal(random, factors, width)
        changes = torch.stack([ends, -ends], dim=1).flatten(0, 1)
        changes = changes + 0.3 * normal(random, *changes.shape)
        deltas = changes + 0.5 * normal(random, *changes.shape)
        found.append((2 * deltas, changes, torch.arange(2 * factors) // 2))
    return found


EXERCISES = (
    Exercise(
        "09.info_nce",
        "info_nce(pictures [n, E], texts [n, E], scale), unit rows -> one number",
        info_nce,
        _pairs,
        {
            "one way only: each picture looks for its text": "logits.T → logits",
            "one way only: each text looks for its picture": "(logits, → (logits.T,",
            "both ways added, not averaged": "/ 2 →",
            "the scale is missing": "scale * →",
            "divided by the scale, as if it were a temperature": "scale * → 1 / scale *",
            "summed over rows: the loss grows with the batch": "own) → own, reduction='sum')",
            "the sign is wrong: partners are pushed apart": "scale * → -scale *",
        },
    ),
    Exercise(
        "09.r_squared",
        "r_squared(factors [n, K], read [n, K]) -> [K]",
        r_squared,
        normals((30, 4), (30, 4)),
        {
            "a squared correlation, which ignores a wrong offset and scale": (
                "1 - missed / total → "
                "F.cosine_similarity(factors - factors.mean(0), read - read.mean(0), dim=0) ** 2"
            ),
            "a correlation, not R²": (
                "1 - missed / total → "
                "F.cosine_similarity(factors - factors.mean(0), read - read.mean(0), dim=0)"
            ),
            "the mean is not subtracted: far from 0 everything looks explained": (
                "- factors.mean(0) →"
            ),
            "divided by the spread of what was read, not of the factors": (
                "factors - factors.mean(0) → read - read.mean(0)"
            ),
            "the unexplained share: R² is 1 minus it": "1 - missed → missed",
            "one number for all factors": "missed / total → (missed / total).mean()",
            "a sum is divided by a variance, which is a mean": (
                "factors.mean(0)).square().sum(0) → factors.mean(0)).square().mean(0)"
            ),
        },
    ),
    Exercise(
        "09.stray",
        "stray(deltas [n, E], changes [n, E], factor [n]) -> [n]",
        stray,
        _directions,
        {
            "the attribute itself is not left out": ".masked_fill(same, 0) →",
            "only the attribute itself is left out, not the other end of its factor": (
                "factor[:, None] == factor[None] → torch.eye(len(factor), dtype=torch.bool)"
            ),
            "the absolute value is missing: the opposite direction changes a factor, too": (
                ".abs() →"
            ),
            "the mean instead of the largest": ".amax(1) → .mean(1)",
            "the largest over texts, not over changes": ".amax(1) → .amax(0)",
            "not normalised: a product is no cosine": (
                "F.normalize(deltas, dim=1) @ F.normalize(changes, dim=1).T → deltas @ changes.T"
            ),
            "the smallest instead of the largest": ".amax(1) → .amin(1)",
        },
    ),
)
