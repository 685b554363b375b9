"""Exercises on sentences as directions: one, several added, how alike they are, how many channels.

    Δt      unit(mean over templates of text(target)) - the same of the neutral word
    Δs      Σ_k strength_k · Δs_k ⊙ kept_k
    kept    number of channels with |R_c · Δt| >= threshold, for each threshold
    choice  the threshold with the highest success - price · side effect

Citation: arXiv:2303.06285, section 3.3; templates: Radford et al., arXiv:2103.00020, section 3.1.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.labs.course.exercise import Answer, Exercise, Inputs

Vector = Float[Tensor, " E"]
Framed = Float[Tensor, "F E"]  # one text in F templates, unit rows
Each = Float[Tensor, " T"]


def _normal(random: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=random, dtype=torch.float64)


def _unit(random: torch.Generator, *shape: int) -> Tensor:
    return F.normalize(_normal(random, *shape), dim=-1)


# --- a sentence as a direction


def direction(target: Vector, neutral: Vector) -> tuple[Vector, float]:
    """The unit direction from the neutral word to the target, and how long the step is."""
    delta_t = target - neutral
    return delta_t / delta_t.norm(), float(delta_t.norm())


def delta_text(target: Framed, neutral: Framed) -> Vector:
    """Δt [E] of texts in F templates: mean, to length 1, difference."""
    means = torch.stack([target.mean(dim=0), neutral.mean(dim=0)])
    unit = means / means.norm(dim=1, keepdim=True)
    return unit[0] - unit[1]


def _scaled(x: Tensor) -> Tensor:
    return x / x.norm()


# --- several sentences


def add(
    steps: Float[Tensor, "K S"], strengths: Float[Tensor, " K"], kept: Bool[Tensor, "K S"]
) -> Float[Tensor, " S"]:
    """Σ_k strength_k · Δs_k ⊙ kept_k."""
    return (strengths[:, None] * steps * kept).sum(dim=0)


def _added(masks: Callable[[Tensor], Tensor]) -> Answer:
    """With other relevance masks, made of the right ones [K, S]."""
    return lambda steps, strengths, kept: (strengths[:, None] * steps * masks(kept)).sum(0)


def _sentences(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (_normal(random, k, 25), _normal(random, k) + 1, torch.rand(k, 25, generator=random) > 0.4)
        for k in (2, 3, 4)
    ]


def part_of_each(deltas: Float[Tensor, "K E"]) -> Float[Tensor, " K"]:
    """cos(Δ_k, Σ Δ): how much of the joint direction each sentence has."""
    return F.cosine_similarity(deltas, deltas.sum(dim=0)[None], dim=1)


# --- the threshold


def kept_curve(relevance: Float[Tensor, "S E"], delta_t: Vector, thresholds: Each) -> Each:
    """The number of channels that may move, for each threshold."""
    relevant = (relevance @ delta_t).abs()
    return (relevant[None] >= thresholds[:, None]).sum(dim=1)


def _curve(
    of: Callable[[Tensor, Tensor], Tensor] = lambda r, t: (r @ t).abs(),
    passes: Callable[[Tensor, Tensor], Tensor] = torch.ge,
) -> Answer:
    return lambda r, t, thresholds: passes(of(r, t)[None], thresholds[:, None]).sum(1)


def _sweeps(random: torch.Generator) -> Sequence[Inputs]:
    cases: list[Inputs] = []
    for channels in (40, 60, 90):
        rows, step = _unit(random, channels, 5), _unit(random, 5) * 0.375
        at = (rows @ step).abs().sort().values  # the tenth channel is exactly at a threshold
        ends = torch.tensor([0.0, 0.05, 0.1, 0.3, 1.0], dtype=torch.float64)
        cases.append((rows, step, torch.cat([ends, at[10:11]]).sort().values))
    return cases


def best_threshold(thresholds: Each, success: Each, side: Each, price: float) -> float:
    """The threshold with the highest success - price · side effect."""
    return float(thresholds[(success - price * side).argmax()])


def _chosen(score: Callable[[Tensor, Tensor, float], Tensor]) -> Answer:
    return lambda thresholds, success, side, price: float(
        thresholds[score(success, side, price).argmax()]
    )


def _trades(random: torch.Generator) -> Sequence[Inputs]:
    """One trade-off in three orders: for each mistake another of its six points is the best."""
    points = torch.tensor(  # success, side effect
        [[0.99, 0.9], [0.95, 1.5], [0.01, 0.005], [0.05, 1.4], [0.93, 0.2], [0.6, 0.02]],
        dtype=torch.float64,
    )
    thresholds = torch.tensor([0.01, 0.02, 0.05, 0.1, 0.2, 0.4], dtype=torch.float64)
    cases: list[Inputs] = []
    for price in (0.3, 1.0, 3.0):
        success, side = points[torch.randperm(6, generator=random)].T
        cases.append((thresholds, success + 0.001 * _normal(random, 6), side, price))
    return cases


EXERCISES = (
    Exercise(
        "00.direction",
        "direction(target [E], neutral [E]) -> (unit direction [E], length of the step)",
        direction,
        lambda random: [(_unit(random, e), _unit(random, e)) for e in (3, 5, 8)],
        {
            "it points from the target to the neutral word": lambda t, n: direction(n, t),
            "the direction is not normalised": lambda t, n: (t - n, direction(t, n)[1]),
            "the neutral word is not subtracted": lambda t, n: direction(t, torch.zeros_like(n)),
            "the squared length instead of the length": lambda t, n: (
                direction(t, n)[0],
                direction(t, n)[1] ** 2,
            ),
            "divided by the squared length": lambda t, n: (
                (t - n) / (t - n).square().sum(),
                direction(t, n)[1],
            ),
            "the sum of absolute values as the length": lambda t, n: (
                direction(t, n)[0],
                (t - n).abs().sum(),
            ),
            "the length after normalising, which is always 1": lambda t, n: (
                direction(t, n)[0],
                1.0,
            ),
        },
    ),
    Exercise(
        "04.delta_text",
        "delta_text(target [F, E], neutral [F, E]) -> Δt [E]; a text in F templates, unit rows",
        delta_text,
        lambda random: [(_unit(random, f, 6), _unit(random, f, 6)) for f in (2, 3, 5)],
        {
            "the means are not brought to length 1": lambda t, n: t.mean(0) - n.mean(0),
            "only the target's mean is brought to length 1": lambda t, n: (
                _scaled(t.mean(0)) - n.mean(0)
            ),
            "Δt itself is brought to length 1": lambda t, n: _scaled(delta_text(t, n)),
            "only the difference is brought to length 1": lambda t, n: _scaled(
                t.mean(0) - n.mean(0)
            ),
            "neutral minus target instead of target minus neutral": lambda t, n: delta_text(n, t),
            "the first template only": lambda t, n: t[0] - n[0],
            "the neutral word is not subtracted": lambda t, n: _scaled(t.mean(0)),
        },
    ),
    Exercise(
        "04.add",
        "add(steps [K, S], strengths [K], kept [K, S] bool) -> the step of all sentences [S]",
        add,
        _sentences,
        {
            "averaged instead of added: each step becomes shorter": lambda x, a, kept: (
                add(x, a, kept) / len(x)
            ),
            "the strengths are missing": lambda x, a, kept: (x * kept).sum(0),
            "the strengths are scaled to a sum of 1": lambda x, a, kept: add(x, a / a.sum(), kept),
            "one strength for all": lambda x, a, kept: a[0] * (x * kept).sum(0),
            "the relevance masks are missing": _added(torch.ones_like),
            "a channel that one sentence may move is moved by all": _added(
                lambda kept: kept.any(0)
            ),
            "only channels that all sentences may move": _added(lambda kept: kept.all(0)),
            "the relevance masks are inverted": _added(torch.logical_not),
        },
    ),
    Exercise(
        "04.part_of_each",
        "part_of_each(deltas [K, E]) -> [K]: the cosine of each Δ with the sum of all",
        part_of_each,
        lambda random: [
            (_normal(random, k, 6) * torch.linspace(0.5, 2, k, dtype=torch.float64)[:, None],)
            for k in (2, 3, 4)
        ],
        {
            "each Δ is brought to length 1 before the sum": lambda d: F.cosine_similarity(
                d, F.normalize(d, dim=1).sum(0)[None], dim=1
            ),
            "it is not divided by the lengths": lambda d: d @ d.sum(0),
            "divided by the length of the sum only": lambda d: d @ _scaled(d.sum(0)),
            "divided by the length of Δ_k only": lambda d: F.normalize(d, dim=1) @ d.sum(0),
            "the square of the cosine": lambda d: part_of_each(d).square(),
            "the cosine with the sum of the others": lambda d: F.cosine_similarity(
                d, d.sum(0)[None] - d, dim=1
            ),
            "the distance, 1 - cosine": lambda d: 1 - part_of_each(d),
        },
    ),
    Exercise(
        "04.kept_curve",
        "kept_curve(relevance [S, E], delta_t [E], thresholds [T]) -> numbers of channels [T]",
        kept_curve,
        _sweeps,
        {
            "Δt is brought to length 1 first": _curve(lambda r, t: (r @ _scaled(t)).abs()),
            "without the absolute value": _curve(lambda r, t: r @ t),
            "a channel exactly at the threshold is dropped": _curve(passes=torch.gt),
            "it counts the channels that are dropped": _curve(passes=torch.lt),
            "a share of the channels instead of their number": lambda r, t, x: (
                kept_curve(r, t, x) / len(r)
            ),
            "the square is compared with the threshold": _curve(lambda r, t: (r @ t).square()),
            "the thresholds are used in reverse order": lambda r, t, x: kept_curve(r, t, x.flip(0)),
        },
    ),
    Exercise(
        "04.best_threshold",
        "best_threshold(thresholds [T], success [T], side [T], price) -> one of the thresholds",
        best_threshold,
        _trades,
        {
            "the side effect is ignored: only success counts": _chosen(lambda s, e, p: s),
            "success is ignored: only the side effect counts": _chosen(lambda s, e, p: -e),
            "the side effect is rewarded": _chosen(lambda s, e, p: s + p * e),
            "the lowest score instead of the highest": _chosen(lambda s, e, p: p * e - s),
            "the price is fixed at 5": _chosen(lambda s, e, p: s - 5 * e),
            "the index of the threshold, not the threshold": lambda x, s, e, p: int(
                (s - p * e).argmax()
            ),
            "the score, not the threshold": lambda x, s, e, p: (s - p * e).max(),
        },
    ),
)
