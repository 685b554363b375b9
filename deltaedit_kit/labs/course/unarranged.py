"""Exercises on worlds that nobody arranged: CLIP's loss, a linear readout's R², stray directions.

    info_nce   ½ CE(τ I Tᵀ, k over texts) + ½ CE(τ I Tᵀ, k over pictures),  row k belongs to row k
    r_squared  1 - Σ (f - f')² / Σ (f - mean f)²,  a factor a column
    stray      max over attributes of other factors of |cos(Δt, Δi)|

Citation: Radford et al., arXiv:2103.00020, figure 3; Eastwood and Williams, ICLR 2018.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from deltaedit_kit.labs.course.exercise import Answer, Exercise, Inputs, normals

Rows = Float[Tensor, "n E"]
Values = Float[Tensor, "n K"]


def info_nce(pictures: Rows, texts: Rows, scale: float) -> Float[Tensor, ""]:
    """The mean of both cross-entropies of unit rows that belong together in order."""
    logits = scale * pictures @ texts.T
    own = torch.arange(len(logits))
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


def _info_nce(
    join: Callable[[Tensor, Tensor], Tensor] = lambda one, other: (one + other) / 2,
    compare: Callable[[Tensor, Tensor, float], Tensor] = lambda p, t, scale: scale * p @ t.T,
    reduction: str = "mean",
) -> Answer:
    def answer(pictures: Tensor, texts: Tensor, scale: float) -> Tensor:
        logits = compare(pictures, texts, scale)
        own = torch.arange(len(logits))
        return join(
            F.cross_entropy(logits, own, reduction=reduction),
            F.cross_entropy(logits.T, own, reduction=reduction),
        )

    return answer


def _pairs(random: torch.Generator) -> Sequence[Inputs]:
    def unit(n: int, width: int) -> Tensor:
        return F.normalize(torch.randn((n, width), generator=random, dtype=torch.float64), dim=1)

    return [(unit(n, 4 + n), unit(n, 4 + n), scale) for n, scale in ((4, 3.0), (5, 7.0), (6, 5.0))]


def r_squared(factors: Values, read: Values) -> Float[Tensor, " K"]:
    """Share [K] of each factor's variance that the readout explains; 1 is perfect."""
    missed = (factors - read).square().sum(0)
    return 1 - missed / (factors - factors.mean(0)).square().sum(0)


def _r_squared(
    spread: Callable[[Tensor, Tensor], Tensor], result: Callable[[Tensor], Tensor] = lambda r: r
) -> Answer:
    return lambda factors, read: result(
        1 - (factors - read).square().sum(0) / spread(factors, read)
    )


def _correlation(factors: Tensor, read: Tensor) -> Tensor:
    one, other = factors - factors.mean(0), read - read.mean(0)
    return (one * other).sum(0) / (one.square().sum(0) * other.square().sum(0)).sqrt()


def stray(deltas: Rows, changes: Rows, factor: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
    """Largest |cos| [n] of each Δt with the Δi of an attribute of another factor."""
    cosines = F.normalize(deltas, dim=1) @ F.normalize(changes, dim=1).T
    same = factor[:, None] == factor[None]
    return cosines.abs().masked_fill(same, 0).amax(1)


def _stray(
    cosines: Callable[[Tensor, Tensor], Tensor] = lambda t, i: (
        F.normalize(t, dim=1) @ F.normalize(i, dim=1).T
    ),
    size: Callable[[Tensor], Tensor] = torch.abs,
    hidden: Callable[[Tensor], Tensor] = lambda factor: factor[:, None] == factor[None],
    take: Callable[[Tensor], Tensor] = lambda found: found.amax(1),
) -> Answer:
    return lambda deltas, changes, factor: take(
        size(cosines(deltas, changes)).masked_fill(hidden(factor), 0)
    )


def _nobody(factor: Tensor) -> Tensor:
    return torch.zeros(len(factor), len(factor), dtype=torch.bool)


def _directions(random: torch.Generator) -> Sequence[Inputs]:
    """Attributes whose own change is the nearest, the other end of their factor the next."""
    found = []
    for factors, width in ((3, 9), (4, 11), (5, 13)):
        ends = torch.randn((factors, width), generator=random, dtype=torch.float64)
        changes = torch.stack([ends, -ends], dim=1).flatten(0, 1)
        changes = changes + 0.3 * torch.randn(changes.shape, generator=random, dtype=torch.float64)
        deltas = changes + 0.5 * torch.randn(changes.shape, generator=random, dtype=torch.float64)
        found.append((2 * deltas, changes, torch.arange(2 * factors) // 2))
    return found


EXERCISES = (
    Exercise(
        "09.info_nce",
        "info_nce(pictures [n, E], texts [n, E], scale), unit rows -> one number",
        info_nce,
        _pairs,
        {
            "one way only: each picture looks for its text": _info_nce(lambda one, _: one),
            "one way only: each text looks for its picture": _info_nce(lambda _, other: other),
            "both ways added, not averaged": _info_nce(lambda one, other: one + other),
            "the scale is missing": _info_nce(compare=lambda p, t, _: p @ t.T),
            "divided by the scale, as if it were a temperature": _info_nce(
                compare=lambda p, t, scale: p @ t.T / scale
            ),
            "summed over rows: the loss grows with the batch": _info_nce(reduction="sum"),
            "the sign is wrong: partners are pushed apart": _info_nce(
                compare=lambda p, t, scale: -scale * p @ t.T
            ),
        },
    ),
    Exercise(
        "09.r_squared",
        "r_squared(factors [n, K], read [n, K]) -> [K]",
        r_squared,
        normals((30, 4), (30, 4)),
        {
            "a squared correlation, which ignores a wrong offset and scale": lambda f, r: (
                _correlation(f, r).square()
            ),
            "a correlation, not R²": _correlation,
            "the mean is not subtracted: far from 0 everything looks explained": _r_squared(
                lambda f, _: f.square().sum(0)
            ),
            "divided by the spread of what was read, not of the factors": _r_squared(
                lambda _, r: (r - r.mean(0)).square().sum(0)
            ),
            "the unexplained share: R² is 1 minus it": lambda f, r: 1 - r_squared(f, r),
            "one number for all factors": _r_squared(
                lambda f, _: (f - f.mean(0)).square().sum(0), lambda found: found.mean()
            ),
            "a sum is divided by a variance, which is a mean": _r_squared(
                lambda f, _: (f - f.mean(0)).square().mean(0)
            ),
        },
    ),
    Exercise(
        "09.stray",
        "stray(deltas [n, E], changes [n, E], factor [n]) -> [n]",
        stray,
        _directions,
        {
            "the attribute itself is not left out": _stray(hidden=_nobody),
            "only the attribute itself is left out, not the other end of its factor": (
                _stray(hidden=lambda factor: torch.eye(len(factor), dtype=torch.bool))
            ),
            "the absolute value is missing: the opposite direction changes a factor, too": _stray(
                size=lambda found: found
            ),
            "the mean instead of the largest": _stray(take=lambda found: found.mean(1)),
            "the largest over texts, not over changes": _stray(take=lambda found: found.amax(0)),
            "not normalised: a product is no cosine": _stray(lambda t, i: t @ i.T),
            "the smallest instead of the largest": _stray(take=lambda found: found.amin(1)),
        },
    ),
)
