"""Exercises on comparing methods: two sets of pictures, a baseline's objective, a paired interval.

    Fréchet     |μ₁ - μ₂|² + tr(C₁ + C₂) - 2 Σ √λ,   λ the eigenvalues of C₁ C₂
    objective   1 - i · t + λ_L2 |w - w_s|² + λ_ID (1 - alike)
    interval    the middle 95 % of the mean differences of sentences, picked with replacement

Citation: Heusel et al., arXiv:1706.08500, equation 6; StyleCLIP, arXiv:2103.17249, section 4; Efron
& Tibshirani 1993, chapter 8.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.labs.course.exercise import Exercise, Inputs, normal, uniform

Cloud = Float[Tensor, "n E"]
Walk = Float[Tensor, "n L W"]
Each = Float[Tensor, " n"]


def frechet(first: Cloud, second: Cloud) -> float:
    """The Fréchet distance of two clouds of features, [n, E] and [m, E]."""
    c1, c2 = torch.cov(first.T), torch.cov(second.T)
    gap = (first.mean(dim=0) - second.mean(dim=0)).square().sum()
    shared = torch.linalg.eigvals(c1 @ c2).real.clamp(min=0).sqrt().sum()
    return float(gap + c1.trace() + c2.trace() - 2 * shared)


def _clouds(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (normal(random, n, 3) @ normal(random, 3, 3) + 0.7, normal(random, n + 2, 3))
        for n in (8, 10, 13)
    ]


def objective(
    picture: Cloud,
    wanted: Float[Tensor, " E"],
    w: Walk,
    start: Walk,
    alike: Each,
    l2: float,
    identity: float,
) -> Each:
    """1 - i · t + l2 |w - start|² + identity (1 - alike), a number for each picture."""
    distance = (w - start).square().flatten(1).sum(dim=1)
    return 1 - picture @ wanted + l2 * distance + identity * (1 - alike)


def _walks(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (
            F.normalize(normal(random, n, 4), dim=1),
            F.normalize(normal(random, 4), dim=0),
            *(normal(random, n, 2, 3) for _ in "ab"),
            uniform(random, n),
            l2,
            identity,
        )
        for n, l2, identity in ((1, 0.1, 0.5), (2, 0.2, 0.3), (3, 0.05, 0.8))
    ]


def paired_interval(first: Each, second: Each, picks: Int[Tensor, "m n"]) -> tuple[float, float]:
    """The middle 95 % of the mean differences of the sentences picked with replacement."""
    means = (first - second)[picks].mean(dim=1)
    low, high = torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))
    return float(low), float(high)


def _scores(random: torch.Generator) -> Sequence[Inputs]:
    cases: list[Inputs] = []
    for n in (6, 9, 12):
        hard = 3 * uniform(random, n)  # a hard sentence is hard for both methods
        first, second = hard + uniform(random, n), hard + uniform(random, n) - 0.4
        cases.append((first, second, torch.randint(n, (60, n), generator=random)))
    return cases


EXERCISES = (
    Exercise(
        "06.frechet",
        "frechet(first [n, E], second [m, E]) -> the squared Fréchet distance",
        frechet,
        _clouds,
        {
            "the covariances are divided by n, not by n - 1": ".T) → .T, correction=0)",
            "the distance of the means is not squared": ".square().sum() → .norm()",
            "the means are left out": "gap + →",
            "the 2 before the last trace is missing": "2 * shared → shared",
            "the last trace is added": "- 2 * → + 2 *",
            "variances only: the covariances are left out": (
                "shared = → c1, c2 = c1.diag().diag(), c2.diag().diag(); shared ="
            ),
            "its square root: the squared distance is asked for": (
                "- 2 * shared) → - 2 * shared) ** 0.5"
            ),
            "means only: the covariances are left out": "+ c1.trace() + c2.trace() - 2 * shared →",
        },
    ),
    Exercise(
        "06.objective",
        "objective(picture [n, E], wanted [E], w [n, L, W], start, alike [n], l2, identity) -> [n]",
        objective,
        _walks,
        {
            "the cosine has the wrong sign: it moves away from the sentence": (
                "1 - picture → 1 + picture"
            ),
            "the face term has the wrong sign: it rewards another person": (
                "(1 - alike) → (1 + alike)"
            ),
            "the distance is averaged over numbers, not summed": ".sum(dim=1) → .mean(dim=1)",
            "the distance is not squared": (
                ".square().flatten(1).sum(dim=1) → .flatten(1).norm(dim=1)"
            ),
            "the distance is that from zero, not from the start": "w - start → w",
            "the distance is missing": "l2 * distance + →",
            "the face term is missing": "+ identity * (1 - alike) →",
            "one distance for all pictures together": ".flatten(1).sum(dim=1) → .sum()",
        },
    ),
    Exercise(
        "06.paired_interval",
        "paired_interval(first [n], second [n], picks [m, n]) -> (low, high), the middle 95 %",
        paired_interval,
        _scores,
        {
            "each method draws its own sentences: the pairs are lost": (
                "(first - second)[picks] → (first[picks] - second[picks.flip(0)])"
            ),
            "second minus first instead of first minus second": "first - second → second - first",
            "5 % are cut off on each side: that is a 90 % interval": "0.025, 0.975 → 0.05, 0.95",
            "low and high are exchanged": "low, high = → high, low =",
            "from the lowest mean to the highest": "0.025, 0.975 → 0, 1",
            "the spread of the differences, not that of their mean": (
                "(first - second)[picks].mean(dim=1) → first - second"
            ),
            "the interval of the first method only": "first - second → first",
        },
    ),
)
