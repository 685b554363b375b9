"""Correlated portraits: members of a group differ in a few factors, groups in all."""

import pytest
import torch

from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces.correlated import CALM, CHANGES, END, WALKS, draw_correlated
from deltaedit_kit.toyfaces.factors import FACTORS

SIZE = 5


def groups(n: int) -> torch.Tensor:
    z = draw_correlated(n * SIZE, SIZE, torch.Generator().manual_seed(0))
    return z.unflatten(0, (n, SIZE))


def test_members_differ_in_the_same_few_coordinates_that_stand_for_factors():
    z = groups(40)
    differs = (z != z[:, :1])[:, 1:]  # from the first of each group
    assert torch.equal(differs, differs[:, :1].expand_as(differs))
    assert differs[:, 0].sum(dim=1).tolist() == [CHANGES[k % len(CHANGES)] for k in range(40)]
    assert not differs[..., len(FACTORS) :].any()
    assert differs.any(dim=(0, 1))[: len(FACTORS)].float().mean() > 0.8  # every factor has its turn
    assert z[:, 0].std().item() == pytest.approx(1, abs=0.05)


def test_ends_are_far_out_and_colours_anywhere_along_their_walk():
    z = groups(2000)
    differs = z[:, 1] != z[:, 0]
    walks = torch.tensor([k < len(FACTORS) and FACTORS[k] in WALKS for k in range(z.shape[2])])
    ends = z[:, CALM:].transpose(1, 2)[differs & ~walks]
    assert ends.abs().mean().item() == pytest.approx(END, abs=0.1)
    assert ends.mean().item() == pytest.approx(0, abs=0.1)
    colours = z[:, CALM:].transpose(1, 2)[differs & walks]
    assert colours.std().item() == pytest.approx(1, abs=0.1)


def test_half_a_group_is_refused():
    with pytest.raises(DeltaEditError, match="12 portraits are no groups of 5"):
        draw_correlated(12, SIZE, torch.Generator())
