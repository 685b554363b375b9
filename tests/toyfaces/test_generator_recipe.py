"""The generator's recipe: scales of s that change no picture, pairs that differ in one factor."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from deltaedit_kit import load_domain
from deltaedit_kit.labs.own_domain.style_scales import multiply, rescale, visibility
from deltaedit_kit.toyfaces.factors import FACTORS, at_coordinate, factors_from_z
from recipes.toyfaces.generator_loss import spectral_gap
from recipes.toyfaces.generator_pairs import APART, FAR, WALKS, PairedRenders

pytestmark = pytest.mark.slow


def test_scales_let_every_channel_weigh_what_clip_sees_of_it_and_change_no_picture():
    domain = load_domain("toyfaces")
    generator = copy.deepcopy(domain.generator)

    @torch.no_grad()
    def codes(n: int) -> tuple[torch.Tensor, torch.Tensor]:
        z = torch.randn(n, 128, generator=torch.Generator().manual_seed(5))
        w_plus = generator.expand(generator.mapping(z))
        return generator.to_style(w_plus), w_plus

    before = generator.synthesize(*codes(2))
    multiply(generator, torch.linspace(0.5, 2.0, sum(generator.style_widths)))
    few = {"seed": 0, "pictures": 2}  # of the same pictures below: exactly even then
    uneven, variance = visibility(generator, domain.clip, **few), codes(3000)[0].var(dim=0).sum()
    scales = rescale(generator, domain.clip, **few)
    torch.testing.assert_close(generator.synthesize(*codes(2)), before, rtol=0, atol=1e-4)
    even = visibility(generator, domain.clip, **few)
    torch.testing.assert_close(even, even.mean().expand_as(even), rtol=1e-3, atol=0)
    torch.testing.assert_close(scales / scales.sum(), uneven / uneven.sum(), rtol=1e-4, atol=0)
    assert codes(3000)[0].var(dim=0).sum() / variance == pytest.approx(1, abs=0.05)


def test_shipped_generator_is_scaled_so():
    domain = load_domain("toyfaces")
    seen = visibility(
        domain.generator, domain.clip, seed=1, pictures=16
    )  # others than the recipe's
    assert seen.log().std() < 0.3  # found by training: 1.0


def test_one_coordinate_of_z_moves_one_factor_alone():
    z = torch.randn(6, 128, generator=torch.Generator().manual_seed(0))
    k = FACTORS.index("age")
    moved = at_coordinate(z, torch.full((6,), k), torch.full((6,), 1.4))
    before, after = factors_from_z(z), factors_from_z(moved)
    others = torch.arange(len(FACTORS)) != k
    torch.testing.assert_close(after[:, others], before[:, others], atol=1e-4, rtol=0)
    assert after[:, k].tolist() == pytest.approx([0.919] * 6, abs=1e-3)


def test_pairs_differ_in_one_factor_and_stand_far_from_its_middle_or_apart_on_a_walk():
    seeded = torch.Generator().manual_seed(0)
    z = torch.randn(400, 128, generator=seeded)
    partner, factor = PairedRenders().draw(z, seeded)
    change = (factors_from_z(partner) - factors_from_z(z)).abs()
    assert ((change > 1e-4).sum(dim=1) == 1).all()
    assert torch.equal(change.argmax(dim=1), factor)
    at = [x / x.square().mean(dim=1, keepdim=True).sqrt() for x in (z, partner)]
    here, there = (x[torch.arange(len(z)), factor] for x in at)
    walks = torch.isin(factor, torch.tensor(WALKS))
    far = torch.full_like(there[~walks], FAR)
    torch.testing.assert_close(there[~walks].abs(), far, rtol=1e-4, atol=0)
    assert (there * here)[~walks].le(0).all()  # at opposite ends
    portraits_between = (torch.special.ndtr(there) - torch.special.ndtr(here)).abs()
    assert portraits_between[walks].min() > APART - 0.03  # .02: none beyond the last portraits
    assert 20 < walks.sum() < 380


def test_missed_share_is_0_for_a_perfect_drawing_and_1_for_none_and_teaches_the_turns():
    paired = PairedRenders()
    portraits, change = torch.randn(2, 3, 8, 8), torch.randn(2, 3, 8, 8)
    target = torch.cat((portraits, portraits + change))
    factor = torch.tensor([1, 2])
    assert paired.loss(target, target, factor).item() == 0
    assert paired.loss(torch.cat((portraits, portraits)), target, factor).item() == pytest.approx(1)
    for _ in range(200):
        paired.loss(target, target, factor)
    names = [name for name, _ in paired.most_missed(len(FACTORS))]
    assert set(names[-2:]) == {FACTORS[1], FACTORS[2]}  # drawn well: their turn comes seldom


def test_gap_of_spectra_is_0_for_equal_power_wherever_it_stands_and_grows_with_what_is_faint():
    render = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert spectral_gap(render, render).item() == 0
    moved = render.roll((5, 9), dims=(2, 3)).flip(0)  # the same power, other phases
    assert spectral_gap(moved, render).item() == pytest.approx(0, abs=1e-9)
    assert spectral_gap(0.9 * render, render).item() == pytest.approx(np.log(0.81) ** 2, rel=1e-4)
    blurred = F.avg_pool2d(render, 3, stride=1, padding=1).requires_grad_(True)
    gap = spectral_gap(blurred, render)
    (slope,) = torch.autograd.grad(gap, blurred)
    assert spectral_gap(blurred - slope / slope.norm(), render) < gap
