"""Metrics of a picture and its edit: ideal on equal pictures, scikit-image, and refusals."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from deltaedit_kit.labs.metrics.clip_scores import (
    clip_score,
    directional_similarity,
    sentence_embedding,
)
from deltaedit_kit.labs.metrics.edit_success import factor_matrix, side_effect, succeeded
from deltaedit_kit.labs.metrics.pictures import identity_similarity, psnr, ssim
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces.attributes import attribute
from deltaedit_kit.toyfaces.factors import FACTORS, index, sample_factors
from deltaedit_kit.toyfaces.identity import PERSON, read_identity
from deltaedit_kit.toyfaces.renderer import render
from tests.tiny_domain import tiny_domain

EMBED = read_identity()


@pytest.fixture(scope="module")
def pictures():
    return render(sample_factors(4, seed=11))


def test_psnr_and_ssim_agree_with_scikit_image(pictures):
    after = (pictures + 0.2 * torch.randn(pictures.shape)).clamp(-1, 1)
    # One mirrors a picture at its edge with the last pixel twice: in a plain frame they agree.
    pictures, after = (F.pad(one[:, :, 16:-16, 16:-16], [16] * 4) for one in (pictures, after))
    ours = psnr(after, pictures), ssim(pictures, after)
    for row, (x, y) in enumerate(zip(pictures.numpy(), after.numpy(), strict=True)):
        wanted = peak_signal_noise_ratio(x, y, data_range=2.0)
        assert float(ours[0][row]) == pytest.approx(wanted, abs=1e-3)
        options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        # Its mean leaves the border of 5 pixels out, torchmetrics counts it; the map has both.
        _, whole = structural_similarity(x, y, channel_axis=0, data_range=2.0, full=True, **options)
        assert float(ours[1][row]) == pytest.approx(whole.mean(), abs=1e-5)


def test_the_gradient_of_psnr_by_hand():
    wanted, pictures = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4, requires_grad=True)
    psnr(pictures, wanted).sum().backward()
    off = (pictures - wanted).detach()
    by_hand = -20 / math.log(10) * off / off.square().sum((1, 2, 3), keepdim=True)
    torch.testing.assert_close(pictures.grad, by_hand)


def test_ssim_of_many_pictures_is_that_of_each(pictures, monkeypatch):
    after = (pictures + 0.2).clamp(-1, 1)
    whole = ssim(pictures, after)
    monkeypatch.setattr(
        "deltaedit_kit.labs.metrics.pictures.PIXELS_A_PASS", 3 * 128 * 128
    )  # 3 and 1
    torch.testing.assert_close(ssim(pictures, after), whole)


def test_equal_pictures_are_ideal(pictures):
    assert psnr(pictures, pictures).isinf().all()
    torch.testing.assert_close(ssim(pictures, pictures), torch.ones(4))
    same = identity_similarity(pictures, pictures, EMBED)
    torch.testing.assert_close(same, torch.ones(4))


def test_ids_follows_the_person_and_not_the_clothes():
    factors = sample_factors(12, seed=5)
    dressed, other = factors.clone(), factors.clone()
    fresh = sample_factors(12, seed=6)
    for name in FACTORS:
        target = other if name in PERSON else dressed
        target[:, index(name)] = fresh[:, index(name)]
    before = render(factors)
    same = identity_similarity(before, render(dressed), EMBED)
    different = identity_similarity(before, render(other), EMBED)
    assert same.min() > 0.85
    assert different.mean() < 0.5
    assert (same > different).all()


def test_clip_scores_by_hand():
    text = torch.tensor([1.0, 0.0])
    seen = torch.tensor([[1.0, 0.0], [0.6, 0.8], [-1.0, 0.0]])
    assert clip_score(seen, text).tolist() == pytest.approx([100, 60, 0])
    before = torch.tensor([[0.0, 1.0]] * 3)
    after = torch.tensor([[1.0, 0.0], [0.0, -1.0], [0.0, 1.0]])
    found = directional_similarity(before, after, torch.tensor([0.5, 0.0]))
    assert found.tolist() == pytest.approx([0.5**0.5, 0, 0])


def test_vectors_that_are_no_embeddings_are_refused():
    unit, text = torch.eye(2), torch.tensor([1.0, 0.0])
    for pictures, sentence in ((2 * unit, text), (unit, 2 * text), (unit * math.nan, text)):
        with pytest.raises(DeltaEditError, match=r"long, not 1|NaN"):
            clip_score(pictures, sentence)
    with pytest.raises(DeltaEditError, match="long, not 1"):
        directional_similarity(unit, 3 * unit, text)
    with pytest.raises(DeltaEditError, match="shapes"):
        directional_similarity(unit, unit, torch.ones(3))


def test_a_sentence_is_the_mean_of_its_templates():
    domain = tiny_domain()
    bare = domain.clip.encode_texts(["an old face"])[0]
    torch.testing.assert_close(sentence_embedding(domain, "an old face"), bare)
    frames = ("{}", "a picture of {}.")
    domain.spec = replace(domain.spec, templates=frames)
    both = domain.clip.encode_texts(["an old face", "a picture of an old face."]).mean(0)
    torch.testing.assert_close(sentence_embedding(domain, "an old face"), both / both.norm())


def test_oracle_metrics_equal_a_change_made_by_hand(toyfaces):
    """Renders whose factors are known: what the oracle metrics say is what was done to them."""
    before = sample_factors(24, seed=9)
    smile, hair = index("smile"), index("hair_length")
    before[:, smile], before[:, hair] = 0.1, 0.2
    after = before.clone()
    after[:12, smile], after[:, hair] = 0.9, 0.6
    oracle, target = toyfaces.oracle, attribute("smile")
    first, last = (oracle.read(render(f)) for f in (before, after))
    assert succeeded(oracle, first, last, [target]).tolist() == [True] * 12 + [False] * 12
    exact = float(side_effect(oracle, before, after, [target]).mean())
    found = float(side_effect(oracle, first, last, [target]).mean())
    assert found == pytest.approx(exact, abs=0.02)
    matrix = factor_matrix(first, torch.stack([first, last]))
    assert matrix.shape == (2, len(FACTORS))
    assert matrix[0].abs().max() == 0
    assert matrix[1, hair].item() == pytest.approx(0.4, abs=0.06)
    assert matrix[1, smile].item() == pytest.approx(0.4, abs=0.06)
    assert set(matrix[1].abs().topk(2).indices.tolist()) == {smile, hair}


def test_readings_of_other_faces_are_refused():
    with pytest.raises(DeltaEditError, match="readings"):
        factor_matrix(torch.zeros(2, 3), torch.ones(2, 3))


@pytest.mark.parametrize("measure", [psnr, ssim, lambda x, y: identity_similarity(x, y, EMBED)])
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda x: x * 127, r"in \[-1, 1\]"),
        (lambda x: (x + 1) * 127.5, "as bytes do"),
        (lambda x: x.index_fill(0, torch.tensor([0]), math.nan), "NaN"),
        (lambda x: x[:, :, :64, :64], "one size"),
        (lambda x: x[:0], "give at least one"),
        (lambda x: x.byte(), "floats"),
        (lambda x: x[0], r"\[n, 3, h, w\]"),
    ],
)
def test_bad_pictures_are_refused_in_words(pictures, measure, spoil, words):
    with pytest.raises(DeltaEditError, match=words):
        measure(pictures, spoil(pictures))


def test_constant_pictures_and_small_ones(pictures):
    flat = torch.zeros(2, 3, 32, 32)
    torch.testing.assert_close(ssim(flat, flat), torch.ones(2))
    assert ssim(flat, flat + 0.5).max() < 0.1
    with pytest.raises(DeltaEditError, match="11 pixels"):
        ssim(flat[:, :, :8, :8], flat[:, :, :8, :8])
    with pytest.raises(DeltaEditError, match="NaN"):
        psnr(flat * math.nan, flat)
