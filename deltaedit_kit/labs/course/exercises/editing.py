"""Exercises on editing: relevance mask, edit, and the parts of StyleGAN2 in the mapper.

    kept = |R · Δt| >= threshold        after = s + strength · kept · M(s, i, unit(Δt))

Citation: arXiv:2303.06285, section 3.3; relevance mask: StyleCLIP, arXiv:2103.17249, section 6.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.labs.course.exercise import Answer, Exercise, Inputs

# --- the relevance mask and the edit


def kept(relevance: Tensor, delta_t: Tensor, threshold: float) -> Tensor:
    """Channels that a sentence may move, |R · Δt| >= threshold: [S, E], [E] -> bool [S]."""
    return (relevance @ delta_t).abs() >= threshold


def _mask_inputs(random: torch.Generator) -> Sequence[Inputs]:
    rows = [F.normalize(torch.randn(40, 6, generator=random), dim=1) for _ in range(3)]
    rows[0][0] = torch.tensor([1.0, 0, 0, 0, 0, 0])  # R · Δt is the threshold itself there
    steps = [torch.tensor([0.25, 0, 0, 0, 0, 0]), *torch.randn(2, 6, generator=random) * 0.3]
    return list(zip(rows, steps, (0.25, 0.1, 0.3), strict=True))


def edit(
    mapper: Answer, s: Tensor, clip: Tensor, delta_t: Tensor, mask: Tensor, strength: float
) -> Tensor:
    """The style after an edit: s [n, S], clip [n, E], Δt [E], relevance mask bool [S] -> [n, S]."""
    direction = (delta_t / delta_t.norm()).expand(len(s), -1)
    return s + strength * mask * mapper(s, clip, direction)


def linear_mapper(s: Tensor, clip: Tensor, delta: Tensor) -> Tensor:
    """Something small in the mapper's place, so that an edit can be checked by itself."""
    return 0.5 * s + clip.sum(1, keepdim=True) + delta.square().sum(1, keepdim=True) + delta[:, :1]


def _edit_inputs(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (
            linear_mapper,
            torch.randn(n, 7, generator=random),
            torch.randn(n, 4, generator=random),
            torch.randn(4, generator=random) * 0.3,
            torch.rand(7, generator=random) > 0.4,
            strength,
        )
        for n, strength in ((1, 1.5), (2, -0.5), (3, 2.0))
    ]


# --- the parts of StyleGAN2 that the mapper is made of


def truncate(w: Tensor, mean_w: Tensor, psi: float) -> Tensor:
    """w pulled towards the mean: [n, W], [W], psi -> [n, W]."""
    return mean_w + psi * (w - mean_w)


def pixel_norm(x: Tensor) -> Tensor:
    """x / sqrt(mean over dim 1 of x² + 1e-8), whatever dim 1 is."""
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


def equal_linear(x: Tensor, weight: Tensor, bias: Tensor, lr_mul: float) -> Tensor:
    """√2 · leaky_relu(x Wᵀ · lr_mul / √fan_in + b · lr_mul), slope 0.2: [n, i] -> [n, o]."""
    y = F.linear(x, weight * lr_mul / weight.shape[1] ** 0.5, bias * lr_mul)
    return F.leaky_relu(y, 0.2) * 2**0.5


def groups(s: Tensor, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Coarse [n, 3, C], medium [n, 4, C], fine [n, F] of s [n, S], C = width."""
    coarse = s[:, : 3 * width].reshape(len(s), 3, width)
    medium = s[:, 3 * width : 7 * width].reshape(len(s), 4, width)
    return coarse, medium, s[:, 7 * width :]


EXERCISES = (
    Exercise(
        "method.mask",
        "kept(relevance [S, E], delta_t [E], threshold) -> bool [S]",
        kept,
        _mask_inputs,
        {
            "Δt is normalised first: a weak sentence then moves as much as a strong one": (
                "@ delta_t → @ F.normalize(delta_t, dim=0)"
            ),
            "the absolute value is missing: channels that must go down are not kept": ".abs() →",
            "it keeps the channels that it should drop": ">= → <",
            "a channel exactly at the threshold is dropped": ">= → >",
            "it compares the square with the threshold": ".abs() → .square()",
            "it keeps everything": ">= threshold → >= 0",
        },
    ),
    Exercise(
        "method.edit",
        "edit(mapper, s [n, S], clip [n, E], delta_t [E], mask [S], strength) -> [n, S]",
        edit,
        _edit_inputs,
        {
            "Δt is not normalised": "(delta_t / delta_t.norm()) → delta_t",
            "the relevance mask is applied to s, too": "return s → return mask * s",
            "the relevance mask is missing": "* mask →",
            "the strength is missing": "strength * →",
            "it goes the opposite way": "s + → s -",
            "it returns the change, not the style": "return s + → return",
            "the relevance mask is inverted": "* mask → * ~mask",
        },
    ),
    Exercise(
        "method.truncate",
        "truncate(w [n, W], mean_w [W], psi) -> [n, W]",
        truncate,
        lambda random: [
            (torch.randn(n, 4, generator=random), torch.randn(4, generator=random), psi)
            for n, psi in ((1, 0.3), (2, 0.7), (3, 1.4))
        ],
        {
            "it pulls towards zero, not towards the mean": "mean_w + psi * (w - mean_w) → psi * w",
            "psi and 1 - psi are exchanged": "psi * → (1 - psi) *",
            "the mean is not added again": "mean_w + →",
            "it clamps instead of scaling": "psi * (w - mean_w) → (w - mean_w).clamp(-psi, psi)",
            "the mean of these rows instead of mean_w": "return → mean_w = w.mean(0); return",
            "it changes nothing": "psi * →",
        },
    ),
    Exercise(
        "method.pixel_norm",
        "pixel_norm(x [n, C] or [n, L, C]) -> the same shape; 1e-8 under the root",
        pixel_norm,
        lambda random: [
            (torch.randn(shape, generator=random),) for shape in ((2, 5), (2, 3, 4), (3, 4, 2))
        ],
        {
            "over the last axis: right for vectors, wrong for tokens": "dim=1 → dim=-1",
            "over the rows of the batch": "dim=1 → dim=0",
            "the sum instead of the mean": ".mean( → .sum(",
            "the mean is subtracted first": "return → x = x - x.mean(1, keepdim=True); return",
            "the square root is missing": ".rsqrt() → .reciprocal()",
            "over everything but the batch": "dim=1 → dim=tuple(range(1, x.dim()))",
        },
    ),
    Exercise(
        "method.equal_linear",
        "equal_linear(x [n, i], weight [o, i], bias [o], lr_mul) -> [n, o]",
        equal_linear,
        lambda random: [
            (
                torch.randn(n, 5, generator=random),
                torch.randn(3, 5, generator=random) / lr_mul,
                torch.randn(3, generator=random),
                lr_mul,
            )
            for n, lr_mul in ((2, 0.01), (3, 1.0), (4, 0.5))
        ],
        {
            "√2 after the leaky ReLU is missing": "* 2**0.5 →",
            "the slope is PyTorch's 0.01 instead of 0.2": "0.2 → 0.01",
            "the bias is not multiplied by lr_mul": "bias * lr_mul → bias",
            "scaled by the number of outputs instead of inputs": "shape[1] → shape[0]",
            "divided by fan_in instead of its square root": "shape[1] ** 0.5 → shape[1]",
            "the leaky ReLU is missing": "F.leaky_relu(y, 0.2) → y",
        },
    ),
    Exercise(
        "method.groups",
        "groups(s [n, S], C) -> coarse [n, 3, C], medium [n, 4, C], fine [n, F]",
        groups,
        lambda random: [
            (torch.randn(n, 7 * width + 5, generator=random), width)
            for n, width in ((1, 2), (2, 3), (3, 4))
        ],
        {
            "channels and layers are exchanged in the tokens": (
                "3, width) → width, 3).mT\n4, width) → width, 4).mT"
            ),
            "coarse begins one layer too late": ": 3 * width] → width : 4 * width]",
            "medium begins where coarse begins": "3 * width : 7 * width → : 4 * width",
            "fine is read from the start of s": "7 * width :] → : s.shape[1] - 7 * width]",
            "the layers are in reverse order": (
                "return coarse, medium → return coarse.flip(1), medium.flip(1)"
            ),
        },
    ),
)
