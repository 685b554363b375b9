"""Exercises on sentences as directions: one, several added, how alike they are, how many channels.

    Δt      unit(mean over templates of text(target)) - the same of the neutral word
    Δs      Σ_k strength_k · Δs_k ⊙ kept_k
    kept    number of channels with |R_c · Δt| >= threshold, for each threshold
    choice  the threshold with the highest success - price · side effect

Citation: arXiv:2303.06285, section 3.3; templates: Radford et al., arXiv:2103.00020, section 3.1.4.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.labs.course.exercise import Exercise, Inputs, normal

Vector = Float[Tensor, " E"]
Framed = Float[Tensor, "F E"]  # one text in F templates, unit rows
Each = Float[Tensor, " T"]


def _unit(random: torch.Generator, *shape: int) -> Tensor:
    return F.normalize(normal(random, *shape), dim=-1)


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


# --- several sentences


def add(
    steps: Float[Tensor, "K S"], strengths: Float[Tensor, " K"], kept: Bool[Tensor, "K S"]
) -> Float[Tensor, " S"]:
    """Σ_k strength_k · Δs_k ⊙ kept_k."""
    return (strengths[:, None] * steps * kept).sum(dim=0)


def _sentences(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (normal(random, k, 25), normal(random, k) + 1, torch.rand(k, 25, generator=random) > 0.4)
        for k in (2, 3, 4)
    ]


def part_of_each(deltas: Float[Tensor, "K E"]) -> Float[Tensor, " K"]:
    """cos(Δ_k, Σ Δ): how much of the joint direction each sentence has."""
    joint = deltas.sum(dim=0)
    return F.cosine_similarity(deltas, joint[None], dim=1)


# --- the threshold


def kept_curve(relevance: Float[Tensor, "S E"], delta_t: Vector, thresholds: Each) -> Each:
    """The number of channels that may move, for each threshold."""
    relevant = (relevance @ delta_t).abs()
    return (relevant[None] >= thresholds[:, None]).sum(dim=1)


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
    score = success - price * side
    return float(thresholds[score.argmax()])


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
        cases.append((thresholds, success + 0.001 * normal(random, 6), side, price))
    return cases


EXERCISES = (
    Exercise(
        "00.direction",
        "direction(target [E], neutral [E]) -> (unit direction [E], length of the step)",
        direction,
        lambda random: [(_unit(random, e), _unit(random, e)) for e in (3, 5, 8)],
        {
            "it points from the target to the neutral word": "target - neutral → neutral - target",
            "the direction is not normalised": "delta_t / delta_t.norm() → delta_t",
            "the neutral word is not subtracted": "target - neutral → target",
            "the squared length instead of the length": (
                "float(delta_t.norm()) → delta_t.square().sum()"
            ),
            "divided by the squared length": (
                "delta_t / delta_t.norm() → delta_t / delta_t.square().sum()"
            ),
            "the sum of absolute values as the length": (
                "float(delta_t.norm()) → delta_t.abs().sum()"
            ),
            "the length after normalising, which is always 1": "float(delta_t.norm()) → 1.0",
        },
    ),
    Exercise(
        "04.delta_text",
        "delta_text(target [F, E], neutral [F, E]) -> Δt [E]; a text in F templates, unit rows",
        delta_text,
        lambda random: [(_unit(random, f, 6), _unit(random, f, 6)) for f in (2, 3, 5)],
        {
            "the means are not brought to length 1": "/ means.norm(dim=1, keepdim=True) →",
            "only the target's mean is brought to length 1": "unit[1] → means[1]",
            "Δt itself is brought to length 1": (
                "unit[0] - unit[1] → F.normalize(unit[0] - unit[1], dim=0)"
            ),
            "only the difference is brought to length 1": (
                "unit[0] - unit[1] → F.normalize(means[0] - means[1], dim=0)"
            ),
            "neutral minus target instead of target minus neutral": (
                "unit[0] - unit[1] → unit[1] - unit[0]"
            ),
            "the first template only": ".mean(dim=0) → [0]",
            "the neutral word is not subtracted": "- unit[1] →",
        },
    ),
    Exercise(
        "04.add",
        "add(steps [K, S], strengths [K], kept [K, S] bool) -> the step of all sentences [S]",
        add,
        _sentences,
        {
            "averaged instead of added: each step becomes shorter": ".sum(dim=0) → .mean(dim=0)",
            "the strengths are missing": "strengths[:, None] * →",
            "the strengths are scaled to a sum of 1": (
                "strengths[:, None] → strengths[:, None] / strengths.sum()"
            ),
            "one strength for all": "strengths[:, None] → strengths[0]",
            "the relevance masks are missing": "* kept →",
            "a channel that one sentence may move is moved by all": "* kept → * kept.any(dim=0)",
            "only channels that all sentences may move": "* kept → * kept.all(dim=0)",
            "the relevance masks are inverted": "* kept → * ~kept",
        },
    ),
    Exercise(
        "04.part_of_each",
        "part_of_each(deltas [K, E]) -> [K]: the cosine of each Δ with the sum of all",
        part_of_each,
        lambda random: [
            (normal(random, k, 6) * torch.linspace(0.5, 2, k, dtype=torch.float64)[:, None],)
            for k in (2, 3, 4)
        ],
        {
            "each Δ is brought to length 1 before the sum": (
                "deltas.sum → F.normalize(deltas, dim=1).sum"
            ),
            "it is not divided by the lengths": (
                "F.cosine_similarity(deltas, joint[None], dim=1) → deltas @ joint"
            ),
            "divided by the length of the sum only": (
                "F.cosine_similarity(deltas, joint[None], dim=1) → deltas @ joint / joint.norm()"
            ),
            "divided by the length of Δ_k only": (
                "F.cosine_similarity(deltas, joint[None], dim=1) → F.normalize(deltas) @ joint"
            ),
            "the square of the cosine": "dim=1) → dim=1).square()",
            "the cosine with the sum of the others": "joint[None] → joint - deltas",
            "the distance, 1 - cosine": "return → return 1 -",
        },
    ),
    Exercise(
        "04.kept_curve",
        "kept_curve(relevance [S, E], delta_t [E], thresholds [T]) -> numbers of channels [T]",
        kept_curve,
        _sweeps,
        {
            "Δt is brought to length 1 first": "@ delta_t → @ F.normalize(delta_t, dim=0)",
            "without the absolute value": ".abs() →",
            "a channel exactly at the threshold is dropped": ">= → >",
            "it counts the channels that are dropped": ">= → <",
            "a share of the channels instead of their number": (
                ".sum(dim=1) → .double().mean(dim=1)"
            ),
            "the square is compared with the threshold": ".abs() → .square()",
            "the thresholds are used in reverse order": (
                "thresholds[:, None] → thresholds.flip(0)[:, None]"
            ),
        },
    ),
    Exercise(
        "04.best_threshold",
        "best_threshold(thresholds [T], success [T], side [T], price) -> one of the thresholds",
        best_threshold,
        _trades,
        {
            "the side effect is ignored: only success counts": "- price * side →",
            "success is ignored: only the side effect counts": "success - price → -price",
            "the side effect is rewarded": "success - price → success + price",
            "the lowest score instead of the highest": "argmax → argmin",
            "the price is fixed at 5": "price * side → 5 * side",
            "the index of the threshold, not the threshold": (
                "thresholds[score.argmax()] → score.argmax()"
            ),
            "the score, not the threshold": "thresholds[score.argmax()] → score.max()",
        },
    ),
)
