"""The generator's recipe: scales of s that change no picture, twins that differ in one factor."""

import copy

import pytest
import torch

from deltaedit_kit import load_domain
from deltaedit_kit.domains.toyfaces.factors import FACTORS, factors_from_z
from recipes.toyfaces.generator_balance import balance, factor_shares
from recipes.toyfaces.generator_mapping import code_groups, code_of
from recipes.toyfaces.generator_twins import FAR, Twins


@pytest.fixture(scope="module")
def generator():
    return load_domain("toyfaces").generator


def test_groups_name_every_column_of_the_code_once():
    factors = factors_from_z(torch.randn(5, 128))
    groups = code_groups(factors)
    assert len(groups) == len(FACTORS)
    assert sorted(column for group in groups for column in group) == list(
        range(code_of(factors).shape[1])
    )


@torch.no_grad()
def test_balanced_scales_draw_the_same_pictures_and_weigh_factors_alike(generator):
    uneven = copy.deepcopy(generator)
    for layer in uneven.layers:  # any positive scales: as if a training had found them
        conv = layer.conv.conv
        scale = torch.linspace(0.5, 2.0, conv.modulation.bias.numel())
        conv.modulation.weight.mul_(scale[:, None])
        conv.modulation.bias.mul_(scale)
        conv.weight.div_(scale[None, None, :, None, None])
    w_plus = generator.expand(generator.mapping(torch.randn(2, 128)))
    before = uneven.synthesize(uneven.to_style(w_plus), w_plus)
    shares = balance(uneven, seed=0)
    after = uneven.synthesize(uneven.to_style(w_plus), w_plus)
    torch.testing.assert_close(after, before, rtol=0, atol=1e-4)
    assert shares.sum() == pytest.approx(1)
    assert shares.max() / shares.min() < 3  # found by training: 60
    parts, variance = factor_shares(uneven, seed=1)  # fresh faces tell the same
    torch.testing.assert_close(parts.sum(1) / parts.sum(), shares.float(), rtol=0.2, atol=0)
    assert parts.sum() / variance.sum() == pytest.approx(1, abs=0.05)


def test_twins_differ_in_one_factor_and_stand_far_from_its_middle():
    seeded = torch.Generator().manual_seed(0)
    z = torch.randn(64, 128, generator=seeded)
    twin, factor = Twins().of(z, seeded)
    change = (factors_from_z(twin) - factors_from_z(z)).abs()
    assert ((change > 1e-4).sum(dim=1) == 1).all()
    assert torch.equal(change.argmax(dim=1), factor)
    rms = twin.square().mean(dim=1, keepdim=True).sqrt()
    torch.testing.assert_close(
        (twin / rms)[torch.arange(64), factor].abs(), torch.full((64,), FAR), rtol=1e-4, atol=0
    )


def test_missed_share_is_0_for_a_perfect_drawing_and_1_for_none_and_teaches_the_turns():
    twins = Twins()
    portraits, change = torch.randn(2, 3, 8, 8), torch.randn(2, 3, 8, 8)
    target = torch.cat((portraits, portraits + change))
    factor = torch.tensor([1, 2])
    assert twins.loss(target, target, factor).item() == 0
    assert twins.loss(torch.cat((portraits, portraits)), target, factor).item() == pytest.approx(1)
    for _ in range(200):
        twins.loss(target, target, factor)
    names = [name for name, _ in twins.most_missed(len(FACTORS))]
    assert set(names[-2:]) == {FACTORS[1], FACTORS[2]}  # drawn well: their turn comes seldom
