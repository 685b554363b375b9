"""Exercises on style space: mixing, one channel, one row of R, a linear readout, a side effect.

    s_c + k σ_c        R_c = unit(mean of unit(e(up) - e(down)))        R² = 1 - SS_res / SS_tot

Citations: style mixing: Karras et al., arXiv:1812.04948; R: Patashnik et al., arXiv:2103.17249,
section 6.1; StyleSpace: Wu et al., arXiv:2011.12799.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.labs.course.exercise import Exercise, Inputs, normals


def mix(
    first: Float[Tensor, "n S"], second: Float[Tensor, "n S"], start: int, stop: int
) -> Float[Tensor, "n S"]:
    """The styles of `first`, with channels start to stop - 1 of `second`."""
    mixed = first.clone()
    mixed[:, start:stop] = second[:, start:stop]
    return mixed


def turn(
    s: Float[Tensor, "n S"], channel: int, k: float, deviation: Float[Tensor, " S"]
) -> Float[Tensor, "n S"]:
    """Styles with one channel raised by k of its deviations."""
    turned = s.clone()
    turned[:, channel] += k * deviation[channel]
    return turned


def relevance_row(up: Float[Tensor, "n E"], down: Float[Tensor, "n E"]) -> Float[Tensor, " E"]:
    """One row of R from unit embeddings of n pictures with the channel up and down."""
    directions = F.normalize(up - down, dim=1)
    return F.normalize(directions.mean(dim=0), dim=0)


def _embeddings(random: torch.Generator) -> Sequence[Inputs]:
    return [
        tuple(F.normalize(torch.randn(n, 6, generator=random) + x, dim=1) for x in (0.4, 0.0))
        for n in (3, 5, 8)
    ]


def r_squared(read: Float[Tensor, "n F"], guess: Float[Tensor, "n F"]) -> Float[Tensor, " F"]:
    """The share of each factor's variance that the guess explains."""
    residual = (read - guess).square().sum(dim=0)
    total = (read - read.mean(dim=0)).square().sum(dim=0)
    return 1 - residual / total


def _readings(random: torch.Generator) -> Sequence[Inputs]:
    cases: list[Inputs] = []
    for n in (6, 9, 14):
        read = torch.randn(n, 4, generator=random) * torch.tensor([0.5, 1, 2, 3]) + 1
        cases.append((read, read + 0.4 * torch.randn(n, 4, generator=random) + 0.1))
    return cases


def side_effect(
    before: Float[Tensor, "n F"], after: Float[Tensor, "n F"], asked: int
) -> Float[Tensor, ""]:
    """Mean |change| over faces and over all factors but the one that was asked for."""
    change = (after - before).abs()
    rest = torch.arange(before.shape[1]) != asked
    return change[:, rest].mean()


SIDE_EFFECT = Exercise(
    "02.side_effect",
    "side_effect(before [n, F], after [n, F], asked) -> mean |change| of all other factors",
    side_effect,
    lambda random: [
        (*case, asked)
        for case, asked in zip(normals((2, 5), (2, 5))(random), (0, 3, 4), strict=True)
    ],
    {
        "the factor asked for is counted, too": "[:, rest] →",
        "the absolute value is missing: increases and decreases cancel": ".abs() →",
        "only the factor asked for is counted": "!= → ==",
        "the mean comes before the absolute value: changes of faces cancel": (
            ".abs() → .mean(dim=0, keepdim=True).abs()"
        ),
        "summed over factors instead of averaged": ".mean() → .sum(dim=1).mean()",
        "squares instead of absolute values": ".abs() → .square()",
        "the factor asked for is set to 0 and still counted in the mean": (
            "change[:, rest] → (change * rest)"
        ),
        "the largest change instead of the mean": ".mean() → .amax(dim=1).mean()",
    },
)

EXERCISES = (
    Exercise(
        "02.mix",
        "mix(first [n, S], second [n, S], start, stop) -> [n, S]",
        mix,
        lambda random: [
            (*torch.randn(2, n, 9, generator=random).unbind(), start, stop)
            for n, start, stop in ((1, 0, 3), (2, 3, 7), (3, 6, 8))
        ],
        {
            "the other way round: the channels of first in second": (
                "mixed = → first, second = second, first; mixed ="
            ),
            "off by one: the last channel is not replaced": "start:stop → start : stop - 1",
            "off by one: one channel too many": "start:stop → start : stop + 1",
            "it averages both": "= second[:, start:stop] → = (first + second)[:, start:stop] / 2",
            "it adds instead of replacing": "] = → ] +=",
            "it replaces everything from start on": "start:stop → start:",
            "the other channels become 0": "first.clone() → torch.zeros_like(first)",
        },
    ),
    Exercise(
        "02.turn",
        "turn(s [n, S], channel, k, deviation [S]) -> [n, S]: s_c + k σ_c in one channel",
        turn,
        lambda random: [
            (torch.randn(n, 7, generator=random), c, k, torch.rand(7, generator=random) + 0.2)
            for n, c, k in ((1, 2, 5.0), (2, 0, -3.0), (4, 6, 1.5))
        ],
        {
            "σ is missing: k alone means a different step in each channel": (
                "* deviation[channel] →"
            ),
            "all channels are changed": "[:, channel] →\n[channel] →",
            "it sets the channel instead of adding to it": "+= → =",
            "the sign is wrong: the channel goes down": "+= → -=",
            "divided by σ instead of multiplied": "k * → k /",
            "the deviation of all numbers in s, not that of the channel": (
                "deviation[channel] → s.std()"
            ),
            "off by one: the channel before it is changed": "channel] → channel - 1]",
        },
    ),
    Exercise(
        "02.relevance_row",
        "relevance_row(up [n, E], down [n, E]) -> unit row [E]",
        relevance_row,
        _embeddings,
        {
            "the mean is not normalised again": (
                "F.normalize(directions.mean(dim=0), dim=0) → directions.mean(dim=0)"
            ),
            "the pictures' changes are not normalised one by one": (
                "F.normalize(up - down, dim=1) → up - down"
            ),
            "it points from up to down": "up - down → down - up",
            "down is not subtracted": "F.normalize(up - down, dim=1) → up",
            "it uses the first picture only": "directions.mean(dim=0) → directions[0]",
            "normalised over the pictures instead of within a row": "dim=1 → dim=0",
            "it takes the absolute value and loses the direction": (
                "directions.mean → directions.abs().mean"
            ),
        },
    ),
    Exercise(
        "02.r_squared",
        "r_squared(read [n, F], guess [n, F]) -> [F], one for each factor",
        r_squared,
        _readings,
        {
            "the share that is not explained": "1 - residual → residual",
            "one mean for all factors": "read.mean(dim=0) → read.mean()",
            "compared with 0 instead of with the mean": "- read.mean(dim=0) →",
            "the square root: deviations instead of variances": (
                "residual / total → (residual / total).sqrt()"
            ),
            "the squared correlation, which ignores a wrong offset and scale": (
                "1 - residual / total → "
                "F.cosine_similarity(read - read.mean(0), guess - guess.mean(0), dim=0).square()"
            ),
            "the variance of the guess in the denominator": (
                "read - read.mean(dim=0) → guess - guess.mean(dim=0)"
            ),
            "absolute values instead of squares": ".square() → .abs()",
        },
    ),
    SIDE_EFFECT,
)
