"""Exercises on a domain of one's own: what z stands for, and what a generator fails to draw.

    factors      u = Φ(z / rms(z)),  the first K of them
    unexplained  |(G' - G) - (x' - x)|² / |x' - x|²,  a pair of renders that differ in one factor

Citation: Karras et al., arXiv:1710.10196, section 4.2 (PixelNorm divides by the rms).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.labs.course.exercise import Answer, Exercise, Inputs

Latents = Float[Tensor, "n Z"]
Pairs = Float[Tensor, "n 2 3 h h"]


def factors(z: Latents, count: int) -> Float[Tensor, "n K"]:
    """The first `count` coordinates of z [n, Z], divided by the rms of all, through Φ."""
    normalised = z / z.square().mean(dim=1, keepdim=True).sqrt()
    return torch.special.ndtr(normalised[:, :count])


def _factors(
    normalise: Callable[[Tensor, int], Tensor],
    squash: Callable[[Tensor], Tensor] = torch.special.ndtr,
) -> Answer:
    return lambda z, count: squash(normalise(z, count))


def _rms(z: Tensor) -> Tensor:
    return z.square().mean(dim=1, keepdim=True).sqrt()


def _latents(random: torch.Generator) -> Sequence[Inputs]:
    sizes = ((6, 8, 3), (5, 16, 4), (9, 12, 5))
    return [
        (1.0 + 1.5 * torch.randn((n, width), generator=random, dtype=torch.float64), count)
        for n, width, count in sizes
    ]


def unexplained(made: Pairs, target: Pairs) -> Float[Tensor, " n"]:
    """Share [n] of what changes in each pair of renders that the generator misses."""
    change, drawn = target[:, 1] - target[:, 0], made[:, 1] - made[:, 0]
    return (drawn - change).square().sum((1, 2, 3)) / change.square().sum((1, 2, 3))


def _unexplained(
    error: Callable[[Tensor, Tensor], Tensor] = lambda drawn, change: (drawn - change).square(),
    by: Callable[[Tensor, Tensor], Tensor] = lambda drawn, change: change.square(),
) -> Answer:
    def answer(made: Tensor, target: Tensor) -> Tensor:
        change, drawn = target[:, 1] - target[:, 0], made[:, 1] - made[:, 0]
        return error(drawn, change).sum((1, 2, 3)) / by(drawn, change).sum((1, 2, 3))

    return answer


def _drawings(random: torch.Generator) -> Sequence[Inputs]:
    def pictures(n: int, side: int) -> Tensor:
        return torch.randn((n, 2, 3, side, side), generator=random, dtype=torch.float64)

    return [(pictures(n, side), pictures(n, side)) for n, side in ((2, 4), (3, 5), (4, 6))]


EXERCISES = (
    Exercise(
        "10.factors",
        "factors(z [n, Z], count) -> [n, count] in [0, 1]",
        factors,
        _latents,
        {
            "z is not normalised": _factors(lambda z, k: z[:, :k]),
            "the rms is that of the first coordinates alone": _factors(
                lambda z, k: z[:, :k] / _rms(z[:, :k])
            ),
            "divided by the norm: the root of the sum, not of the mean": _factors(
                lambda z, k: z[:, :k] / z.norm(dim=1, keepdim=True)
            ),
            "divided by the deviation: the mean is subtracted in it": _factors(
                lambda z, k: z[:, :k] / z.std(dim=1, keepdim=True)
            ),
            "the last coordinates, not the first": _factors(lambda z, k: (z / _rms(z))[:, -k:]),
            "a sigmoid instead of Φ: its results are not uniform": _factors(
                lambda z, k: (z / _rms(z))[:, :k], torch.sigmoid
            ),
            "the square root is missing": _factors(lambda z, k: z[:, :k] / _rms(z) ** 2),
        },
    ),
    Exercise(
        "10.unexplained",
        "unexplained(made [n, 2, 3, h, h], target [n, 2, 3, h, h]) -> share missed [n]",
        unexplained,
        _drawings,
        {
            "pictures are compared, not what changes in a pair": lambda made, target: (
                (made - target).square().sum((1, 2, 3, 4))
                / (target[:, 1] - target[:, 0]).square().sum((1, 2, 3))
            ),
            "divided by the change that was drawn, not by the one that was wanted": _unexplained(
                by=lambda drawn, change: drawn.square()
            ),
            "absolute values instead of squares": _unexplained(
                lambda drawn, change: (drawn - change).abs(), lambda drawn, change: change.abs()
            ),
            "one of the two changes has the other sign": _unexplained(
                lambda drawn, change: (drawn + change).square()
            ),
            "not divided: factors that change few pixels count less": _unexplained(
                by=lambda drawn, change: torch.ones_like(change) / change[0].numel()
            ),
            "one number for all pairs": lambda made, target: unexplained(made, target).mean(),
        },
    ),
)
