"""Exercises on training: the direction between two pictures, the loss, one step, the mapper.

    Δ = unit(i2 - i1)      loss = mean (Δŝ - Δs)² + 1 - mean cos(Δŝ, Δs)      Δŝ = M(s1, i1, Δ)

Citation: arXiv:2303.06285, section 3.3, equations 3 and 4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from deltaedit_kit.labs.course.exercise import Answer, Exercise, Inputs, normals
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylespace import StyleLayout

LAYOUT = StyleLayout((4, 4, 4, 4, 4, 4, 4, 4, 3))  # three coarse, four medium, two fine layers


# --- the direction between two pictures


def unit_change(first: Tensor, second: Tensor) -> Tensor:
    """d = (i2 - i1) / |i2 - i1|, a row each: [n, E], [n, E] -> [n, E]."""
    change = second - first
    return change / change.norm(dim=1, keepdim=True)


# --- the loss


def loss(predicted: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared error + 1 - mean cosine of the rows: [n, S], [n, S] -> a scalar."""
    squared = (predicted - wanted).square().mean()
    cosine = F.cosine_similarity(predicted, wanted, dim=1).mean()
    return squared + 1 - cosine


def _loss(
    squared: Callable[[Tensor], Tensor], cosine: Callable[[Tensor, Tensor], Tensor]
) -> Answer:
    return lambda predicted, wanted: squared(predicted - wanted) + cosine(predicted, wanted)


def _mean_square(x: Tensor) -> Tensor:
    return x.square().mean()


def _one_minus_cosine(a: Tensor, b: Tensor) -> Tensor:
    return 1 - F.cosine_similarity(a, b, dim=1).mean()


# --- one training step


def training_step(
    network: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor
) -> float:
    """One step down the gradient of the loss of `network(x)` to y; returns the loss before it."""
    value = loss(network(x), y)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


def _two_steps(answer: Answer, inputs: Inputs) -> Any:
    """The answer twice on a fresh network: what was not zeroed shows in the second step."""
    x, y = inputs
    network = nn.Linear(x.shape[1], y.shape[1], bias=False)
    with torch.no_grad():
        network.weight.copy_(torch.linspace(-1, 1, network.weight.numel()).view_as(network.weight))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    first = answer(network, optimizer, x, y)
    if not isinstance(first, int | float | Tensor):
        return first  # no loss: there is nothing to go on with
    return first, answer(network, optimizer, x, y), network


def _step(
    zero: bool = True, sign: float = 1.0, descend: bool = True, after: bool = False
) -> Answer:
    def step(network: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> float:
        value = loss(network(x), y)
        if zero:
            optimizer.zero_grad()
        (sign * value).backward()
        if descend:
            optimizer.step()
        return loss(network(x), y).item() if after else value.item()

    return step


# --- the mapper


def mapper_forward(mapper: DeltaMapper, s: Tensor, clip: Tensor, delta: Tensor) -> Tensor:
    """Δs [n, S] from the nine towers of `mapper`: s [n, S], clip and delta [n, E]."""
    condition = torch.cat([clip, delta], dim=1)  # [n, 2E]
    coarse, medium, fine = mapper.layout.groups(s)  # [n, 3, C], [n, 4, C], [n, F]

    h = mapper.sm_coarse(coarse)
    c = mapper.cm_coarse(condition)[:, None].expand_as(h)  # the same for every layer
    coarse = mapper.fm_coarse(torch.cat([h, c], dim=2))

    h = mapper.sm_medium(medium)
    c = mapper.cm_medium(condition)[:, None].expand_as(h)
    medium = mapper.fm_medium(torch.cat([h, c], dim=2))

    h, c = mapper.sm_fine(fine), mapper.cm_fine(condition)
    fine = mapper.fm_fine(torch.cat([h, c], dim=1))
    return mapper.layout.ungroup(coarse, medium, fine)


def _mapper_inputs(random: torch.Generator) -> Sequence[Inputs]:
    torch.manual_seed(3)  # in the child of a check; the weights need no generator of their own
    mapper = DeltaMapper(LAYOUT, 5).requires_grad_(False)
    return [
        (mapper, *(torch.randn(n, width, generator=random) for width in (LAYOUT.total, 5, 5)))
        for n in (1, 2, 4)
    ]


def _mapper_with(
    condition: Callable[[Tensor, Tensor], Tensor] = lambda i, d: torch.cat([i, d], dim=1),
    swap: bool = False,
    condition_first: bool = False,
    share: bool = False,
    residual: bool = False,
) -> Answer:
    def forward(mapper: DeltaMapper, s: Tensor, clip: Tensor, delta: Tensor) -> Tensor:
        given = condition(clip, delta)
        done: list[Tensor] = []
        for name, part in zip(("coarse", "medium", "fine"), mapper.layout.groups(s), strict=True):
            other = {"coarse": "medium", "medium": "coarse"}.get(name, name) if swap else name
            h = getattr(mapper, f"sm_{other}")(part)
            c = getattr(mapper, f"cm_{'coarse' if share and name == 'medium' else name}")(given)
            c = c if c.dim() == h.dim() else c[:, None].expand_as(h)
            both = [c, h] if condition_first else [h, c]
            done.append(getattr(mapper, f"fm_{name}")(torch.cat(both, dim=-1)))
        change = mapper.layout.ungroup(*done)
        return s + change if residual else change

    return forward


EXERCISES = (
    Exercise(
        "method.change",
        "unit_change(first [n, E], second [n, E]) -> unit rows [n, E] from first to second",
        unit_change,
        normals((2, 5), (2, 5)),
        {
            "it points from the second picture to the first": lambda a, b: unit_change(b, a),
            "it is not normalised": lambda a, b: b - a,
            "it is normalised over the wrong axis": lambda a, b: (
                (b - a) / (b - a).norm(dim=0, keepdim=True)
            ),
            "it is divided by one length for all rows together": lambda a, b: (
                (b - a) / (b - a).norm()
            ),
            "the pictures are normalised, the difference is not": lambda a, b: (
                F.normalize(b, dim=1) - F.normalize(a, dim=1)
            ),
            "it is divided by the squared length": lambda a, b: (
                (b - a) / (b - a).square().sum(1, keepdim=True)
            ),
        },
    ),
    Exercise(
        "method.loss",
        "loss(predicted [n, S], wanted [n, S]) -> a scalar",
        loss,
        normals((2, 6), (2, 6)),
        {
            "summed instead of averaged": _loss(lambda x: x.square().sum(), _one_minus_cosine),
            "summed over channels, averaged over rows only": _loss(
                lambda x: x.square().sum(1).mean(), _one_minus_cosine
            ),
            "the norm, as the paper writes it, instead of the mean square of its code": _loss(
                lambda x: x.norm(dim=1).mean(), _one_minus_cosine
            ),
            "absolute values instead of squares": _loss(
                lambda x: x.abs().mean(), _one_minus_cosine
            ),
            "the cosine has the wrong sign: it rewards opposite directions": _loss(
                _mean_square, lambda a, b: 1 + F.cosine_similarity(a, b, dim=1).mean()
            ),
            "one cosine for all rows together": _loss(
                _mean_square,
                lambda a, b: 1 - F.cosine_similarity(a.flatten(), b.flatten(), dim=0),
            ),
            "the cosine over the wrong axis": _loss(
                _mean_square, lambda a, b: 1 - F.cosine_similarity(a, b, dim=0).mean()
            ),
            "the constant 1 is missing": _loss(
                _mean_square, lambda a, b: -F.cosine_similarity(a, b, dim=1).mean()
            ),
            "the cosine term is missing": _loss(_mean_square, lambda a, b: a.new_zeros(())),
            "the squared term is missing": _loss(lambda x: x.new_zeros(()), _one_minus_cosine),
        },
    ),
    Exercise(
        "method.step",
        "training_step(network, optimizer, x, y) -> the loss before the step, a float",
        training_step,
        normals((4, 3), (4, 2)),
        {
            "the gradients of the previous step are not zeroed": _step(zero=False),
            "it goes up the gradient, not down": _step(sign=-1.0),
            "the optimizer never steps, or the gradients are zeroed just before": _step(
                descend=False
            ),
            "it returns the loss after the step": _step(after=True),
            "the step is twice as long": _step(sign=2.0),
        },
        ask=_two_steps,
        gradients=True,
    ),
    Exercise(
        "method.mapper",
        "mapper_forward(mapper, s [n, S], clip [n, E], delta [n, E]) -> Δs [n, S]",
        mapper_forward,
        _mapper_inputs,
        {
            "Δ comes before i in the condition": _mapper_with(
                lambda i, d: torch.cat([d, i], dim=1)
            ),
            "the condition has Δ twice and no i": _mapper_with(
                lambda i, d: torch.cat([d, d], dim=1)
            ),
            "the condition has i twice and no Δ": _mapper_with(
                lambda i, d: torch.cat([i, i], dim=1)
            ),
            "coarse and medium style towers are exchanged": _mapper_with(swap=True),
            "the condition comes before the style": _mapper_with(condition_first=True),
            "medium uses the condition of coarse": _mapper_with(share=True),
            "s is added, but the mapper returns the change only": _mapper_with(residual=True),
        },
    ),
)
