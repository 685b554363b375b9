"""Success and side effect on factor tables written by hand, and what of a portrait shows."""

import math

import pytest
import torch

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.metrics.edit_success import most_moved, side_effect, succeeded
from deltaedit_kit.toyfaces.attributes import attribute
from deltaedit_kit.toyfaces.factors import FACTORS, index, sample_factors
from deltaedit_kit.toyfaces.renderer import render
from deltaedit_kit.toyfaces.visibility import DRAWN_FROM, HIDDEN_BY, seen, visible


def test_an_end_is_reached_on_its_side_only():
    glasses = attribute("glasses")
    before = torch.tensor([0.2, 0.2, 0.2, 0.9])
    after = torch.tensor([0.9, 0.6, 0.1, 0.7])
    assert succeeded(before, after, glasses).tolist() == [True, False, False, True]
    assert succeeded(before, after, attribute("no_glasses")).tolist() == [False, False, True, False]


def test_a_stop_counts_from_half_the_way():
    red = attribute("red_hair")  # stop at .5, named from .42 to .58
    before = torch.tensor([0.0, 0.0, 1.0, 1.0, 0.25])
    after = torch.tensor([0.3, 0.2, 0.74, 0.8, 0.45])
    assert succeeded(before, after, red).tolist() == [True, False, True, False, True]


def test_side_effect_is_the_mean_of_what_was_not_asked_and_is_seen():
    before = torch.tensor([[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]])
    after = torch.tensor([[0.9, 0.6, 0.5], [0.1, 0.7, 0.9]])
    plain = side_effect(before, after, asked=[0])
    assert plain.mean == pytest.approx((0.1 + 0.0 + 0.2 + 0.4) / 4)
    assert math.isnan(plain.per_factor[0])
    assert plain.per_factor[1:].tolist() == pytest.approx([0.15, 0.2])
    assert most_moved(plain, ("a", "b", "c")) == ("c", pytest.approx(0.2))
    mask = torch.tensor([[True, True, True], [True, True, False]])
    assert side_effect(before, after, [0], mask).mean == pytest.approx((0.1 + 0.0 + 0.2) / 3)
    assert mask.all(0).tolist() == [True, True, False]  # the caller's mask is left as it was


def test_refusals():
    with pytest.raises(DeltaEditError, match="differ in shape"):
        succeeded(torch.zeros(3), torch.zeros(2), attribute("smile"))
    with pytest.raises(DeltaEditError, match="no factor is left"):
        side_effect(torch.zeros(2, 2), torch.ones(2, 2), asked=[0, 1])


def contrast(factors: torch.Tensor, name: str, low: float, high: float) -> torch.Tensor:
    """Summed squared change of each picture when factor `name` goes from `low` to `high`."""
    ends = []
    for value in (low, high):
        moved = factors.clone()
        moved[:, index(name)] = value
        ends.append(render(moved))
    return (ends[1] - ends[0]).square().sum((1, 2, 3))


@pytest.mark.parametrize("name", sorted(DRAWN_FROM))
def test_below_its_first_drawn_value_a_factor_changes_nothing(name):
    factors = sample_factors(8, seed=1)
    assert contrast(factors, name, 0.0, DRAWN_FROM[name]).max() < 0.3
    assert contrast(factors, name, DRAWN_FROM[name], 1.0).min() > 1.0
    quiet = factors.clone()
    quiet[:, index(name)] = DRAWN_FROM[name] / 2
    torch.testing.assert_close(seen(quiet)[:, index(name)], torch.full((8,), DRAWN_FROM[name]))


@pytest.mark.parametrize("name", sorted(HIDDEN_BY))
def test_a_hidden_factor_shows_far_less_than_a_visible_one(name):
    cover, low, high = HIDDEN_BY[name]
    factors = sample_factors(16, seed=2)
    hidden, open_ = factors.clone(), factors.clone()
    hidden[:, index(cover)] = (low + high) / 2
    open_[:, index(cover)] = 0.5
    assert not visible(hidden)[:, index(name)].any()
    assert visible(open_)[:, index(name)].all()
    covered = contrast(hidden, name, 0.1, 0.7).mean()
    assert covered < 0.35 * contrast(open_, name, 0.1, 0.7).mean()


def test_most_factors_always_show():
    always = visible(sample_factors(200, seed=3)).all(0)
    assert {n for n, a in zip(FACTORS, always.tolist(), strict=True) if not a} == set(HIDDEN_BY)
