"""The adversarial recipe in miniature: shapes, exact resume, batches from (seed, step)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
import torch

from deltaedit_kit.labs.own_domain.adversarial import STATE, Config, Run
from deltaedit_kit.labs.own_domain.critic import Discriminator
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.support.atomic import save_tensors
from recipes.toyfaces_learned.generator import LANDED
from recipes.toyfaces_learned.generator import Config as RecipeConfig
from recipes.toyfaces_learned.widen import widened

CHANNELS = {4: 8, 8: 8, 16: 8, 32: 4}
TINY = Config(
    resolution=32,
    channels=CHANNELS,
    style_dim=8,
    mapping_layers=2,
    growth={8: 4, 16: 4},  # a step each
    fade=8,
    batch=4,
    r1_every=2,
)


def pictures(step: int) -> torch.Tensor:
    return torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(step)) * 2 - 1


def weights(run: Run) -> list[torch.Tensor]:
    nets = (run.generator, run.average, run.critic)
    return [value for net in nets for value in net.state_dict().values()]


def test_the_critic_gives_a_number_a_picture_and_sees_sameness() -> None:
    torch.manual_seed(0)
    critic = Discriminator(32, CHANNELS)
    various = pictures(0)
    assert critic(various).shape == (4,)
    alone = torch.cat([critic(one[None].expand(4, -1, -1, -1))[:1] for one in various])
    assert not torch.allclose(critic(various), alone)  # four equal pictures are no batch of renders


@pytest.mark.slow
def test_a_killed_run_goes_on_bit_for_bit(tmp_path) -> None:
    unbroken, first = Run(TINY, "cpu"), Run(TINY, "cpu")
    for step in range(4):
        unbroken.train_step(pictures(step))
    for step in range(2):
        first.train_step(pictures(step))
    first.save(tmp_path)
    second = Run(TINY, "cpu")
    assert second.load(tmp_path / STATE)
    torch.rand(5)  # somebody else's random numbers
    for step in range(2, 4):
        second.train_step(pictures(step))
    assert second.step == unbroken.step == 4
    assert all(torch.equal(a, b) for a, b in zip(weights(second), weights(unbroken), strict=True))


def test_pictures_grow_and_a_new_size_comes_in_slowly() -> None:
    assert [TINY.stage(step) for step in range(6)] == [
        (8, 1.0),
        (16, 0.0),
        (32, 0.0),
        (32, 0.5),
        (32, 1.0),
        (32, 1.0),
    ]
    run = Run(TINY, "cpu")
    shapes = []
    for step in range(3):
        shapes.append(run.draw(2).shape[-1])
        run.train_step(pictures(step))
    assert shapes == [8, 16, 32]


def test_a_new_size_is_an_enlargement_of_the_last_and_the_critic_does_not_notice() -> None:
    run = Run(TINY, "cpu")
    z = torch.randn(4, TINY.style_dim)
    w_plus = run.generator.expand(run.generator.mapping(z))
    s = run.generator.to_style(w_plus)
    draw = partial(run.generator.synthesize, s, w_plus, resolution=16)
    small, large = draw(resolution=8), draw()
    for new in run.generator.convs[2:4].parameters():
        torch.nn.init.normal_(new)
    assert torch.equal(draw(), large)  # nothing of the new size shows yet
    torch.testing.assert_close(large.mean((2, 3)), small.mean((2, 3)), atol=0.1, rtol=0.1)
    grown = torch.nn.functional.interpolate(small, scale_factor=2)
    torch.testing.assert_close(run.critic(grown, blend=0.0), run.critic(small))


def test_weights_in_half_precision_without_moments_begin_a_run(tmp_path) -> None:
    """As the recipe keeps those of its unfinished run."""
    run = Run(TINY, "cpu")
    run.train_step(pictures(0))
    kept = {
        key: value.half() if value.is_floating_point() else value
        for key, value in run.state().items()
        if not key.startswith("adam")
    }
    save_tensors(tmp_path / "kept.safetensors", kept, {"step": "1"})
    other = Run(TINY, "cpu")
    assert other.load(tmp_path / "kept.safetensors")
    assert other.step == 1
    for half, trained in zip(weights(other), weights(run), strict=True):
        torch.testing.assert_close(half, trained, rtol=1e-3, atol=1e-3)
    assert not Run(TINY, "cpu").load(tmp_path / "nothing.safetensors")


def test_the_unfinished_run_that_is_kept_belongs_to_the_recipe() -> None:
    run = Run(RecipeConfig(), "cpu")
    assert run.load(LANDED)
    assert run.step == 16_537


@pytest.mark.slow
def test_a_run_is_not_begun_twice(tmp_path) -> None:
    seen: list[int] = []
    tiny = replace(TINY, pictures=12)
    for _ in range(2):
        run = Run(tiny, "cpu")
        run.load(tmp_path / STATE)
        average = run.train(lambda k: seen.append(k) or pictures(k), tmp_path, lambda *_: None)
        assert average is run.average
    assert seen == [0, 1, 2]


def test_a_widened_generator_draws_the_same_and_has_one_width() -> None:
    channels = {4: 8, 8: 8, 16: 8, 32: 4, 64: 4}
    config = RecipeConfig(channels=channels, style_dim=8, mapping_layers=2)
    torch.manual_seed(3)
    trained = Generator(64, channels, 8, 2)
    for value in trained.parameters():
        torch.nn.init.normal_(value, std=0.5)
    wide = widened(trained, config)
    assert wide.style_widths[:8] == (8,) * 8
    z = torch.randn(3, 8)
    drawn = []
    for model in (trained, wide):
        w_plus = model.expand(model.mapping(z))
        drawn.append(model.synthesize(model.to_style(w_plus), w_plus, "fixed"))
    torch.testing.assert_close(*drawn, atol=1e-4, rtol=1e-4)
