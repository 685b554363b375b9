"""The generator behaves as its module text says: joints, truncation, restarts, errors."""

import pytest
import torch
from torch import Tensor

from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.support.errors import DeltaEditError

CHANNELS = {4: 8, 8: 8, 16: 6, 32: 4}
WIDTHS = (8, 8, 8, 8, 6, 6, 4)


@pytest.fixture
def generator() -> Generator:
    generator = Generator(32, CHANNELS, style_dim=5, mapping_layers=2)
    for layer in generator.layers:
        torch.nn.init.constant_(layer.conv.noise.weight, 0.3)  # 0 at the start hides the noise
    return generator.requires_grad_(False)


@pytest.fixture
def w_plus(generator: Generator) -> Tensor:
    return torch.randn(3, generator.latent_rows, generator.style_dim)


def reference_picture(generator: Generator, w_plus: Tensor) -> Tensor:
    """w+ to picture written straight down, as the paper's figure: no s in between."""
    features, image = generator.start(len(w_plus))
    for k, layer in enumerate(generator.layers):
        style = layer.conv.conv.modulation(w_plus[:, k])
        features = layer.conv(features, style, generator.noises.get_buffer(f"noise_{k}"))
        if k % 2 == 0:
            to_rgb = generator.to_rgb1 if k == 0 else generator.to_rgbs[k // 2 - 1]
            image = to_rgb(features, w_plus[:, k + 1], image)
    assert image is not None
    return image


def test_sizes(generator: Generator, w_plus: Tensor) -> None:
    assert generator.style_widths == WIDTHS
    assert generator.latent_rows == 8
    s = generator.to_style(w_plus)
    assert s.shape == (3, sum(WIDTHS))
    assert generator.synthesize(s, w_plus).shape == (3, 3, 32, 32)


def test_toyfaces_sizes_give_eleven_layers_and_twelve_rows() -> None:
    toy = Generator(128, {4: 128, 8: 128, 16: 128, 32: 128, 64: 64, 128: 32}, 128, 4)
    assert toy.style_widths == (128,) * 8 + (64, 64, 32)
    assert toy.latent_rows == 12


def test_through_s_is_the_same_picture_as_straight_from_w_plus(
    generator: Generator, w_plus: Tensor
) -> None:
    through_s = generator.synthesize(generator.to_style(w_plus), w_plus)
    torch.testing.assert_close(through_s, reference_picture(generator, w_plus))


def test_only_rgb_reads_w_plus_once_s_is_given(generator: Generator, w_plus: Tensor) -> None:
    s = generator.to_style(w_plus)
    moved = w_plus.clone()
    moved[:, 0] += 1  # row 0 feeds conv1 alone, and conv1 listens to s
    moved[:, 2::2] += 1  # even rows feed the upsampling convolutions alone
    torch.testing.assert_close(generator.synthesize(s, moved), generator.synthesize(s, w_plus))
    moved[:, 1] += 1  # row 1 feeds the first ToRGB too
    assert not torch.allclose(generator.synthesize(s, moved), generator.synthesize(s, w_plus))


def test_expand_repeats_w(generator: Generator) -> None:
    w = torch.randn(2, generator.style_dim)
    rows = generator.expand(w)
    assert rows.shape == (2, generator.latent_rows, generator.style_dim)
    assert all(torch.equal(rows[:, k], w) for k in range(generator.latent_rows))


def test_truncation_goes_straight_to_the_mean(generator: Generator) -> None:
    mean = generator.estimate_mean_w(samples=500, seed=1)
    z = torch.randn(4, generator.style_dim)
    w = generator.mapping(z)
    torch.testing.assert_close(generator.mapping(z, truncation=0.0), mean.expand(4, -1))
    torch.testing.assert_close(generator.mapping(z, truncation=0.25), 0.75 * mean + 0.25 * w)


def test_the_mean_of_w_is_seeded_and_near_the_truth(generator: Generator) -> None:
    first = generator.estimate_mean_w(samples=4000, seed=3)
    again = generator.estimate_mean_w(samples=4000, seed=3)
    assert torch.equal(first, again)
    w = generator.mapping(torch.randn(4000, generator.style_dim))
    error_of_the_mean = w.std(dim=0) / 4000**0.5
    assert ((first - w.mean(dim=0)).abs() < 6 * error_of_the_mean).all()


def test_truncation_without_a_mean_says_what_to_do(generator: Generator) -> None:
    with pytest.raises(DeltaEditError, match="call estimate_mean_w"):
        generator.mapping(torch.randn(1, generator.style_dim), truncation=0.7)


@pytest.mark.parametrize("layer", range(7))
def test_restart_from_any_layer(generator: Generator, w_plus: Tensor, layer: int) -> None:
    s = generator.to_style(w_plus)
    state = generator.state_before(layer, s, w_plus)
    edited = s.clone()
    first = sum(WIDTHS[:layer])
    edited[:, first:] += 0.5 * torch.randn_like(edited[:, first:])
    restarted = generator.synthesize_from(layer, *state, edited, w_plus)
    torch.testing.assert_close(restarted, generator.synthesize(edited, w_plus))


@pytest.mark.parametrize("resolution", [4, 8, 16])
def test_a_lower_resolution_is_the_generator_of_that_size(
    generator: Generator, w_plus: Tensor, resolution: int
) -> None:
    s = generator.to_style(w_plus)
    small = generator.synthesize(s, w_plus, resolution=resolution)
    after = next(layer.index for layer in generator.layers if layer.resolution > resolution)
    expected = generator.state_before(after, s, w_plus).image
    assert expected is not None
    assert small.shape[-1] == resolution
    torch.testing.assert_close(small, expected)


def test_no_codes_give_no_pictures(generator: Generator, w_plus: Tensor) -> None:
    side = generator.resolution
    none = generator.synthesize(generator.to_style(w_plus)[:0], w_plus[:0])
    assert none.shape == (0, 3, side, side)


def test_noise_is_fixed_or_random(generator: Generator, w_plus: Tensor) -> None:
    s = generator.to_style(w_plus)
    fixed = generator.synthesize(s, w_plus)
    assert torch.equal(fixed, generator.synthesize(s, w_plus, noise="fixed"))
    random = generator.synthesize(s, w_plus, noise="random")
    assert not torch.allclose(random, generator.synthesize(s, w_plus, noise="random"))


def test_every_parameter_learns() -> None:
    generator = Generator(16, CHANNELS, style_dim=5, mapping_layers=2)
    generator(torch.randn(2, 5)).square().mean().backward()
    without = [name for name, p in generator.named_parameters() if p.grad is None]
    silent = [name for name, p in generator.named_parameters() if not p.grad.abs().sum() > 0]
    assert without == []
    assert silent == []


def test_a_training_step_in_bfloat16_autocast_is_near_full_precision() -> None:
    generator = Generator(32, CHANNELS, style_dim=5, mapping_layers=2)
    z, target = torch.randn(4, 5), torch.rand(4, 3, 32, 32)

    def gradient(rough: bool) -> Tensor:
        generator.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=rough):
            pictures = generator(z)
        assert pictures.dtype == torch.float32
        (pictures - target).square().mean().backward()
        return torch.cat([p.grad.flatten() for p in generator.parameters()])

    exact, rough = gradient(False), gradient(True)
    assert torch.cosine_similarity(exact, rough, dim=0) > 0.99


def test_checkpoint_round_trip_keeps_sizes_mean_and_pictures(
    generator: Generator, w_plus: Tensor
) -> None:
    generator.estimate_mean_w(samples=100)
    again = Generator.from_state_dict(generator.checkpoint())
    assert "mean_w" not in generator.state_dict()
    z = torch.randn(2, generator.style_dim)
    assert torch.equal(again(z, truncation=0.5), generator(z, truncation=0.5))


def test_wrapped_checkpoints_are_read(generator: Generator) -> None:
    mean = torch.randn(generator.style_dim)
    wrapped = {"g_ema": generator.state_dict(), "latent_avg": mean, "args": None}
    again = Generator.from_state_dict(wrapped)
    z = torch.randn(2, generator.style_dim)
    assert torch.equal(again(z), generator(z))
    torch.testing.assert_close(again.mapping(z, truncation=0.0), mean.expand(2, -1))


def test_what_is_no_generator_is_refused_in_one_line(generator: Generator) -> None:
    with pytest.raises(DeltaEditError, match="no StyleGAN2 generator"):
        Generator.from_state_dict({"visual.proj": torch.zeros(2)})
    torn = generator.state_dict()
    del torn["convs.0.noise.weight"]
    with pytest.raises(DeltaEditError, match=r"convs\.0\.noise\.weight") as caught:
        Generator.from_state_dict(torn)
    assert "\n" not in str(caught.value)
    with pytest.raises(DeltaEditError, match="latent_avg"):
        Generator.from_state_dict({**generator.state_dict(), "latent_avg": torch.zeros(7)})


def test_wrong_shapes_are_refused_with_a_remedy(generator: Generator, w_plus: Tensor) -> None:
    s = generator.to_style(w_plus)
    with pytest.raises(DeltaEditError, match=r"torch\.randn\(n, 5\)"):
        generator.mapping(torch.randn(2, 6))
    with pytest.raises(DeltaEditError, match="already w"):
        generator.expand(w_plus)
    with pytest.raises(DeltaEditError, match=r"expand\(w\)"):
        generator.to_style(w_plus[:, :-1])
    with pytest.raises(DeltaEditError, match=r"to_style\(w_plus\)"):
        generator.synthesize(s[:, :-1], w_plus)
    with pytest.raises(DeltaEditError, match="one w\\+ for each s"):
        generator.synthesize(s[:2], w_plus)
    with pytest.raises(DeltaEditError, match="choose one of"):
        generator.synthesize(s, w_plus, resolution=48)
    with pytest.raises(DeltaEditError, match="layer 7 does not exist"):
        generator.synthesize_from(7, *generator.start(3), s, w_plus)
    with pytest.raises(DeltaEditError, match=r"w\+ is a ndarray; .*torch\.as_tensor"):
        generator.to_style(w_plus.numpy())
    with pytest.raises(DeltaEditError, match="noise='loud'"):
        generator.synthesize(s, w_plus, noise="loud")
    with pytest.raises(DeltaEditError, match=r"z is torch\.int64"):
        generator.mapping(torch.ones(2, 5, dtype=torch.int64))
    with pytest.raises(DeltaEditError, match=r"s is torch\.float64"):
        generator.synthesize(s.double(), w_plus)
    with pytest.raises(DeltaEditError, match="truncation"):
        generator.mapping(torch.randn(2, 5), truncation=float("nan"))
    with pytest.raises(DeltaEditError, match="s is a NoneType"):
        generator.synthesize(None, w_plus)


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DeltaEditError, match="power of two"):
        Generator(48, CHANNELS, style_dim=5)
    with pytest.raises(DeltaEditError, match=r"lacks the resolutions \[64\]"):
        Generator(64, CHANNELS, style_dim=5)
