"""Every baseline improves what it optimises, on the shipped portraits; the formulas by hand."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from deltaedit_kit.labs.compare.baselines import make
from deltaedit_kit.labs.compare.baselines.latent_walk import Start
from deltaedit_kit.labs.compare.baselines.objective import Drawing
from deltaedit_kit.labs.metrics.clip_scores import sentence_embedding
from deltaedit_kit.labs.metrics.edit_success import lacking, succeeded
from deltaedit_kit.relevance import ChannelStatistics
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces.attributes import attribute
from tests.tiny_domain import tiny_domain

TARGET = attribute("glasses")


@pytest.fixture(scope="module")
def plain_faces(toyfaces):
    """Three faces without glasses."""
    faces = toyfaces.sample(24, seed=5)
    lack = lacking(toyfaces.oracle, toyfaces.read_factors(faces.images), [TARGET])
    return faces.select(lack.nonzero().flatten()[:3].tolist())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("styleclip-optimisation", {"steps": 12, "l2": 0.001, "fast": True}),
        ("tedigan", {"steps": 12, "lr": 0.15, "fast": True}),
    ],
)
def test_a_walk_lowers_its_objective_and_reaches_the_sentence(
    toyfaces, plain_faces, name, settings
):
    method = make(name, toyfaces, **settings)
    wanted = sentence_embedding(toyfaces, TARGET.prompt)
    start = Start(plain_faces.w_plus, plain_faces.images, wanted)
    change = method.change(plain_faces, TARGET.prompt)
    with torch.no_grad():
        first = method.objective(start.w_plus, start)
        last = method.objective(start.w_plus + change.w_plus, start)
    assert (last < first).all()
    assert (first - last).mean() > 0.01
    before, after = plain_faces.images, method.apply(plain_faces, change, 1.0)
    readings = [toyfaces.oracle.read(pictures) for pictures in (before, after)]
    found = succeeded(toyfaces.oracle, *readings, [TARGET])
    assert found.float().mean() >= 2 / 3


@pytest.mark.slow
def test_the_mappers_training_lowers_its_objective(toyfaces, plain_faces):
    method = make("styleclip-mapper", toyfaces, steps=20, batch=2, codes=8, fast=True)
    mapper, wanted = method.train(TARGET.prompt), sentence_embedding(toyfaces, TARGET.prompt)
    with torch.no_grad():
        drawing = Drawing(toyfaces, fast=True)
        nothing_done = drawing.clip_loss(drawing.pictures(plain_faces.w_plus), wanted)
        last = method.objective(mapper, plain_faces.w_plus, wanted)
    assert last.mean() < nothing_done.mean()  # a mapper that moves nothing pays CLIP's term only
    assert method.train(TARGET.prompt) is mapper  # it is kept


def test_the_directions_are_the_formula():
    domain = tiny_domain()
    faces = domain.sample(2, seed=0)
    method = make("styleclip-directions", domain, threshold=0.3)
    text = "face with glasses"
    delta = domain.clip.delta_texts([text], domain.spec.neutral)[0]
    relevant = domain.relevance @ F.normalize(delta, dim=0)
    sigma = ChannelStatistics.of(domain).std
    wanted = torch.zeros_like(relevant)
    for channel, value in enumerate(relevant.tolist()):  # the plain reference
        if abs(value) >= 0.3:
            wanted[channel] = sigma[channel] * value / relevant.abs().max()
    change = method.change(faces, text)
    torch.testing.assert_close(change.s, wanted.expand(2, -1))
    assert change.kept.sum() == (relevant.abs() >= 0.3).sum() > 0
    with pytest.raises(DeltaEditError, match="no channel reaches the threshold"):
        method.change(faces, text, threshold=1.5)


def test_deltaedit_behind_the_call_is_the_editor():
    from deltaedit_kit.editor import Editor

    domain = tiny_domain()
    faces = domain.sample(2, seed=0)
    baseline = make("deltaedit", domain, threshold=0.1).edit(faces, "an old face", strength=0.5)
    editor = Editor(domain).edit(faces, "an old face", strength=0.5, threshold=0.1)
    torch.testing.assert_close(baseline.after, editor.after)
    assert (baseline.kept == editor.kept).all()


@pytest.mark.slow
def test_the_terms_of_the_objectives_by_hand(toyfaces, plain_faces):
    wanted = sentence_embedding(toyfaces, TARGET.prompt)
    start = Start(plain_faces.w_plus, plain_faces.images, wanted)
    moved = plain_faces.w_plus + 0.1
    with torch.no_grad():
        pictures = Drawing(toyfaces).pictures(moved)
        clip = 1 - toyfaces.clip.encode_images(pictures, drawn=True) @ wanted
        same = (toyfaces.identity(pictures) * toyfaces.identity(plain_faces.images)).sum(1)
        walk = make("styleclip-optimisation", toyfaces).objective(moved, start)
        gan = make("tedigan", toyfaces).objective(moved, start)
    distance = 0.01 * moved[0].numel()
    torch.testing.assert_close(walk, clip + 0.008 * distance + 0.005 * (1 - same))
    pixels = (pictures - plain_faces.images).square().mean((1, 2, 3))
    torch.testing.assert_close(gan, clip + pixels)


def test_the_rate_of_the_optimisation_rises_and_falls():
    method = make("styleclip-optimisation", tiny_domain())
    rates = [method.rate(step / 300) for step in range(300)]
    assert rates[0] == 0
    assert rates[15] == pytest.approx(0.1)
    assert rates[200] == pytest.approx(0.1)
    assert 0 < rates[299] < 0.001
    assert sorted(rates[:16]) == rates[:16]
    assert sorted(rates[225:], reverse=True) == rates[225:]
