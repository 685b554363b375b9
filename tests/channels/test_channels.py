"""Turning channels and mixing groups, on a domain with random weights whose oracle is known."""

from __future__ import annotations

import pytest
import torch

from deltaedit_kit.labs.style_space.channels import (
    find_channels,
    locate,
    measure_effects,
    mix,
    turn,
)
from deltaedit_kit.relevance import ChannelStatistics
from deltaedit_kit.support.errors import DeltaEditError
from tests.tiny_domain import tiny_domain

DOMAIN = tiny_domain()
FACES = DOMAIN.sample(3, seed=0)
STATISTICS = ChannelStatistics.of(DOMAIN, samples=50)


def test_places_count_through_the_layers() -> None:
    layout = DOMAIN.layout
    assert locate(layout, 0) == (0, 0, "coarse")
    assert locate(layout, layout.slices[3].start) == (3, 0, "medium")
    assert locate(layout, layout.total - 1) == (
        len(layout.widths) - 1,
        layout.widths[-1] - 1,
        "fine",
    )
    with pytest.raises(DeltaEditError, match=f"channel is {layout.total}"):
        locate(layout, layout.total)


def test_turning_is_adding_deviations_to_one_channel() -> None:
    pictures = turn(DOMAIN, FACES, 20, [-5.0, 0.0, 5.0], STATISTICS)
    assert pictures.shape == (3, 3, 3, 64, 64)
    assert torch.allclose(pictures[1], FACES.images, atol=1e-5)
    s = FACES.s.clone()
    s[:, 20] += 5 * STATISTICS.std[20]
    assert torch.allclose(pictures[2], DOMAIN.draw(s, FACES.w_plus), atol=1e-5)
    assert (pictures[2] - pictures[0]).abs().max() > 1e-4
    assert (FACES.s == DOMAIN.sample(3, seed=0).s).all()  # nobody's codes were touched


@pytest.mark.parametrize("group", ["coarse", "medium", "fine"])
def test_mixing_moves_only_the_group(group) -> None:
    other = DOMAIN.sample(3, seed=9)
    parts = dict(zip(("coarse", "medium", "fine"), DOMAIN.layout.groups(FACES.s), strict=True))
    theirs = dict(zip(("coarse", "medium", "fine"), DOMAIN.layout.groups(other.s), strict=True))
    s = DOMAIN.layout.ungroup(**{**parts, group: theirs[group]})
    wanted = DOMAIN.draw(s, FACES.w_plus)
    assert torch.allclose(mix(DOMAIN, FACES, other, [group]), wanted, atol=1e-5)


def test_mixing_nothing_and_everything() -> None:
    other = DOMAIN.sample(3, seed=9)
    assert torch.allclose(mix(DOMAIN, FACES, other, []), FACES.images, atol=1e-5)
    everything = mix(DOMAIN, FACES, other, ["fine", "coarse", "medium"])
    assert torch.allclose(everything, DOMAIN.draw(other.s, FACES.w_plus), atol=1e-5)


def test_effects_are_what_the_oracle_reads() -> None:
    """The tiny oracle reads the means of red and green."""
    brighter = FACES.images.clone()
    brighter[:, 1] += 0.25
    change = measure_effects(DOMAIN, FACES.images, brighter)
    assert change.tolist() == pytest.approx([0.0, 0.25], abs=1e-5)
    both = measure_effects(DOMAIN, FACES.images, torch.stack((FACES.images, brighter)))
    assert both.shape == (2, 2)
    assert both[0].tolist() == pytest.approx([0, 0], abs=1e-6)


def test_channels_of_a_sentence_are_those_that_R_points_along() -> None:
    chosen = find_channels(DOMAIN, "an old face", 4)
    along = (DOMAIN.relevance @ DOMAIN.clip.delta_texts(["an old face"], "face")[0]).abs()
    assert [round(float(x), 5) for x in along[chosen]] == sorted(
        (round(float(x), 5) for x in along[chosen]), reverse=True
    )
    assert along[chosen].min() >= along.sort(descending=True).values[3] - 1e-6


def test_wrong_input_is_one_line() -> None:
    with pytest.raises(DeltaEditError, match="no group is called 'fin'; use coarse, medium, fine"):
        mix(DOMAIN, FACES, FACES, ["fin"])  # type: ignore[list-item]
    with pytest.raises(DeltaEditError, match="3 faces cannot mix with 1"):
        mix(DOMAIN, FACES, FACES.select(0), ["fine"])
    with pytest.raises(DeltaEditError, match="sigmas is empty"):
        turn(DOMAIN, FACES, 0, [], STATISTICS)
    with pytest.raises(DeltaEditError, match="sigmas is nan"):
        turn(DOMAIN, FACES, 0, [float("nan")], STATISTICS)
    with pytest.raises(DeltaEditError, match="has no oracle"):
        measure_effects(tiny_domain(oracle=False), FACES.images, FACES.images)
