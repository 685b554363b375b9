"""Success and side effect on factor tables written by hand, and what of a portrait shows."""

import math
from typing import ClassVar

import pytest
import torch

from deltaedit_kit.domain.oracle import Attribute
from deltaedit_kit.labs.metrics.edit_success import (
    factor_side_effects,
    lacking,
    side_effect,
    succeeded,
)
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces.factors import FACTORS, index, sample_factors
from deltaedit_kit.toyfaces.renderer import render
from deltaedit_kit.toyfaces.visibility import DRAWN_FROM, HIDDEN_BY, seen, visible


class Known:
    """An oracle of three factors, of which the third hides where the first is above 0.95."""

    factors = ("glasses", "hair_color", "age")
    attributes: ClassVar = {}

    def read(self, pictures):
        raise NotImplementedError

    def visible(self, factors):
        shown = torch.ones_like(factors, dtype=torch.bool)
        shown[:, 2] = factors[:, 0] <= 0.95
        return shown

    def seen(self, factors):
        return factors.clamp(min=0.1)

    def weights(self):
        return {}


ORACLE = Known()
GLASSES = Attribute("glasses", "glasses", "high", 0.9, 0.65, 1.0, "with glasses")
NONE = Attribute("no_glasses", "glasses", "low", 0.2, 0.0, 0.5, "without glasses")
RED = Attribute("red_hair", "hair_color", "stop", 0.5, 0.42, 0.58, "red", (("age", 0.2, 1.0),))


def readings(*columns):
    """Factors [n, 3] from lists for the first columns; the others are 0.5."""
    rows = torch.full((len(columns[0]), 3), 0.5)
    for column, values in enumerate(columns):
        rows[:, column] = torch.tensor(values)
    return rows


def test_an_end_is_reached_on_its_side_only():
    before, after = readings([0.2, 0.2, 0.2, 0.9]), readings([0.9, 0.6, 0.1, 0.7])
    assert succeeded(ORACLE, before, after, [GLASSES]).tolist() == [True, False, False, True]
    assert succeeded(ORACLE, before, after, [NONE]).tolist() == [False, False, True, False]


def test_a_stop_counts_from_half_the_way():
    before, after = ([0.0, 0.0, 1.0, 1.0, 0.25], [0.3, 0.2, 0.74, 0.8, 0.45])
    rows = [readings([0.5] * 5, values) for values in (before, after)]
    assert succeeded(ORACLE, *rows, [RED]).tolist() == [True, False, True, False, True]


def test_two_targets_are_reached_together_and_lacked_together():
    before = readings([0.2, 0.2, 0.9, 0.2], [0.0, 0.5, 0.0, 0.0], [0.5, 0.5, 0.5, 0.1])
    assert lacking(ORACLE, before, [GLASSES]).tolist() == [True, True, False, True]
    assert lacking(ORACLE, before, [RED]).tolist() == [True, False, True, False]  # too young
    assert lacking(ORACLE, before, [GLASSES, RED]).tolist() == [True, False, False, False]
    after = readings([0.9, 0.9, 0.9, 0.2], [0.5, 0.0, 0.5, 0.5])
    assert succeeded(ORACLE, before, after, [GLASSES, RED]).tolist() == [True, False, True, False]


def test_side_effect_is_the_mean_of_what_was_not_asked_and_is_seen_in_each_face():
    before = torch.tensor([[0.5, 0.5, 0.5], [0.5, 0.5, 0.5], [0.5, 0.0, 0.5]])
    after = torch.tensor([[0.9, 0.6, 0.5], [0.1, 0.7, 0.9], [1.0, 0.05, 0.0]])
    each = side_effect(ORACLE, before, after, [GLASSES])
    assert each.tolist() == pytest.approx([0.05, 0.3, 0.0])  # the last: too low, and hidden
    factors = factor_side_effects(ORACLE, before, after, [GLASSES])
    assert math.isnan(factors[0])
    assert factors[1:].tolist() == pytest.approx([0.1, 0.2])


def test_refusals():
    with pytest.raises(DeltaEditError, match="same faces"):
        succeeded(ORACLE, torch.zeros(3, 3), torch.zeros(2, 3), [GLASSES])
    everything = [GLASSES, RED, Attribute("old", "age", "high", 0.9, 0.6, 1.0, "old")]
    with pytest.raises(DeltaEditError, match="no factor is left"):
        side_effect(ORACLE, torch.zeros(2, 3), torch.ones(2, 3), everything)


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


@pytest.mark.slow
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
