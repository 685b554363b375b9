"""Exercises on one edit: how much a picture changed, whether the edit happened, what else moved.

    PSNR          10 log10( range² / mean squared error )
    success       of the faces that lacked the attribute, the share that has it after the edit
    side effect   mean |f'_k - f_k| over faces and over the factors k that nobody asked for
    directional   cos(i_after - i_before, Δt)

Citation: StyleGAN-NADA, arXiv:2108.00946, equation 2, for the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.labs.course.exercise import Answer, Exercise, Inputs

Pictures = Float[Tensor, "n 3 H W"]
Readings = Float[Tensor, "n K"]
Each = Float[Tensor, " n"]


def _normal(random: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=random, dtype=torch.float64)


def _uniform(random: torch.Generator, *shape: int) -> Tensor:
    return torch.rand(shape, generator=random, dtype=torch.float64)


# --- how much a picture changed


def psnr(pictures: Pictures, wanted: Pictures) -> Each:
    """10 log10(range² / mean squared error) of each picture; the range is 2, from -1 to 1."""
    error = (pictures - wanted).square().flatten(1).mean(dim=1)
    return 10 * (2**2 / error).log10()


def _psnr(peak: float, of: Callable[[Tensor], Tensor] = torch.square) -> Answer:
    return lambda x, y: 10 * (peak**2 / of(x - y).flatten(1).mean(1)).log10()


def _two_pictures(random: torch.Generator) -> Sequence[Inputs]:
    wanted = [_uniform(random, n, 3, 4, 5) * 2 - 1 for n in (2, 3, 4)]
    return [(x + 0.3 * _normal(random, *x.shape), x) for x in wanted]


# --- whether the edit happened, and what else did


def success(before: Each, after: Each, low: float, high: float) -> float:
    """Of the faces outside [low, high] before, the share that lies in it after."""
    lacked = (before < low) | (before > high)
    reached = (after >= low) & (after <= high)
    return float(reached[lacked].double().mean())


def _within(x: Tensor, low: float, high: float) -> Tensor:
    return (x >= low) & (x <= high)


def _one_factor(random: torch.Generator) -> Sequence[Inputs]:
    cases: list[Inputs] = []
    for n, low, high in ((40, 0.75, 1.0), (41, 0.25, 0.5), (43, 0.375, 0.625)):
        before, after = _uniform(random, n), _uniform(random, n)
        before[:2], after[:2] = 0.125, low  # two faces that arrive exactly at the end
        cases.append((before, after, low, high))
    return cases


def side_effect(before: Readings, after: Readings, asked: int) -> float:
    """Mean |change| over faces and over all factors but number `asked`."""
    change = (after - before).abs()
    others = [k for k in range(change.shape[1]) if k != asked]
    return float(change[:, others].mean())


def _side(of: Callable[[Tensor], Tensor]) -> Answer:
    """What `of` makes of the changes [n, K - 1] of the factors that nobody asked for."""
    return lambda f, g, asked: of(torch.cat([(g - f)[:, :asked], (g - f)[:, asked + 1 :]], dim=1))


def _readings(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (_uniform(random, n, 5), _uniform(random, n, 5), asked)
        for n, asked in ((3, 0), (4, 2), (5, 4))
    ]


def directional(before: Readings, after: Readings, delta_t: Float[Tensor, " K"]) -> Each:
    """cos(i_after - i_before, Δt), a number for each picture."""
    return F.cosine_similarity(after - before, delta_t[None], dim=1)


def _embeddings(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (*(F.normalize(_normal(random, n, 4), dim=1) for _ in "ab"), _normal(random, 4) * 0.4)
        for n in (2, 3, 4)
    ]


EXERCISES = (
    Exercise(
        "06.psnr",
        "psnr(pictures [n, 3, H, W], wanted [n, 3, H, W]) -> [n] in decibels; range -1 to 1",
        psnr,
        _two_pictures,
        {
            "the range is 2, from -1 to 1, not 1": _psnr(1.0),
            "the range is 2, not 255: these are no bytes": _psnr(255.0),
            "the range is not squared": _psnr(2**0.5),
            "absolute instead of squared error": _psnr(2.0, torch.abs),
            "the natural logarithm instead of that to base 10": lambda x, y: (
                10 * (4 / (x - y).square().flatten(1).mean(1)).log()
            ),
            "20 times the logarithm: that belongs to the root of the error": lambda x, y: (
                2 * psnr(x, y)
            ),
            "one error for all pictures together": lambda x, y: (
                10 * (4 / (x - y).square().mean()).log10().expand(len(x))
            ),
            "the squares are summed instead of averaged": lambda x, y: (
                10 * (4 / (x - y).square().flatten(1).sum(1)).log10()
            ),
            "error over range: the fraction is upside down": lambda x, y: -psnr(x, y),
        },
    ),
    Exercise(
        "06.success",
        "success(before [n], after [n], low, high) -> share of the faces that lacked it",
        success,
        _one_factor,
        {
            "faces that had it from the start are counted": lambda f, g, low, high: (
                _within(g, low, high).double().mean()
            ),
            "divided by all faces, not by those that lacked it": lambda f, g, low, high: (
                (_within(g, low, high) & ~_within(f, low, high)).double().mean()
            ),
            "it tests whether the factor came nearer, not whether it is in the range": (
                lambda f, g, low, high: (
                    ((g - low).abs() < (f - low).abs())[~_within(f, low, high)].double().mean()
                )
            ),
            "the upper end is ignored: values above the range count, too": lambda f, g, low, high: (
                (g >= low)[~_within(f, low, high)].double().mean()
            ),
            "values exactly at an end of the range are not counted": lambda f, g, low, high: (
                ((g > low) & (g < high))[~_within(f, low, high)].double().mean()
            ),
            "it counts the failures": lambda f, g, low, high: 1 - success(f, g, low, high),
            "a number of faces instead of a share": lambda f, g, low, high: _within(g, low, high)[
                ~_within(f, low, high)
            ].sum(),
            "it counts the faces that had it before and kept it": lambda f, g, low, high: (
                _within(g, low, high)[_within(f, low, high)].double().mean()
            ),
        },
    ),
    Exercise(
        "06.side_effect",
        "side_effect(before [n, K], after [n, K], asked) -> mean |change| of the other factors",
        side_effect,
        _readings,
        {
            "the factor asked for is counted, too": lambda f, g, asked: (g - f).abs().mean(),
            "the absolute value is missing: increases and decreases cancel": _side(torch.mean),
            "averaged over faces before the absolute value": _side(
                lambda x: x.mean(0).abs().mean()
            ),
            "squared instead of absolute": _side(lambda x: x.square().mean()),
            "summed over factors instead of averaged": _side(lambda x: x.abs().sum(1).mean()),
            "only the factor asked for is counted": lambda f, g, asked: (
                (g - f)[:, asked].abs().mean()
            ),
            "the factor asked for is counted as one that did not change": lambda f, g, asked: (
                side_effect(f, g, asked) * (f.shape[1] - 1) / f.shape[1]
            ),
            "the largest change instead of the mean": _side(
                lambda x: x.abs().max(dim=1).values.mean()
            ),
        },
    ),
    Exercise(
        "06.directional",
        "directional(before [n, E], after [n, E], delta_t [E]) -> cosines [n]",
        directional,
        _embeddings,
        {
            "the picture after the edit is compared, not the change": lambda i, j, t: (
                F.cosine_similarity(j, t[None], dim=1)
            ),
            "it points from after to before": lambda i, j, t: directional(j, i, t),
            "it is not divided by the lengths": lambda i, j, t: (j - i) @ t,
            "a difference of two cosines: only Δt is divided by its length": lambda i, j, t: (
                (j - i) @ (t / t.norm())
            ),
            "only the change is divided by its length": lambda i, j, t: (
                F.normalize(j - i, dim=1) @ t
            ),
            "one mean change for all pictures together": lambda i, j, t: F.cosine_similarity(
                (j - i).mean(0), t, dim=0
            ).expand(len(i)),
        },
    ),
)
