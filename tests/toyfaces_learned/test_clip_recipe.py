"""The contrastive recipe in miniature: the loss, exact resume, what is learned."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import torch

from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.toyfaces.captions import captions
from deltaedit_kit.toyfaces.factors import sample_factors
from deltaedit_kit.toyfaces.plain_clip_network import TOKEN_TABLE, PlainSizes, half
from recipes.toyfaces_learned.clip import STATE, Config, Run, info_nce, whitening
from recipes.toyfaces_learned.world import CHUNK, SEED, World, to_float

SIZES = PlainSizes(side=16, components=24, hidden=32, text_layers=1)
TINY = Config(sizes=SIZES, steps=10, batch=8, warm_up=2)
TEXTS = captions(sample_factors(8, 0), 0)


def fresh() -> Run:
    random = torch.Generator().manual_seed(1)
    return Run(TINY, torch.randn(SIZES.words, SIZES.text_width, generator=random) * 0.02, "cpu")


def pictures(step: int) -> torch.Tensor:
    return torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(step)) * 2 - 1


def test_the_loss_is_that_of_open_clip() -> None:
    import open_clip  # seconds, which collecting need not take

    a, b = torch.nn.functional.normalize(torch.randn(2, 6, 5), dim=2)
    scale = torch.tensor(7.0)
    torch.testing.assert_close(info_nce(a, b, scale), open_clip.ClipLoss()(a, b, scale))
    sure = torch.eye(4)
    assert info_nce(sure, sure, torch.tensor(100.0)) < 1e-6
    assert math.isclose(info_nce(sure, sure, torch.tensor(0.0)), math.log(4), rel_tol=1e-5)


def test_texts_in_groups_are_embedded_as_one_by_one() -> None:
    run = fresh()
    _, said = run.embed(pictures(0), TEXTS)
    normalise = partial(torch.nn.functional.normalize, dim=1)
    one_by_one = torch.cat([run.embed_texts([text]) for text in TEXTS])
    torch.testing.assert_close(said, normalise(one_by_one))


def test_a_killed_run_goes_on_bit_for_bit_and_the_table_stays(tmp_path) -> None:
    unbroken, first = fresh(), fresh()
    table = first.network.token_embedding.weight.clone()
    for step in range(4):
        unbroken.train_step(pictures(step), TEXTS)
    for step in range(2):
        first.train_step(pictures(step), TEXTS)
    first.save(tmp_path)
    second = fresh()
    assert second.load(tmp_path / STATE)
    torch.rand(5)  # somebody else's random numbers
    for step in range(2, 4):
        second.train_step(pictures(step), TEXTS)
    assert second.step == 4
    ours, theirs = (run.network.state_dict() for run in (second, unbroken))
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    assert torch.equal(ours[TOKEN_TABLE], table)


def test_a_state_of_another_network_is_not_gone_on_with(tmp_path) -> None:
    save_tensors(tmp_path / STATE, {"network/visual.proj.weight": torch.ones(2)}, {"step": "9"})
    with pytest.raises(SystemExit, match="another network"):
        fresh().load(tmp_path / STATE)


def test_steps_bring_pairs_together() -> None:
    run = fresh()
    losses = [run.train_step(pictures(0), TEXTS) for _ in range(8)]
    assert losses[-1] < 0.8 * losses[0]


def test_components_are_those_of_scikit_learn() -> None:
    from sklearn.decomposition import PCA  # seconds, which collecting need not take

    levels = np.random.default_rng(0).integers(0, 256, (300, 3, 8, 8), dtype=np.uint8)
    mean, basis = whitening(World(levels, held_out=20), 12, pictures=280)
    pixels = half(to_float(levels[:280]))
    ours = (pixels - mean) @ basis
    theirs = torch.from_numpy(PCA(12, whiten=True).fit_transform(pixels.numpy()))
    torch.testing.assert_close(ours.abs(), theirs.abs(), rtol=5e-3, atol=5e-3)
    torch.testing.assert_close(ours.T @ ours / 280, torch.eye(12), rtol=0, atol=1e-3)


def test_the_worlds_factors_are_those_of_its_renders() -> None:
    world = World(np.zeros((CHUNK + 3, 3, 2, 2), np.uint8), held_out=1)
    assert torch.equal(world.factors[CHUNK:], sample_factors(CHUNK, SEED + 1)[:3])
    rows, batch = world.rows_and_pictures(5, 0, 9)
    assert rows.shape == (5,)
    again = world.rows_and_pictures(5, 0, 9)
    assert torch.equal(batch, again[1])


def test_pictures_are_mirrored_for_the_critic_only() -> None:
    halves = np.concatenate([np.zeros((8, 3, 2, 1)), np.full((8, 3, 2, 1), 255)], 3)
    world = World(halves.astype(np.uint8), held_out=1)
    for_clip = world.rows_and_pictures(64, 0, 9)[1]
    assert (for_clip[..., 0] == -1).all()
    left = world.batch(64, 0, 9)[:, 0, 0, 0]
    assert 0.2 < (left == -1).float().mean() < 0.8
