"""Relevance by gradient: against differences of tiny steps, and against the published one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from deltaedit_kit import relevance_gradient
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.cli.relevance import make_relevance
from deltaedit_kit.relevance import compute_relevance
from deltaedit_kit.relevance_gradient import gradient_relevance, jacobian
from tests.tiny_domain import tiny_domain
from tests.training.tiny import picture_domain


def test_jacobian_equals_central_differences() -> None:
    domain = picture_domain()
    generator = domain.generator
    w_plus = generator.expand(generator.mapping(torch.randn(2, generator.style_dim)))
    s = generator.to_style(w_plus)
    slopes = jacobian(domain, s, w_plus)
    assert slopes.shape == (2, 12, domain.layout.total)
    for channel in range(0, domain.layout.total, 15):
        move = torch.zeros_like(s)
        move[:, channel] = 2e-3
        high, low = (
            domain.clip.encode_images(generator.synthesize(s + sign * move, w_plus))
            for sign in (1, -1)
        )
        torch.testing.assert_close(slopes[:, :, channel], (high - low) / 4e-3, rtol=2e-2, atol=1e-3)


def test_points_where_the_published_definition_points() -> None:
    """Half a standard deviation around the mean is not the slope at the picture: near, not equal.

    With the rows of other channels the agreement is none."""
    domain = picture_domain()
    ours = gradient_relevance(domain, pictures=4)
    torch.testing.assert_close(ours.norm(dim=1), torch.ones(len(ours)))
    published = compute_relevance(domain, pictures=4, step=0.5)
    assert F.cosine_similarity(ours, published).median() > 0.75
    assert F.cosine_similarity(ours, published.roll(1, 0)).median().abs() < 0.3


def test_a_run_cut_off_goes_on_from_the_batches_it_has() -> None:
    domain = picture_domain()
    parts: dict[int, torch.Tensor] = {}
    passes: list[int] = []
    whole = gradient_relevance(
        domain, pictures=5, batch=2, on_part=parts.__setitem__, progress=passes.append
    )
    assert list(parts) == [0, 2, 4]
    assert sum(passes) == 5 * domain.clip.width
    later: list[int] = []
    again = gradient_relevance(
        domain,
        pictures=5,
        batch=2,
        known={0: parts[0], 2: parts[2]},
        on_part=lambda first, rows: later.append(first),
    )
    assert later == [4]
    assert torch.equal(whole, again)
    torch.testing.assert_close(gradient_relevance(domain, pictures=5, batch=5), whole)


def test_wrong_numbers_are_refused() -> None:
    with pytest.raises(DeltaEditError, match="pictures and batch"):
        gradient_relevance(picture_domain(), pictures=0)


def test_the_verb_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    domain = tiny_domain()
    domain._folder = tmp_path
    expected = gradient_relevance(domain, pictures=3, batch=1)
    seen: list[int] = []

    def stops(*arguments: object) -> torch.Tensor:
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(1)
        return jacobian(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(relevance_gradient, "jacobian", stops)
        with pytest.raises(KeyboardInterrupt):
            make_relevance(domain, 3, batch=1, method="gradient")
    kept = list(tmp_path.glob("relevance-*/part-*"))
    assert len(kept) == 2
    path = make_relevance(domain, 3, batch=1, method="gradient")
    torch.testing.assert_close(load_file(path)["relevance"], expected)
    assert list(tmp_path.iterdir()) == [path]
