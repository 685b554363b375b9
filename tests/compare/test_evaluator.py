"""The evaluator on portraits: ideal for what nothing was done to, and one look for all metrics."""

from __future__ import annotations

import math

import pytest
import torch

from deltaedit_kit.labs.compare.evaluator import Evaluator
from deltaedit_kit.labs.compare.prompts import Prompt
from deltaedit_kit.labs.metrics import METRICS, Metric
from deltaedit_kit.labs.metrics.frechet import Moments, frechet_of_moments
from deltaedit_kit.labs.metrics.pictures import ssim
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces.attributes import attribute
from deltaedit_kit.toyfaces.factors import index
from tests.tiny_domain import tiny_domain

PROMPT = Prompt("face with glasses", ("glasses",))


@pytest.fixture(scope="module")
def faces(toyfaces):
    return toyfaces.sample(4, seed=1)


@pytest.fixture(scope="module")
def evaluator(toyfaces, faces):
    return Evaluator(toyfaces, faces)


def test_a_method_that_changes_nothing_is_perfect_and_achieves_nothing(toyfaces, faces, evaluator):
    values = evaluator(PROMPT, faces.images).values
    assert values["psnr"].min() > 60
    torch.testing.assert_close(values["ssim"], torch.ones(4))
    torch.testing.assert_close(values["ids"], torch.ones(4))
    assert values["side_effect"].max() == 0
    readings = toyfaces.read_factors(faces.images)[:, index("glasses")]
    had = attribute("glasses").holds(readings)
    assert values["success"].isnan().tolist() == had.tolist()
    assert set(values["success"][~had].tolist()) <= {0.0}


def test_a_new_metric_of_two_pictures_needs_its_row_alone(evaluator, faces, monkeypatch):
    row = Metric("likeness", "likeness", "higher", of_pictures=ssim)
    monkeypatch.setitem(METRICS, "likeness", row)
    values = evaluator(PROMPT, faces.images.flip(0)).values
    assert torch.equal(values["likeness"], values["ssim"])


def test_moments_are_those_of_the_features(faces, evaluator):
    (name, found), *others = evaluator(PROMPT, faces.images[:3]).moments.items()
    assert (name, others) == ("clip-toyfaces", [])
    wanted = Moments.of(evaluator.domain.clip.encode_images(faces.images[:3]))
    assert found.n == 3
    torch.testing.assert_close(found.mean, wanted.mean)
    assert frechet_of_moments(found, evaluator.moments(faces.images[:3])[name]) < 1e-3


def test_fewer_pictures_are_the_first_faces(faces, evaluator):
    all_, some = (evaluator(PROMPT, faces.images[:n] * 0.9).values for n in (4, 2))
    assert set(all_) == set(some)
    for name, numbers in some.items():
        torch.testing.assert_close(numbers, all_[name][:2], equal_nan=True, atol=1e-4, rtol=1e-4)


def test_pictures_beyond_the_range_and_nan_are_refused(faces, evaluator):
    for wrong, words in ((3.0, "in \\[-1, 1\\]"), (math.nan, "NaN")):
        with pytest.raises(DeltaEditError, match=words):
            evaluator(PROMPT, faces.images * wrong)


def test_what_a_domain_cannot_measure_is_left_out(evaluator, faces):
    assert "success" not in evaluator(Prompt("a happy face"), faces.images).values
    domain = tiny_domain()
    few = domain.sample(2, seed=0)
    values = Evaluator(domain, few)(Prompt("a happy face"), few.images).values
    assert set(values) == {"psnr", "ssim", "clip_score", "directional"}
