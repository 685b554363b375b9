"""The solution of an exercise is what the kit itself computes, not a second method beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from deltaedit_kit.editor import Editor
from deltaedit_kit.labs.course import checking
from deltaedit_kit.labs.course.exercises import EXERCISES
from deltaedit_kit.labs.metrics.clip_scores import directional_similarity
from deltaedit_kit.labs.metrics.frechet import frechet_distance
from deltaedit_kit.labs.study.preference import exact_binomial
from deltaedit_kit.labs.training.fast import FastConfig
from deltaedit_kit.relevance import kept_channels
from deltaedit_kit.stylegan2.layers import EqualLinear, PixelNorm
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.train import delta_loss
from tests.tiny_domain import tiny_domain


def equal_linear(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, lr_mul: float
) -> torch.Tensor:
    layer = EqualLinear(weight.shape[1], weight.shape[0], lr_mul=lr_mul, activate=True)
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer(x).detach()


def groups(s: torch.Tensor, width: int) -> tuple[torch.Tensor, ...]:
    return StyleLayout((*[width] * 7, s.shape[1] - 7 * width)).groups(s)


def rate(step: int, steps: int, peak: float, warm_up: int) -> float:
    return FastConfig(steps=steps, learning_rate=peak, warm_up=warm_up, schedule="cosine").rate(
        step
    )


THE_KITS: dict[str, Callable[..., Any]] = {
    "method.loss": lambda predicted, wanted: delta_loss(predicted, wanted).total,
    "method.mapper": lambda mapper, s, clip, delta: mapper(s, clip, delta),
    "method.mask": kept_channels,
    "method.pixel_norm": PixelNorm(),
    "method.equal_linear": equal_linear,
    "method.groups": groups,
    "03.rate": rate,
    "06.directional": directional_similarity,
    "06.frechet": frechet_distance,
    "07.binomial_p": exact_binomial,
}


@pytest.mark.parametrize("key", THE_KITS)
def test_the_solution_is_what_the_kit_computes(key: str) -> None:
    for inputs, wanted in checking.solved(EXERCISES[key]):
        found = THE_KITS[key](*inputs)
        for one, other in zip(found if isinstance(found, tuple) else (found,), wanted, strict=True):
            computed = torch.as_tensor(one, dtype=torch.float64)
            torch.testing.assert_close(computed, other, rtol=1e-5, atol=1e-5)


def test_mask_edit_and_truncation_give_the_kits_picture() -> None:
    domain, answers = tiny_domain(), {k: e.solution for k, e in EXERCISES.items()}
    faces, text, threshold = domain.sample(2, seed=1, truncation=0.6), "a smiling face", 0.1
    edit = Editor(domain).edit(faces, text, strength=1.5, threshold=threshold)
    delta_t = domain.delta_text(text)
    mask = answers["method.mask"](domain.relevance, delta_t, threshold)
    with torch.no_grad():
        s = answers["method.edit"](domain.mapper, faces.s, faces.clip, delta_t, mask, 1.5)
    torch.testing.assert_close(domain.draw(s, faces.w_plus), edit.after, rtol=0, atol=1e-5)

    whole = domain.sample(2, seed=1, truncation=1.0).w_plus[:, 0]
    w = answers["method.truncate"](whole, domain.generator.mean_w, 0.6)
    torch.testing.assert_close(w, faces.w_plus[:, 0], rtol=0, atol=1e-5)
