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


def _turned(s: Tensor, channel: int, step: float | Tensor) -> Tensor:
    return s + step * F.one_hot(torch.tensor(channel), s.shape[1])


def relevance_row(up: Float[Tensor, "n E"], down: Float[Tensor, "n E"]) -> Float[Tensor, " E"]:
    """One row of R from unit embeddings of n pictures with the channel up and down."""
    return F.normalize(F.normalize(up - down, dim=1).mean(dim=0), dim=0)


def _embeddings(random: torch.Generator) -> Sequence[Inputs]:
    return [
        tuple(F.normalize(torch.randn(n, 6, generator=random) + x, dim=1) for x in (0.4, 0.0))
        for n in (3, 5, 8)
    ]


def r_squared(read: Float[Tensor, "n F"], guess: Float[Tensor, "n F"]) -> Float[Tensor, " F"]:
    """The share of each factor's variance that the guess explains."""
    residual = (read - guess).square().sum(dim=0)
    return 1 - residual / (read - read.mean(dim=0)).square().sum(dim=0)


def _readings(random: torch.Generator) -> Sequence[Inputs]:
    cases: list[Inputs] = []
    for n in (6, 9, 14):
        read = torch.randn(n, 4, generator=random) * torch.tensor([0.5, 1, 2, 3]) + 1
        cases.append((read, read + 0.4 * torch.randn(n, 4, generator=random) + 0.1))
    return cases


def side_effect(
    before: Float[Tensor, "n F"], after: Float[Tensor, "n F"], asked: int
) -> Float[Tensor, ""]:
    """Mean change of all factors but the one that was asked for."""
    change = (after - before).abs()
    rest = torch.arange(before.shape[1]) != asked
    return change[:, rest].mean()


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
            "the other way round: the channels of first in second": lambda a, b, i, j: mix(
                b, a, i, j
            ),
            "off by one: the last channel is not replaced": lambda a, b, i, j: mix(a, b, i, j - 1),
            "off by one: one channel too many": lambda a, b, i, j: mix(a, b, i, j + 1),
            "it averages both": lambda a, b, i, j: mix(a, (a + b) / 2, i, j),
            "it adds instead of replacing": lambda a, b, i, j: mix(a, a + b, i, j),
            "it replaces everything from start on": lambda a, b, i, j: mix(a, b, i, a.shape[1]),
            "the other channels become 0": lambda a, b, i, j: mix(torch.zeros_like(a), b, i, j),
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
            "σ is missing: k alone means a different step in each channel": lambda s, c, k, d: (
                _turned(s, c, k)
            ),
            "all channels are changed": lambda s, c, k, d: s + k * d,
            "it sets the channel instead of adding to it": lambda s, c, k, d: _turned(
                s, c, k * d[c] - s[:, c : c + 1]
            ),
            "the sign is wrong: the channel goes down": lambda s, c, k, d: turn(s, c, -k, d),
            "divided by σ instead of multiplied": lambda s, c, k, d: _turned(s, c, k / d[c]),
            "the deviation of all numbers in s, not that of the channel": lambda s, c, k, d: (
                _turned(s, c, k * s.std())
            ),
            "off by one: the channel before it is changed": lambda s, c, k, d: turn(s, c - 1, k, d),
        },
    ),
    Exercise(
        "02.relevance_row",
        "relevance_row(up [n, E], down [n, E]) -> unit row [E]",
        relevance_row,
        _embeddings,
        {
            "the mean is not normalised again": lambda u, d: F.normalize(u - d, dim=1).mean(0),
            "the pictures' changes are not normalised one by one": lambda u, d: F.normalize(
                (u - d).mean(0), dim=0
            ),
            "it points from up to down": lambda u, d: relevance_row(d, u),
            "down is not subtracted": lambda u, d: F.normalize(u.mean(0), dim=0),
            "it uses the first picture only": lambda u, d: F.normalize(u[0] - d[0], dim=0),
            "normalised over the pictures instead of within a row": lambda u, d: F.normalize(
                F.normalize(u - d, dim=0).mean(0), dim=0
            ),
            "it takes the absolute value and loses the direction": lambda u, d: F.normalize(
                F.normalize(u - d, dim=1).abs().mean(0), dim=0
            ),
        },
    ),
    Exercise(
        "02.r_squared",
        "r_squared(read [n, F], guess [n, F]) -> [F], one for each factor",
        r_squared,
        _readings,
        {
            "the share that is not explained": lambda y, g: 1 - r_squared(y, g),
            "one mean for all factors": lambda y, g: (
                1 - (y - g).square().sum(0) / (y - y.mean()).square().sum(0)
            ),
            "compared with 0 instead of with the mean": lambda y, g: (
                1 - (y - g).square().sum(0) / y.square().sum(0)
            ),
            "the square root: deviations instead of variances": lambda y, g: (
                1 - ((y - g).square().sum(0) / (y - y.mean(0)).square().sum(0)).sqrt()
            ),
            "the squared correlation, which ignores a wrong offset and scale": lambda y, g: (
                F.cosine_similarity(y - y.mean(0), g - g.mean(0), dim=0).square()
            ),
            "the variance of the guess in the denominator": lambda y, g: (
                1 - (y - g).square().sum(0) / (g - g.mean(0)).square().sum(0)
            ),
            "absolute values instead of squares": lambda y, g: (
                1 - (y - g).abs().sum(0) / (y - y.mean(0)).abs().sum(0)
            ),
        },
    ),
    Exercise(
        "02.side_effect",
        "side_effect(before [n, F], after [n, F], asked) -> mean change of all other factors",
        side_effect,
        lambda random: [
            (*case, asked)
            for case, asked in zip(normals((2, 5), (2, 5))(random), (0, 3, 4), strict=True)
        ],
        {
            "the factor asked for is counted, too": lambda b, a, k: (a - b).abs().mean(),
            "the absolute value is missing: increases and decreases cancel": lambda b, a, k: (
                a - b
            )[:, torch.arange(b.shape[1]) != k].mean(),
            "only the factor asked for is counted": lambda b, a, k: (a - b)[:, k].abs().mean(),
            "the mean comes before the absolute value: changes of faces cancel": lambda b, a, k: (
                (a - b).mean(0)[torch.arange(b.shape[1]) != k].abs().mean()
            ),
            "summed over factors instead of averaged": lambda b, a, k: (
                side_effect(b, a, k) * (b.shape[1] - 1)
            ),
            "squares instead of absolute values": lambda b, a, k: (
                (a - b)[:, torch.arange(b.shape[1]) != k].square().mean()
            ),
            "the factor asked for is set to 0 and still counted in the mean": lambda b, a, k: (
                side_effect(b, a, k) * (b.shape[1] - 1) / b.shape[1]
            ),
        },
    ),
)
