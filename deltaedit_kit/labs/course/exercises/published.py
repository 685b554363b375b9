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
    rows = F.normalize(embedded, dim=1)
    return F.normalize(rows.mean(dim=0), dim=0)


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
            "output channels instead of input channels": "[before, here] → [here, here]",
            "both convolutions of a size get the channels of the previous size": (
                "[before, here] → [before, before]"
            ),
            "two convolutions at 4×4, where there is only one": "[channels[0]] → [channels[0]] * 2",
            "ToRGB is counted, but its style is no part of s": (
                "[channels[0]] → [channels[0]] * 2\n[before, here] → [before, here, here]"
            ),
            "one convolution for each size": "[before, here] → [here]",
            "the largest size comes first": "return widths → return widths[::-1]",
            "the two convolutions of a size are exchanged": "[before, here] → [here, before]",
        },
    ),
    Exercise(
        "08.clip_input",
        "clip_input(x [n, 3, H, W] in [-1, 1], mean [3], deviation [3]) -> [n, 3, H, W]",
        clip_input,
        _pictures,
        {
            "x is still in [-1, 1] when the mean is subtracted": "(x + 1) / 2 → x",
            "mean and deviation are applied along the width, not to the colours": (
                "[:, None, None] →"
            ),
            "it multiplies by the deviation instead of dividing": "/ deviation → * deviation",
            "the mean is added instead of subtracted": "- mean → + mean",
            "the deviation is missing": "/ deviation[:, None, None] →",
            "0 to 255 instead of 0 to 1": "(x + 1) / 2 → (x + 1) * 127.5",
            "it only maps to [0, 1]": "- mean[:, None, None]) / deviation[:, None, None] → )",
        },
    ),
    Exercise(
        "08.text_vector",
        "text_vector(embedded [F, E]) -> unit vector [E]; one text in F templates",
        text_vector,
        normals((4, 6)),
        {
            "the mean is not normalised again": (
                "F.normalize(rows.mean(dim=0), dim=0) → rows.mean(dim=0)"
            ),
            "rows are not normalised: long vectors weigh more": (
                "F.normalize(embedded, dim=1) → embedded"
            ),
            "the plain mean": "F.normalize(rows.mean(dim=0), dim=0) → embedded.mean(dim=0)",
            "the sum of unit vectors": "F.normalize(rows.mean(dim=0), dim=0) → rows.sum(dim=0)",
            "the first template only": "rows.mean(dim=0) → rows[0]",
            "normalised over the templates instead of within a row": "dim=1 → dim=0",
            "the median over the templates": "rows.mean(dim=0) → rows.median(dim=0).values",
        },
    ),
)
