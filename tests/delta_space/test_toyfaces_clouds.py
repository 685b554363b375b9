"""Clouds of toyfaces: every caption is true, and one changed attribute is one changed factor."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deltaedit_kit import Domain
from deltaedit_kit.labs.delta_space.alignment import cosine_margin, mixing
from deltaedit_kit.labs.delta_space.clouds import (
    from_neutral,
    one_attribute_changed,
    random_pairs,
    toyfaces_cloud,
    toyfaces_neutral,
)
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces import FACTORS, render, sample_factors
from deltaedit_kit.toyfaces.captions import captions


def test_rows_are_portraits_with_their_captions(toyfaces: Domain) -> None:
    cloud = toyfaces_cloud(toyfaces.clip, 5, seed=2)
    factors = sample_factors(5, 2)
    assert cloud.captions == tuple(captions(factors, 2))
    wanted = toyfaces.clip.encode_images(render(factors))
    assert cloud.pictures == pytest.approx(wanted.numpy(), abs=1e-4)
    assert cloud.texts == pytest.approx(
        toyfaces.clip.encode_texts(list(cloud.captions)).numpy(), abs=1e-4
    )
    assert cloud.thumbnails is not None
    assert cloud.thumbnails.shape == (5, 32, 32, 3)
    assert cloud.colours["skin, value"] == pytest.approx(factors[:, FACTORS.index("skin")].numpy())
    worn = factors[:, FACTORS.index("glasses")] > 0.65
    assert (cloud.colours["glasses"] == "glasses").tolist() == worn.tolist()


def test_one_attribute_changes_one_factor_of_the_portrait(toyfaces: Domain, monkeypatch) -> None:
    from deltaedit_kit.labs.delta_space.clouds import toyfaces as module

    drawn: list[torch.Tensor] = []

    def spy(factors: torch.Tensor, size: int) -> torch.Tensor:
        drawn.append(factors)
        return render(factors, size)

    monkeypatch.setattr(module, "render", spy)
    raw, delta = one_attribute_changed(toyfaces.clip, 12, seed=1, attributes=["glasses", "smile"])
    before, after = drawn
    moved = (before - after).abs() > 0
    assert moved.sum(dim=1).tolist() == [1] * 12
    names = [FACTORS[int(column)] for column in moved.float().argmax(dim=1)]
    assert names == delta.colours["factor"].tolist()
    assert set(names) == {"glasses", "smile"}
    for caption in delta.captions:
        old, new = caption.split(" → ")
        assert new.startswith(old + " and ")
    assert raw.captions[0] == delta.captions[0].split(" → ")[1]


def test_the_rule_decides_what_one_finds(toyfaces: Domain) -> None:
    """One attribute at a time, text and picture differences correspond far better."""
    cloud = toyfaces_cloud(toyfaces.clip, 40)
    random = cosine_margin(*random_pairs(cloud).delta.pair)
    one = cosine_margin(*one_attribute_changed(toyfaces.clip, 40).delta.pair)
    assert random.low is not None
    assert random.low > 0.1
    assert one.value > 2 * random.value
    neutral = from_neutral(cloud, toyfaces_neutral(toyfaces.clip))
    assert mixing(*neutral.delta.pair).value < 0.2  # all start at one point: the gap is still there


def test_same_seed_same_cloud(toyfaces: Domain) -> None:
    first, again, other = (toyfaces_cloud(toyfaces.clip, 3, seed) for seed in (4, 4, 5))
    assert (first.pictures == again.pictures).all()
    assert first.captions == again.captions
    assert not np.allclose(first.pictures, other.pictures)


def test_wrong_input_is_one_line(toyfaces: Domain) -> None:
    with pytest.raises(DeltaEditError, match="no attribute is called 'hat'; the names are dark"):
        one_attribute_changed(toyfaces.clip, 3, attributes=["glasses", "hat"])
    with pytest.raises(DeltaEditError, match="n is 0"):
        toyfaces_cloud(toyfaces.clip, 0)
