"""Exercises on one edit: how much a picture changed, whether the edit happened, what else moved.

    PSNR          10 log10( range² / mean squared error )
    success       of the faces that lacked the attribute, the share that has it after the edit
    side effect   mean |f'_k - f_k| over faces and over the factors k that nobody asked for
    directional   cos(i_after - i_before, Δt)

Citation: StyleGAN-NADA, arXiv:2108.00946, equation 2, for the last one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.labs.course.exercise import Exercise, Inputs, normal, uniform
from deltaedit_kit.labs.course.exercises.style_space import SIDE_EFFECT

Pictures = Float[Tensor, "n 3 H W"]
Readings = Float[Tensor, "n K"]
Each = Float[Tensor, " n"]


def psnr(pictures: Pictures, wanted: Pictures) -> Each:
    """10 log10(range² / mean squared error) of each picture; the range is 2, from -1 to 1."""
    error = (pictures - wanted).square().flatten(1).mean(dim=1)
    return 10 * (2**2 / error).log10()


def _two_pictures(random: torch.Generator) -> Sequence[Inputs]:
    wanted = [uniform(random, n, 3, 4, 5) * 2 - 1 for n in (2, 3, 4)]
    return [(x + 0.3 * normal(random, *x.shape), x) for x in wanted]


def success(before: Each, after: Each, low: float, high: float) -> float:
    """Of the faces outside [low, high] before, the share that lies in it after."""
    lacked = (before < low) | (before > high)
    reached = (after >= low) & (after <= high)
    return float(reached[lacked].double().mean())


def _one_factor(random: torch.Generator) -> Sequence[Inputs]:
    cases: list[Inputs] = []
    for n, low, high in ((40, 0.75, 1.0), (41, 0.25, 0.5), (43, 0.375, 0.625)):
        before, after = uniform(random, n), uniform(random, n)
        before[:2], after[:2] = 0.125, low  # two faces that arrive exactly at the end
        cases.append((before, after, low, high))
    return cases


def directional(before: Readings, after: Readings, delta_t: Float[Tensor, " K"]) -> Each:
    """cos(i_after - i_before, Δt), a number for each picture."""
    change = after - before
    return F.cosine_similarity(change, delta_t[None], dim=1)


def _embeddings(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (*(F.normalize(normal(random, n, 4), dim=1) for _ in "ab"), normal(random, 4) * 0.4)
        for n in (2, 3, 4)
    ]


EXERCISES = (
    Exercise(
        "06.psnr",
        "psnr(pictures [n, 3, H, W], wanted [n, 3, H, W]) -> [n] in decibels; range -1 to 1",
        psnr,
        _two_pictures,
        {
            "the range is 2, from -1 to 1, not 1": "2**2 → 1",
            "the range is 2, not 255: these are no bytes": "2**2 → 255**2",
            "the range is not squared": "2**2 → 2",
            "absolute instead of squared error": ".square() → .abs()",
            "the natural logarithm instead of that to base 10": ".log10() → .log()",
            "20 times the logarithm: that belongs to the root of the error": "10 * → 20 *",
            "one error for all pictures together": (
                ".flatten(1).mean(dim=1) → .mean().expand(len(wanted))"
            ),
            "the squares are summed instead of averaged": ".mean(dim=1) → .sum(dim=1)",
            "error over range: the fraction is upside down": "2**2 / error → error / 2**2",
        },
    ),
    Exercise(
        "06.success",
        "success(before [n], after [n], low, high) -> share of the faces that lacked it",
        success,
        _one_factor,
        {
            "faces that had it from the start are counted": "reached[lacked] → reached",
            "divided by all faces, not by those that lacked it": (
                "reached[lacked] → (reached & lacked)"
            ),
            "it tests whether the factor came nearer, not whether it is in the range": (
                "(after >= low) & (after <= high) → (after - low).abs() < (before - low).abs()"
            ),
            "the upper end is ignored: values above the range count, too": "& (after <= high) →",
            "values exactly at an end of the range are not counted": (
                "(after >= low) & (after <= high) → (after > low) & (after < high)"
            ),
            "it counts the failures": "reached[lacked] → (~reached)[lacked]",
            "a number of faces instead of a share": ".mean() → .sum()",
            "it counts the faces that had it before and kept it": "[lacked] → [~lacked]",
        },
    ),
    replace(SIDE_EFFECT, key="06.side_effect"),
    Exercise(
        "06.directional",
        "directional(before [n, E], after [n, E], delta_t [E]) -> cosines [n]",
        directional,
        _embeddings,
        {
            "the picture after the edit is compared, not the change": "after - before → after",
            "it points from after to before": "after - before → before - after",
            "it is not divided by the lengths": (
                "F.cosine_similarity(change, delta_t[None], dim=1) → change @ delta_t"
            ),
            "a difference of two cosines: only Δt is divided by its length": (
                "F.cosine_similarity(change, delta_t[None], dim=1) → "
                "change @ delta_t / delta_t.norm()"
            ),
            "only the change is divided by its length": (
                "F.cosine_similarity(change, delta_t[None], dim=1) → F.normalize(change) @ delta_t"
            ),
            "one mean change for all pictures together": (
                "after - before → (after - before).mean(dim=0).expand_as(after)"
            ),
        },
    ),
)
