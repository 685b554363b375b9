"""Channels, groups and factors: counted against plain loops."""

from __future__ import annotations

import pytest
import torch

from deltaedit_kit.labs.studio.changes import group_changes, largest_changes, read_out
from deltaedit_kit.labs.studio.engine import Engine
from deltaedit_kit.labs.studio.state import StudioState
from deltaedit_kit.stylespace import StyleLayout
from tests.tiny_domain import tiny_domain

LAYOUT = StyleLayout((4,) * 8 + (3,))


def test_groups_against_a_loop() -> None:
    delta_s = torch.randn(LAYOUT.total) * (torch.rand(LAYOUT.total) < 0.5)
    layers = LAYOUT.layer_of_channel.tolist()
    for row in group_changes(LAYOUT, delta_s):
        places = [k for k, layer in enumerate(layers) if LAYOUT.group_of(layer) == row.group]
        squares = [float(delta_s[k]) ** 2 for k in places]
        assert row.channels == len(places)
        assert row.moved == sum(square > 0 for square in squares)
        assert row.share == pytest.approx(sum(squares) / float(delta_s.square().sum()), rel=1e-5)


def test_shares_sum_to_one_or_there_is_no_step() -> None:
    moved = group_changes(LAYOUT, torch.ones(LAYOUT.total))
    assert sum(row.share for row in moved) == pytest.approx(1)
    assert [row.channels for row in moved] == [12, 16, 7]
    still = group_changes(LAYOUT, torch.zeros(LAYOUT.total))
    assert [(row.moved, row.share) for row in still] == [(0, 0.0)] * 3


def test_largest_changes_are_found_by_name() -> None:
    delta_s = torch.zeros(LAYOUT.total)
    delta_s[5], delta_s[34] = -2.0, 1.0  # layer 1 channel 1; layer 8 channel 2
    first, second = largest_changes(LAYOUT, delta_s)
    assert (first.layer, first.channel, first.group, first.change) == (1, 1, "coarse", -2.0)
    assert (second.layer, second.channel, second.group, second.change) == (8, 2, "fine", 1.0)


def test_read_out_sorts_by_change_and_is_empty_without_oracle() -> None:
    domain = tiny_domain()
    look = Engine(domain).look(StudioState.first(domain.spec))
    rows = read_out(domain, look)
    assert {row.name for row in rows} == {"red", "green"}
    assert abs(rows[0].change) >= abs(rows[1].change)
    means = look.after.mean((1, 2)) - look.before.mean((1, 2))
    for row in rows:
        assert row.change == pytest.approx(float(means[domain.factors.index(row.name)]), abs=1e-5)
    assert read_out(tiny_domain(oracle=False), look) == ()
