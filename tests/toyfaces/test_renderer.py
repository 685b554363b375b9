"""The renderer: determinism, soft edges against brute force, gradients, and what factors move."""

import pytest
import torch
import torch.nn.functional as F

from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces import render, sample_factors
from deltaedit_kit.toyfaces.factors import FACTORS, index
from deltaedit_kit.toyfaces.renderer.canvas import Canvas, ellipse
from deltaedit_kit.toyfaces.renderer.palette import HAIR, hsv, ramp


def portrait(**changes: float) -> torch.Tensor:
    """One plain face, clean-shaven, bare-headed, without glasses: factors [1, K]."""
    plain = {"glasses": 0.2, "beard": 0.0, "bangs": 0.0, "age": 0.0, "hair_length": 0.3}
    factors = torch.full((1, len(FACTORS)), 0.5)
    for name, value in {**plain, **changes}.items():
        factors[:, index(name)] = value
    return factors


def test_pictures_have_the_promised_shape_range_and_are_the_same_every_time():
    factors = sample_factors(11, 0)
    pictures = render(factors)
    assert pictures.shape == (11, 3, 128, 128)
    assert pictures.dtype == torch.float32
    assert pictures.min() >= -1
    assert pictures.max() <= 1
    assert torch.equal(pictures, render(factors))


def test_a_picture_does_not_depend_on_its_company():
    factors = sample_factors(11, 1)
    together, alone = render(factors), torch.cat([render(row[None]) for row in factors])
    assert torch.allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("size", [64, 96, 256])
def test_other_sizes_show_the_same_portrait(size):
    factors = sample_factors(4, 2)
    resized = F.interpolate(render(factors, size), size=64, mode="area")
    reference = F.interpolate(render(factors, 512), size=64, mode="area")
    assert (resized - reference).abs().mean() < 0.012


def test_coverage_of_an_ellipse_agrees_with_counting_points():
    canvas = Canvas(1, 32, torch.zeros(1), differentiable=False)
    w = canvas.window()
    soft = w.cover(ellipse(w.x - 0.1, w.y + 0.05, 0.55, 0.4))[0]
    fine = Canvas(1, 32 * 16, torch.zeros(1), differentiable=False).window()
    inside = (((fine.x - 0.1) / 0.55) ** 2 + ((fine.y + 0.05) / 0.4) ** 2 < 1).float()
    counted = F.avg_pool2d(inside[None], 16)[0, 0]
    assert (soft - counted).abs().max() < 0.15
    assert soft.sum().item() == pytest.approx(counted.sum().item(), rel=0.01)


@pytest.mark.slow
def test_gradients_agree_with_finite_differences():
    factors = sample_factors(1, 5).double().clamp(0.1, 0.9).requires_grad_()
    weight = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)).double()

    def score(values: torch.Tensor) -> torch.Tensor:
        return (render(values, 32) * weight).sum()

    (gradient,) = torch.autograd.grad(score(factors), factors)
    step = 1e-6
    for column, name in enumerate(FACTORS):
        shift = torch.zeros_like(factors)
        shift[:, column] = step
        with torch.no_grad():
            slope = (score(factors + shift) - score(factors - shift)) / (2 * step)
        assert gradient[0, column].item() == pytest.approx(slope.item(), rel=1e-3, abs=1e-4), name


def test_drawing_with_and_without_gradients_is_the_same():
    factors = sample_factors(3, 6)
    assert torch.allclose(render(factors), render(factors.clone().requires_grad_()), atol=1e-6)


@pytest.mark.parametrize("name", FACTORS)
def test_every_factor_is_visible(name):
    # Beard, age and the like are seen on the plain face; 1 % of the range over the whole picture
    # would be a lot for an eye colour, so the strongest change of a pixel is what counts.
    low, high = (render(portrait(**{name: value})) for value in (0.0, 1.0))
    assert (low - high).abs().amax() > 0.25


def test_glasses_are_absent_below_half_and_a_frame_darkens_the_eyes_above():
    absent = render(portrait(glasses=0.0))
    assert torch.equal(absent, render(portrait(glasses=0.49)))
    present = render(portrait(glasses=0.9))
    region = (slice(None), slice(None), slice(48, 72), slice(28, 100))
    assert present[region].mean() < absent[region].mean() - 0.05
    outside = (present - absent).abs()
    outside[region] = 0
    assert outside.max() < 0.05 or outside[:, :, 80:].max() == 0


def test_the_smile_moves_only_the_mouth():
    change = (render(portrait(smile=0.0)) - render(portrait(smile=1.0))).abs().amax(dim=(0, 1))
    rows, columns = torch.nonzero(change > 0.02, as_tuple=True)
    assert rows.min() >= 64
    assert rows.max() <= 100
    assert columns.min() >= 36
    assert columns.max() <= 92


def test_hair_takes_the_colour_of_its_stop():
    for stop, colour in enumerate(HAIR):
        picture = render(portrait(hair_color=stop / 4, hair_length=0.5)) / 2 + 0.5
        hair = picture[0, :, 14:20, 58:70].mean(dim=(1, 2))
        assert (hair - torch.tensor(colour)).abs().max() < 0.2


def test_turning_the_head_mirrors_the_features():
    left, right = render(portrait(head_turn=0.0)), render(portrait(head_turn=1.0))
    dark_left = (left[0].mean(dim=0)[50:62] < -0.6).float().sum(dim=0)
    dark_right = (right[0].mean(dim=0)[50:62] < -0.6).float().sum(dim=0)
    place = torch.arange(128.0)
    center_left = (dark_left[34:94] * place[34:94]).sum() / dark_left[34:94].sum()
    center_right = (dark_right[34:94] * place[34:94]).sum() / dark_right[34:94].sum()
    assert center_right - center_left > 8


def test_ramps_and_hues_meet_their_stops():
    ends = ramp(HAIR, torch.tensor([0.0, 0.25, 1.0]))
    assert torch.allclose(ends, torch.tensor([HAIR[0], HAIR[1], HAIR[4]]))
    one = torch.ones(1)
    assert torch.allclose(hsv(0 * one, one, one), torch.tensor([[1.0, 0.0, 0.0]]))
    red, green, blue = hsv(0.42 * one, one, one)[0]
    assert green > red
    assert green > blue


@pytest.mark.parametrize(
    ("factors", "size", "message"),
    [
        (torch.zeros(2, 3), 128, "expected"),
        (torch.full((1, len(FACTORS)), -0.2), 128, "outside"),
        (torch.zeros(1, len(FACTORS)), 8, "size is 8; give a whole number >= 16"),
        (torch.zeros(1, len(FACTORS)), 128.0, "size is 128.0"),
    ],
)
def test_bad_input_is_named(factors, size, message):
    with pytest.raises(DeltaEditError, match=message):
        render(factors, size)
