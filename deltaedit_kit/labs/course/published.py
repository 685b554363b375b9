"""Exercises on published networks: the sizes of s, what CLIP is shown, a text in many templates.

    S = sum of input channels of all 3×3 convolutions        x -> ((x + 1) / 2 - mean) / deviation

Citations: channels: Karras et al., StyleGAN2, arXiv:1912.04958; templates: Radford et al.,
CLIP, arXiv:2103.00020, section 3.1.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.labs.course.exercise import Exercise, Inputs, normals

MEAN, DEVIATION = (0.48, 0.46, 0.41), (0.27, 0.26, 0.28)


def style_widths(channels: list[int]) -> list[int]:
    """Input channels of each 3×3 convolution, from the channels at 4, 8, 16, ... pixels."""
    widths = [channels[0]]
    for before, here in pairwise(channels):
        widths += [before, here]
    return widths


def clip_input(
    x: Float[Tensor, "n 3 H W"], mean: Float[Tensor, " 3"], deviation: Float[Tensor, " 3"]
) -> Float[Tensor, "n 3 H W"]:
    """Pictures in [-1, 1] as CLIP wants them."""
    return ((x + 1) / 2 - mean[:, None, None]) / deviation[:, None, None]


def _pictures(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (
            torch.rand(n, 3, 3, 3, generator=random) * 2 - 1,
            torch.tensor(MEAN),
            torch.tensor(DEVIATION),
        )
        for n in (1, 2, 4)
    ]


def text_vector(embedded: Float[Tensor, "F E"]) -> Float[Tensor, " E"]:
    """One unit vector of a text that was put into F templates."""
    return F.normalize(F.normalize(embedded, dim=1).mean(dim=0), dim=0)


EXERCISES = (
    Exercise(
        "08.style_widths",
        "style_widths(channels at 4, 8, 16, ... px) -> input channels of all 3×3 convolutions",
        style_widths,
        lambda random: [
            ([512, 512, 256],),
            ([64, 32, 16, 8],),
            ([32, 64, 16, 8, 4],),
        ],
        {
            "output channels instead of input channels": (
                lambda c: [c[0], *(x for side in c[1:] for x in (side, side))]
            ),
            "both convolutions of a size get the channels of the previous size": (
                lambda c: [c[0], *(x for side in c[:-1] for x in (side, side))]
            ),
            "two convolutions at 4×4, where there is only one": (
                lambda c: [c[0], c[0], *(x for a, b in pairwise(c) for x in (a, b))]
            ),
            "ToRGB is counted, but its style is no part of s": (
                lambda c: [c[0], c[0], *(x for a, b in pairwise(c) for x in (a, b, b))]
            ),
            "one convolution for each size": lambda c: list(c),
            "the largest size comes first": (
                lambda c: [c[0], *(x for a, b in pairwise(c) for x in (a, b))][::-1]
            ),
            "the two convolutions of a size are exchanged": (
                lambda c: [c[0], *(x for a, b in pairwise(c) for x in (b, a))]
            ),
        },
    ),
    Exercise(
        "08.clip_input",
        "clip_input(x [n, 3, H, W] in [-1, 1], mean [3], deviation [3]) -> [n, 3, H, W]",
        clip_input,
        _pictures,
        {
            "x is still in [-1, 1] when the mean is subtracted": lambda x, m, d: clip_input(
                2 * x + 1, m, d
            ),
            "mean and deviation are applied along the width, not to the colours": lambda x, m, d: (
                ((x + 1) / 2 - m) / d
            ),
            "it multiplies by the deviation instead of dividing": lambda x, m, d: (
                ((x + 1) / 2 - m[:, None, None]) * d[:, None, None]
            ),
            "the mean is added instead of subtracted": lambda x, m, d: clip_input(x, -m, d),
            "the deviation is missing": lambda x, m, d: (x + 1) / 2 - m[:, None, None],
            "0 to 255 instead of 0 to 1": lambda x, m, d: clip_input(255 * (x + 1) - 1, m, d),
            "it only maps to [0, 1]": lambda x, m, d: (x + 1) / 2,
        },
    ),
    Exercise(
        "08.text_vector",
        "text_vector(embedded [F, E]) -> unit vector [E]; one text in F templates",
        text_vector,
        normals((4, 6)),
        {
            "the mean is not normalised again": lambda x: F.normalize(x, dim=1).mean(0),
            "rows are not normalised: long vectors weigh more": lambda x: F.normalize(
                x.mean(0), dim=0
            ),
            "the plain mean": lambda x: x.mean(0),
            "the sum of unit vectors": lambda x: F.normalize(x, dim=1).sum(0),
            "the first template only": lambda x: F.normalize(x[0], dim=0),
            "normalised over the templates instead of within a row": lambda x: F.normalize(
                F.normalize(x, dim=0).mean(0), dim=0
            ),
            "the median over the templates": lambda x: F.normalize(
                F.normalize(x, dim=1).median(dim=0).values, dim=0
            ),
        },
    ),
)
