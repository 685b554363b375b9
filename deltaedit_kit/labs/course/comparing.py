"""Exercises on comparing methods: two sets of pictures, a baseline's objective, a paired interval.

    Fréchet     |μ₁ - μ₂|² + tr(C₁ + C₂) - 2 Σ √λ,   λ the eigenvalues of C₁ C₂
    objective   1 - i · t + λ_L2 |w - w_s|² + λ_ID (1 - alike)
    interval    the middle 95 % of the mean differences of sentences, picked with replacement

Citation: Heusel et al., arXiv:1706.08500, equation 6; StyleCLIP, arXiv:2103.17249, section 4; Efron
& Tibshirani 1993, chapter 8.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.labs.course.exercise import Answer, Exercise, Inputs

Cloud = Float[Tensor, "n E"]
Walk = Float[Tensor, "n L W"]
Each = Float[Tensor, " n"]


def _normal(random: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=random, dtype=torch.float64)


def _uniform(random: torch.Generator, *shape: int) -> Tensor:
    return torch.rand(shape, generator=random, dtype=torch.float64)


# --- two sets of pictures


def frechet(first: Cloud, second: Cloud) -> float:
    """The Fréchet distance of two clouds of features, [n, E] and [m, E]."""
    c1, c2 = torch.cov(first.T), torch.cov(second.T)
    gap = (first.mean(dim=0) - second.mean(dim=0)).square().sum()
    shared = torch.linalg.eigvals(c1 @ c2).real.clamp(min=0).sqrt().sum()
    return float(gap + c1.trace() + c2.trace() - 2 * shared)


def _frechet(
    gap: Callable[[Tensor], Tensor] = lambda g: g.square().sum(),
    twice: float = 2.0,
    correction: int = 1,
    diagonal: bool = False,
) -> Answer:
    def answer(x: Tensor, y: Tensor) -> Tensor:
        c1, c2 = (torch.cov(cloud.T, correction=correction) for cloud in (x, y))
        if diagonal:
            c1, c2 = c1.diag().diag(), c2.diag().diag()
        shared = torch.linalg.eigvals(c1 @ c2).real.clamp(min=0).sqrt().sum()
        return gap(x.mean(0) - y.mean(0)) + c1.trace() + c2.trace() - twice * shared

    return answer


def _clouds(random: torch.Generator) -> Sequence[Inputs]:
    mixed = [
        (_normal(random, n, 3) @ _normal(random, 3, 3) + 0.7, _normal(random, n + 2, 3))
        for n in (8, 10, 13)
    ]
    return [tuple(pair) for pair in mixed]


# --- what a baseline makes small


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


def _objective(
    clip: Callable[[Tensor], Tensor] = lambda cosine: 1 - cosine,
    distance: Callable[[Tensor, Tensor], Tensor] = lambda w, s: (w - s).square().flatten(1).sum(1),
    person: Callable[[Tensor], Tensor] = lambda alike: 1 - alike,
) -> Answer:
    return lambda i, t, w, s, alike, l2, identity: (
        clip(i @ t) + l2 * distance(w, s) + identity * person(alike)
    )


def _walks(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (
            F.normalize(_normal(random, n, 4), dim=1),
            F.normalize(_normal(random, 4), dim=0),
            *(_normal(random, n, 2, 3) for _ in "ab"),
            _uniform(random, n),
            l2,
            identity,
        )
        for n, l2, identity in ((1, 0.1, 0.5), (2, 0.2, 0.3), (3, 0.05, 0.8))
    ]


# --- which of two methods is better


def paired_interval(first: Each, second: Each, picks: Int[Tensor, "m n"]) -> tuple[float, float]:
    """The middle 95 % of the mean differences of the sentences picked with replacement."""
    means = (first - second)[picks].mean(dim=1)
    low, high = torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))
    return float(low), float(high)


def _middle(
    means: Callable[[Tensor, Tensor, Tensor], Tensor], low: float = 0.025, high: float = 0.975
) -> Answer:
    return lambda a, b, picks: tuple(torch.quantile(means(a, b, picks), end) for end in (low, high))


def _means(first: Tensor, second: Tensor, picks: Tensor) -> Tensor:
    return (first - second)[picks].mean(1)


def _scores(random: torch.Generator) -> Sequence[Inputs]:
    cases: list[Inputs] = []
    for n in (6, 9, 12):
        hard = 3 * _uniform(random, n)  # a hard sentence is hard for both methods
        first, second = hard + _uniform(random, n), hard + _uniform(random, n) - 0.4
        cases.append((first, second, torch.randint(n, (60, n), generator=random)))
    return cases


EXERCISES = (
    Exercise(
        "06.frechet",
        "frechet(first [n, E], second [m, E]) -> the squared Fréchet distance",
        frechet,
        _clouds,
        {
            "the covariances are divided by n, not by n - 1": _frechet(correction=0),
            "the distance of the means is not squared": _frechet(lambda gap: gap.norm()),
            "the means are left out": _frechet(torch.zeros_like),
            "the 2 before the last trace is missing": _frechet(twice=1.0),
            "the last trace is added": _frechet(twice=-2.0),
            "variances only: the covariances are left out": _frechet(diagonal=True),
            "its square root: the squared distance is asked for": lambda x, y: frechet(x, y) ** 0.5,
            "means only: the covariances are left out": lambda x, y: (
                (x.mean(0) - y.mean(0)).square().sum()
            ),
        },
    ),
    Exercise(
        "06.objective",
        "objective(picture [n, E], wanted [E], w [n, L, W], start, alike [n], l2, identity) -> [n]",
        objective,
        _walks,
        {
            "the cosine has the wrong sign: it moves away from the sentence": _objective(
                lambda c: 1 + c
            ),
            "the face term has the wrong sign: it rewards another person": _objective(
                person=lambda alike: 1 + alike
            ),
            "the distance is averaged over numbers, not summed": _objective(
                distance=lambda w, s: (w - s).square().flatten(1).mean(1)
            ),
            "the distance is not squared": _objective(
                distance=lambda w, s: (w - s).flatten(1).norm(dim=1)
            ),
            "the distance is that from zero, not from the start": _objective(
                distance=lambda w, s: w.square().flatten(1).sum(1)
            ),
            "the distance is missing": _objective(distance=lambda w, s: w.new_zeros(len(w))),
            "the face term is missing": _objective(person=torch.zeros_like),
            "one distance for all pictures together": _objective(
                distance=lambda w, s: (w - s).square().sum().expand(len(w)) + 0
            ),
        },
    ),
    Exercise(
        "06.paired_interval",
        "paired_interval(first [n], second [n], picks [m, n]) -> (low, high), the middle 95 %",
        paired_interval,
        _scores,
        {
            "each method draws its own sentences: the pairs are lost": _middle(
                lambda a, b, picks: a[picks].mean(1) - b[picks.flip(0)].mean(1)
            ),
            "second minus first instead of first minus second": _middle(
                lambda a, b, picks: _means(b, a, picks)
            ),
            "5 % are cut off on each side: that is a 90 % interval": _middle(_means, 0.05, 0.95),
            "low and high are exchanged": _middle(_means, 0.975, 0.025),
            "from the lowest mean to the highest": _middle(_means, 0.0, 1.0),
            "the spread of the differences, not that of their mean": _middle(
                lambda a, b, picks: a - b
            ),
            "the interval of the first method only": _middle(lambda a, b, picks: a[picks].mean(1)),
        },
    ),
)
