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
    return [
        (r, t, threshold) for r, t, threshold in zip(rows, steps, (0.25, 0.1, 0.3), strict=True)
    ]


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


def _linear(
    gain: float = 2**0.5, slope: float = 0.2, fan: int = 1, root: bool = True, bias_too: bool = True
) -> Answer:
    def forward(x: Tensor, weight: Tensor, bias: Tensor, lr_mul: float) -> Tensor:
        width = weight.shape[fan]
        scale = lr_mul / (width**0.5 if root else width)
        y = F.linear(x, weight * scale, bias * (lr_mul if bias_too else 1.0))
        return F.leaky_relu(y, slope) * gain

    return forward


def groups(s: Tensor, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Coarse [n, 3, C], medium [n, 4, C], fine [n, F] of s [n, S], C = width."""
    coarse = s[:, : 3 * width].reshape(len(s), 3, width)
    medium = s[:, 3 * width : 7 * width].reshape(len(s), 4, width)
    return coarse, medium, s[:, 7 * width :]


def _groups(first: int, second: int) -> Answer:
    return lambda s, width: (
        s[:, : first * width].reshape(len(s), first, width),
        s[:, first * width : second * width].reshape(len(s), second - first, width),
        s[:, second * width :],
    )


EXERCISES = (
    Exercise(
        "method.mask",
        "kept(relevance [S, E], delta_t [E], threshold) -> bool [S]",
        kept,
        _mask_inputs,
        {
            "Δt is normalised first: a weak sentence then moves as much as a strong one": (
                lambda r, t, x: (r @ (t / t.norm())).abs() >= x
            ),
            "the absolute value is missing: channels that must go down are not kept": (
                lambda r, t, x: r @ t >= x
            ),
            "it keeps the channels that it should drop": lambda r, t, x: (r @ t).abs() < x,
            "a channel exactly at the threshold is dropped": (lambda r, t, x: (r @ t).abs() > x),
            "it compares the square with the threshold": lambda r, t, x: (r @ t).square() >= x,
            "it keeps everything": lambda r, t, x: torch.ones(len(r), dtype=torch.bool),
        },
    ),
    Exercise(
        "method.edit",
        "edit(mapper, s [n, S], clip [n, E], delta_t [E], mask [S], strength) -> [n, S]",
        edit,
        _edit_inputs,
        {
            "Δt is not normalised": lambda m, s, i, t, k, a: (
                s + a * k * m(s, i, t.expand(len(s), -1))
            ),
            "the relevance mask is applied to s, too": lambda m, s, i, t, k, a: (
                k * edit(m, s, i, t, torch.ones_like(k), a)
            ),
            "the relevance mask is missing": lambda m, s, i, t, k, a: edit(
                m, s, i, t, torch.ones_like(k), a
            ),
            "the strength is missing": lambda m, s, i, t, k, a: edit(m, s, i, t, k, 1.0),
            "it goes the opposite way": lambda m, s, i, t, k, a: edit(m, s, i, t, k, -a),
            "it returns the change, not the style": lambda m, s, i, t, k, a: (
                edit(m, s, i, t, k, a) - s
            ),
            "the relevance mask is inverted": lambda m, s, i, t, k, a: edit(m, s, i, t, ~k, a),
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
            "it pulls towards zero, not towards the mean": lambda w, m, psi: psi * w,
            "psi and 1 - psi are exchanged": lambda w, m, psi: m + (1 - psi) * (w - m),
            "the mean is not added again": lambda w, m, psi: psi * (w - m),
            "it clamps instead of scaling": lambda w, m, psi: m + (w - m).clamp(-psi, psi),
            "the mean of these rows instead of mean_w": lambda w, m, psi: (
                w.mean(0) + psi * (w - w.mean(0))
            ),
            "it changes nothing": lambda w, m, psi: w,
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
            "over the last axis: right for vectors, wrong for tokens": lambda x: (
                x * (x.square().mean(-1, keepdim=True) + 1e-8).rsqrt()
            ),
            "over the rows of the batch": lambda x: (
                x * (x.square().mean(0, keepdim=True) + 1e-8).rsqrt()
            ),
            "the sum instead of the mean": lambda x: (
                x * (x.square().sum(1, keepdim=True) + 1e-8).rsqrt()
            ),
            "the mean is subtracted first": lambda x: pixel_norm(x - x.mean(1, keepdim=True)),
            "the square root is missing": lambda x: x / (x.square().mean(1, keepdim=True) + 1e-8),
            "over everything but the batch": lambda x: (
                x * (x.flatten(1).square().mean(1) + 1e-8).rsqrt().view(-1, *[1] * (x.dim() - 1))
            ),
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
            "√2 after the leaky ReLU is missing": _linear(gain=1.0),
            "the slope is PyTorch's 0.01 instead of 0.2": _linear(slope=0.01),
            "the bias is not multiplied by lr_mul": _linear(bias_too=False),
            "scaled by the number of outputs instead of inputs": _linear(fan=0),
            "divided by fan_in instead of its square root": _linear(root=False),
            "the leaky ReLU is missing": _linear(slope=1.0),
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
            "channels and layers are exchanged in the tokens": lambda s, c: (
                s[:, : 3 * c].reshape(len(s), c, 3).transpose(1, 2),
                s[:, 3 * c : 7 * c].reshape(len(s), c, 4).transpose(1, 2),
                s[:, 7 * c :],
            ),
            "coarse begins one layer too late": lambda s, c: (
                s[:, c : 4 * c].reshape(len(s), 3, c),
                *groups(s, c)[1:],
            ),
            "medium begins where coarse begins": lambda s, c: (
                groups(s, c)[0],
                s[:, : 4 * c].reshape(len(s), 4, c),
                s[:, 7 * c :],
            ),
            "fine is read from the start of s": lambda s, c: (
                *groups(s, c)[:2],
                s[:, : s.shape[1] - 7 * c],
            ),
            "the layers are in reverse order": lambda s, c: (
                groups(s, c)[0].flip(1),
                groups(s, c)[1].flip(1),
                s[:, 7 * c :],
            ),
        },
    ),
)
