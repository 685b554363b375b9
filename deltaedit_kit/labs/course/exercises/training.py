"""Exercises on training: the direction between two pictures, the loss, one step, the mapper.

    Δ = unit(i2 - i1)      loss = mean (Δŝ - Δs)² + 1 - mean cos(Δŝ, Δs)      Δŝ = M(s1, i1, Δ)

Citation: arXiv:2303.06285, section 3.3, equations 3 and 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from deltaedit_kit.labs.course.exercise import Answer, Exercise, Inputs, normals
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylespace import StyleLayout

LAYOUT = StyleLayout((4, 4, 4, 4, 4, 4, 4, 4, 3))  # three coarse, four medium, two fine layers


def unit_change(first: Tensor, second: Tensor) -> Tensor:
    """d = (i2 - i1) / |i2 - i1|, a row each: [n, E], [n, E] -> [n, E]."""
    change = second - first
    return change / change.norm(dim=1, keepdim=True)


def loss(predicted: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared error + 1 - mean cosine of the rows: [n, S], [n, S] -> a scalar."""
    squared = (predicted - wanted).square().mean()
    cosine = F.cosine_similarity(predicted, wanted, dim=1).mean()
    return squared + 1 - cosine


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


EXERCISES = (
    Exercise(
        "method.change",
        "unit_change(first [n, E], second [n, E]) -> unit rows [n, E] from first to second",
        unit_change,
        normals((2, 5), (2, 5)),
        {
            "it points from the second picture to the first": "second - first → first - second",
            "it is not normalised": "/ change.norm(dim=1, keepdim=True) →",
            "it is normalised over the wrong axis": "dim=1 → dim=0",
            "it is divided by one length for all rows together": (
                "norm(dim=1, keepdim=True) → norm()"
            ),
            "the pictures are normalised, the difference is not": (
                "second - first → F.normalize(second) - F.normalize(first)\n"
                "/ change.norm(dim=1, keepdim=True) →"
            ),
            "it is divided by the squared length": (
                "norm(dim=1, keepdim=True) → square().sum(dim=1, keepdim=True)"
            ),
        },
    ),
    Exercise(
        "method.loss",
        "loss(predicted [n, S], wanted [n, S]) -> a scalar",
        loss,
        normals((2, 6), (2, 6)),
        {
            "summed instead of averaged": "square().mean() → square().sum()",
            "summed over channels, averaged over rows only": (
                "square().mean() → square().sum(1).mean()"
            ),
            "the norm, as the paper writes it, instead of the mean square of its code": (
                "square().mean() → norm(dim=1).mean()"
            ),
            "absolute values instead of squares": "square() → abs()",
            "the cosine has the wrong sign: it rewards opposite directions": (
                "1 - cosine → 1 + cosine"
            ),
            "one cosine for all rows together": (
                "predicted, wanted, dim=1 → predicted.flatten(), wanted.flatten(), dim=0"
            ),
            "the cosine over the wrong axis": "dim=1 → dim=0",
            "the constant 1 is missing": "+ 1 - cosine → - cosine",
            "the cosine term is missing": "squared + 1 - cosine → squared",
            "the squared term is missing": "squared + 1 → 1",
        },
    ),
    Exercise(
        "method.step",
        "training_step(network, optimizer, x, y) -> the loss before the step, a float",
        training_step,
        normals((4, 3), (4, 2)),
        {
            "the gradients of the previous step are not zeroed": "optimizer.zero_grad() → pass",
            "it goes up the gradient, not down": "value.backward() → (-value).backward()",
            "the optimizer never steps, or the gradients are zeroed just before": (
                "optimizer.step() → pass"
            ),
            "it returns the loss after the step": "value.item() → loss(network(x), y).item()",
            "the step is twice as long": "value.backward() → (2 * value).backward()",
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
            "Δ comes before i in the condition": "[clip, delta] → [delta, clip]",
            "the condition has Δ twice and no i": "[clip, delta] → [delta, delta]",
            "the condition has i twice and no Δ": "[clip, delta] → [clip, clip]",
            "coarse and medium style towers are exchanged": (
                "sm_coarse(coarse) → sm_medium(coarse)\nsm_medium(medium) → sm_coarse(medium)"
            ),
            "the condition comes before the style": "[h, c] → [c, h]",
            "medium uses the condition of coarse": "cm_medium → cm_coarse",
            "s is added, but the mapper returns the change only": "return → return s +",
        },
    ),
)
