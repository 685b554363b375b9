"""Exercises on a domain of one's own: what z stands for, and what a generator fails to draw.

    factors      u = Φ(z / rms(z)),  the first K of them
    unexplained  |(G' - G) - (x' - x)|² / |x' - x|²,  a pair of renders that differ in one factor

Citation: Karras et al., arXiv:1710.10196, section 4.2 (PixelNorm divides by the rms).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.labs.course.exercise import Exercise, Inputs, normal

Latents = Float[Tensor, "n Z"]
Pairs = Float[Tensor, "n 2 3 h h"]


def factors(z: Latents, count: int) -> Float[Tensor, "n K"]:
    """The first `count` coordinates of z [n, Z], divided by the rms of all, through Φ."""
    normalised = z / z.square().mean(dim=1, keepdim=True).sqrt()
    return torch.special.ndtr(normalised[:, :count])


def unexplained(made: Pairs, target: Pairs) -> Float[Tensor, " n"]:
    """Share [n] of what changes in each pair of renders that the generator misses."""
    change, drawn = target[:, 1] - target[:, 0], made[:, 1] - made[:, 0]
    missed = (drawn - change).square().sum((1, 2, 3))
    wanted = change.square().sum((1, 2, 3))
    return missed / wanted


def _drawings(random: torch.Generator) -> Sequence[Inputs]:
    return [
        tuple(normal(random, n, 2, 3, side, side) for _ in "ab")
        for n, side in ((2, 4), (3, 5), (4, 6))
    ]


EXERCISES = (
    Exercise(
        "10.factors",
        "factors(z [n, Z], count) -> [n, count] in [0, 1]",
        factors,
        lambda random: [
            (1.0 + 1.5 * normal(random, n, width), count)
            for n, width, count in ((6, 8, 3), (5, 16, 4), (9, 12, 5))
        ],
        {
            "z is not normalised": "/ z.square().mean(dim=1, keepdim=True).sqrt() →",
            "the rms is that of the first coordinates alone": "z.square() → z[:, :count].square()",
            "divided by the norm: the root of the sum, not of the mean": ".mean(dim=1 → .sum(dim=1",
            "divided by the deviation: the mean is subtracted in it": (
                "z.square().mean(dim=1, keepdim=True).sqrt() → z.std(dim=1, keepdim=True)"
            ),
            "the last coordinates, not the first": "[:, :count] → [:, -count:]",
            "a sigmoid instead of Φ: its results are not uniform": (
                "torch.special.ndtr → torch.sigmoid"
            ),
            "the square root is missing": ".sqrt() →",
        },
    ),
    Exercise(
        "10.unexplained",
        "unexplained(made [n, 2, 3, h, h], target [n, 2, 3, h, h]) -> share missed [n]",
        unexplained,
        _drawings,
        {
            "pictures are compared, not what changes in a pair": (
                "(drawn - change) → (made - target).flatten(1, 2)"
            ),
            "divided by the change that was drawn, not by the one that was wanted": (
                "change.square() → drawn.square()"
            ),
            "absolute values instead of squares": ".square() → .abs()",
            "one of the two changes has the other sign": "drawn - change → drawn + change",
            "not divided: factors that change few pixels count less": ("/ wanted →"),
            "one number for all pairs": ("missed / wanted → (missed / wanted).mean()"),
        },
    ),
)
