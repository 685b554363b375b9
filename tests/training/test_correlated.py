"""Codes that lie in groups: which pairs meet, where a direction begins, what is held out."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from deltaedit_kit.labs.training.experiment import (
    ExperimentConfig,
    averaged_direction,
    draw_indices,
    split_groups,
)
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.train import split_rows
from tests.training.tiny import linear_codes


def test_three_in_four_pairs_are_correlated_where_codes_lie_in_groups():
    device, config = torch.device("cpu"), ExperimentConfig(batch=16, correlated=4)
    met = set()
    for step in range(200):
        first, second, averaged = draw_indices(40, config, step, device)
        assert (first[:12] // 4 == second[:12] // 4).all()
        assert (first[:12] != second[:12]).all()
        assert averaged.tolist() == [1] * 10 + [0] * 6
        met |= {(int(a) % 4, int(b) % 4) for a, b in zip(first[:12], second[:12], strict=True)}
        assert torch.equal(first, draw_indices(40, ExperimentConfig(batch=16), step, device)[0])
    assert len(met) == 12  # every member of a group meets every other


def test_an_averaged_direction_begins_at_the_average_of_the_group():
    codes = linear_codes(8)
    directions = averaged_direction(codes, torch.tensor([2, 7]), size=4)
    clip = F.normalize(codes.clip.float(), dim=1)
    torch.testing.assert_close(directions[0], F.normalize(clip[2] - clip[:4].mean(0), dim=0))
    torch.testing.assert_close(directions[1], F.normalize(clip[7] - clip[4:].mean(0), dim=0))


def test_held_out_codes_are_whole_groups():
    config = ExperimentConfig(held_out=0.2, correlated=4)
    known, unseen = split_groups(40, config)
    assert len(known) == 32
    for group in unseen.reshape(2, 4):
        assert torch.equal(group, group[0] + torch.arange(4))
        assert group[0] % 4 == 0
    with pytest.raises(DeltaEditError, match="whole number of groups"):
        split_groups(40, replace(config, correlated=3))
    with pytest.raises(DeltaEditError, match=r"limit is 6.*whole groups"):
        split_groups(40, replace(config, limit=6))


def test_fewer_codes_are_held_out_against_the_same_ones():
    """So that a table of few and many codes can be compared."""
    known, unseen = split_rows(50, 0.2, seed=0)
    config = ExperimentConfig(held_out=0.2)
    fewer, same = split_groups(50, replace(config, limit=20))
    assert torch.equal(fewer, known[:20])
    assert torch.equal(same, unseen)
    assert len(split_groups(50, replace(config, limit=50))[0]) == 40
