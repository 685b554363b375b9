"""The attribute table: every factor has words, ranges agree with targets and exclude each other."""

import pytest
import torch

from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces.attributes import (
    ATTRIBUTES,
    NAMES,
    attribute,
    opposites,
    truth_table,
)
from deltaedit_kit.toyfaces.factors import FACTORS, sample_factors


def test_every_factor_can_be_named_from_both_sides():
    assert {a.factor for a in ATTRIBUTES} == set(FACTORS)
    for factor in FACTORS:
        sides = [a.side for a in ATTRIBUTES if a.factor == factor]
        assert set(sides) == {"low", "high"} or (set(sides) == {"stop"} and len(sides) >= 4)
    assert len(set(NAMES)) == len(NAMES) >= 40


@pytest.mark.parametrize("row", ATTRIBUTES, ids=NAMES)
def test_row_is_consistent(row):
    assert 0 <= row.above <= row.target <= row.below <= 1
    assert bool(row.holds(torch.tensor(row.target)))
    outside = torch.tensor([row.above - 0.01, row.below + 0.01])
    assert not row.holds(outside).any()
    assert len(set(row.phrases)) >= 3
    for other in opposites(row):
        assert not bool(other.holds(torch.tensor(row.target)))
        assert other.above > row.below or other.below < row.above
        assert not set(other.phrases) & set(row.phrases)


def test_no_phrase_means_two_things():
    owner = {}
    for row in ATTRIBUTES:
        for phrase in set(row.phrases):
            assert owner.setdefault(phrase, row.name) == row.name, phrase


def test_truth_table_asks_every_row():
    factors = sample_factors(500, seed=0)
    truth = truth_table(factors)
    assert truth.shape == (500, len(ATTRIBUTES))
    for j, row in enumerate(ATTRIBUTES):
        values = factors[:, FACTORS.index(row.factor)]
        if not row.needs:
            assert torch.equal(truth[:, j], (values >= row.above) & (values <= row.below))
        else:
            assert not (truth[:, j] & ~row.holds(values)).any()


def test_dark_clothes_have_no_hue():
    factors = sample_factors(300, seed=1)
    factors[:, FACTORS.index("clothes_value")] = 0.1
    factors[:, FACTORS.index("clothes_hue")] = 0.8
    assert not attribute("blue_clothes").holds_in(factors).any()
    factors[:, FACTORS.index("clothes_value")] = 0.6
    assert attribute("blue_clothes").holds_in(factors).all()


def test_unknown_name_lists_the_names():
    with pytest.raises(DeltaEditError, match="red_hair"):
        attribute("pink_hair")
