"""The contrastive recipe in miniature: the loss, resume, what is learned."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from deltaedit_kit.labs.own_domain.world import World
from deltaedit_kit.toyfaces.factors import sample_factors
from deltaedit_kit.toyfaces.plain_clip_network import TOKEN_TABLE, PlainSizes, half
from recipes.toyfaces_learned import clip
from recipes.toyfaces_learned.clip import EXPORT, STATE, Config, info_nce, train, whitening
from recipes.toyfaces_learned.world import CHUNK, SEED, mirrored, rows_of, world_of

SIZES = PlainSizes(side=16, components=24, hidden=32, text_layers=1)
TINY = Config(sizes=SIZES, renders=40, steps=12, batch=8, warm_up=2)


def small_world(n: int, held_out: int) -> World:
    levels = np.random.default_rng(0).integers(0, 256, (n, 3, 8, 8), dtype=np.uint8)
    return World(levels, torch.rand(n, 2), torch.empty(n, 0), held_out)


def test_the_loss_is_that_of_open_clip() -> None:
    import open_clip  # seconds, which collecting need not take

    a, b = torch.nn.functional.normalize(torch.randn(2, 6, 5), dim=2)
    scale = torch.tensor(7.0)
    torch.testing.assert_close(info_nce(a, b, scale), open_clip.ClipLoss()(a, b, scale))
    sure = torch.eye(4)
    assert info_nce(sure, sure, torch.tensor(100.0)) < 1e-6
    assert math.isclose(info_nce(sure, sure, torch.tensor(0.0)), math.log(4), rel_tol=1e-5)


@pytest.mark.slow
def test_a_run_brings_pairs_together_leaves_the_table_and_is_not_begun_twice(
    tmp_path, monkeypatch
) -> None:
    table = torch.randn(SIZES.words, SIZES.text_width) * 0.02
    monkeypatch.setattr(clip, "read_weights", lambda _: {TOKEN_TABLE: table})
    monkeypatch.setattr(clip, "world_of", lambda n, side, to: world_of(n, side, to, held_out=20))
    heard: list[float] = []
    monkeypatch.setattr(
        clip, "info_nce", lambda *pairs: heard.append(info_nce(*pairs).item()) or info_nce(*pairs)
    )
    network = train(TINY, "cpu", tmp_path)
    assert sum(heard[-3:]) < 0.97 * sum(heard[:3])
    assert torch.equal(network.token_embedding.weight, table)
    first = (tmp_path / EXPORT).read_bytes()
    (tmp_path / EXPORT).unlink()
    train(TINY, "cpu", tmp_path)
    assert len(heard) == TINY.steps
    assert (tmp_path / EXPORT).read_bytes() == first
    assert (tmp_path / STATE).exists()


def test_components_are_those_of_scikit_learn() -> None:
    from sklearn.decomposition import PCA  # seconds, which collecting need not take

    world = small_world(300, held_out=20)
    mean, basis = whitening(world, 12)
    pixels = half(world.at(torch.arange(280)))
    ours = (pixels - mean) @ basis
    theirs = torch.from_numpy(PCA(12, whiten=True).fit_transform(pixels.numpy()))
    torch.testing.assert_close(ours.abs(), theirs.abs(), rtol=5e-3, atol=5e-3)
    torch.testing.assert_close(ours.T @ ours / 280, torch.eye(12), rtol=0, atol=1e-3)


def test_batches_follow_from_seed_and_step_and_leave_the_held_out_alone() -> None:
    world = small_world(20, held_out=5)
    assert torch.equal(rows_of(world, 8, 0, 3), rows_of(world, 8, 0, 3))
    assert not torch.equal(rows_of(world, 8, 0, 3), rows_of(world, 8, 0, 4))
    assert max(int(rows_of(world, 8, 0, step).max()) for step in range(40)) < 15


def test_the_worlds_factors_are_those_of_its_renders(tmp_path, monkeypatch) -> None:
    flat = lambda some, _: some[:, :3, None, None]  # noqa: E731
    monkeypatch.setattr("recipes.toyfaces_learned.world.render", flat)
    world = world_of(CHUNK, 1, tmp_path, held_out=3)
    assert torch.equal(world.factors[CHUNK:], sample_factors(CHUNK, SEED + 1)[:3])
    drawn = world.at(world.unseen).flatten(1)
    torch.testing.assert_close(drawn, world.factors[world.unseen, :3], atol=0.005, rtol=0)


def test_half_of_the_pictures_are_mirrored_for_the_critic() -> None:
    pictures = torch.tensor([-1.0, 1.0]).expand(64, 3, 2, 2)
    left = mirrored(pictures, 0, 9)[:, 0, 0, 0]
    assert 0.2 < (left == -1).float().mean() < 0.8
    assert torch.equal(left, mirrored(pictures, 0, 9)[:, 0, 0, 0])
