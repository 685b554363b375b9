"""Refinement comes closer to a picture, never away from it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import pytest
import torch

from deltaedit_kit.labs.metrics.pictures import psnr
from deltaedit_kit.labs.photo.refining import RATE, rate_at, refine
from deltaedit_kit.support.errors import DeltaEditError
from tests.photo.encoders import with_encoder


@pytest.mark.slow
def test_refinement_comes_closer_to_every_picture_and_starts_where_it_was_told() -> None:
    domain = with_encoder()
    wanted = domain.sample(2, seed=8, truncation=1.0).images.clamp(-1, 1)
    start = domain.inversion(wanted)  # pyright: ignore[reportOptionalCall]
    before = domain.draw(domain.generator.to_style(start), start)
    codes = refine(domain, wanted, start, steps=30, progress=False)
    after = domain.draw(domain.generator.to_style(codes), codes)
    assert (psnr(after.clamp(-1, 1), wanted) > psnr(before.clamp(-1, 1), wanted) + 1).all()
    assert torch.equal(start, domain.inversion(wanted))  # pyright: ignore[reportOptionalCall]
    assert not codes.requires_grad
    alone = refine(domain, wanted[:1], start[:1], steps=30, progress=False)
    assert torch.allclose(alone, codes[:1], atol=1e-3)  # every picture for itself


@pytest.mark.parametrize(
    "mode", [torch.inference_mode, partial(torch.autocast, "cpu", torch.bfloat16)]
)
def test_the_callers_mode_changes_no_refinement(
    mode: Callable[[], AbstractContextManager[object]],
) -> None:
    domain = with_encoder()
    faces = domain.sample(1, seed=3)
    start = domain.sample(1, seed=4).w_plus
    wanted = refine(domain, faces.images, start, steps=2, progress=False)
    with mode():
        found = refine(domain, faces.images.clone(), start.clone(), steps=2, progress=False)
    torch.testing.assert_close(found, wanted)


def test_refinement_never_makes_a_picture_worse() -> None:
    domain = with_encoder()
    faces = domain.sample(1, seed=3)
    codes = refine(domain, faces.images, faces.w_plus, steps=3, progress=False)
    assert torch.equal(codes, faces.w_plus)  # nothing is better than what made the picture
    with pytest.raises(DeltaEditError, match="steps is 0"):
        refine(domain, faces.images, faces.w_plus, steps=0)
    with pytest.raises(DeltaEditError, match="64, 64"):
        refine(domain, faces.images[:, :, :32], faces.w_plus)


def test_the_rate_rises_and_falls() -> None:
    rates = [rate_at(step, 100) for step in range(100)]
    assert max(rates) < RATE
    assert rates[0] < rates[5] > rates[99] >= 0
