"""The CLIP recipe: shortcuts change nothing, targets are probabilities, the table meets words."""

import math

import pytest
import torch
from safetensors.torch import save_file

from deltaedit_kit.clip_tokenizer import tokenize
from deltaedit_kit.labs.own_domain.augmentation import augment
from deltaedit_kit.labs.own_domain.clip_losses import (
    caption_truth,
    different_factors,
    losses,
    targets,
)
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES, NAMES, truth_table
from deltaedit_kit.toyfaces.captions import captions_and_names
from deltaedit_kit.toyfaces.factors import FACTORS, sample_factors
from recipes.toyfaces.clip import with_pictures_of
from recipes.toyfaces.clip_contrast import (
    MIXED,
    TOKEN_NOISE,
    embed_texts,
    perturb_words,
)
from recipes.toyfaces.clip_image_tower import build_network, cycles_of
from recipes.toyfaces.clip_targets import nameable, soft_truth
from recipes.toyfaces.token_table import fit_pieces, frequency_weights, principal
from recipes.weights import rounded


@pytest.fixture(scope="module")
def network():
    return build_network(seed=0).eval()


def test_texts_in_groups_of_like_length_are_embedded_as_one_by_one(network):
    texts = ["face", "a face with glasses and a very long beard, seen from the left", "a man"]
    tokens = tokenize(texts)
    with torch.no_grad():
        one_by_one = torch.cat([network.encode_text(row[None]) for row in tokens])
        unit = torch.nn.functional.normalize(one_by_one, dim=1)
        torch.testing.assert_close(embed_texts(network, tokens), unit, rtol=1e-4, atol=1e-5)
        noisy = embed_texts(network, tokens, torch.Generator().manual_seed(0))
    assert (noisy * unit).sum(1).max() < 0.999
    assert not network.token_embedding._forward_hooks


def test_soft_truth_agrees_with_the_table_where_the_table_is_sure():
    factors = sample_factors(800, seed=0)
    degrees, truth = soft_truth(factors), truth_table(factors)
    assert bool((degrees[truth] == 1).all())
    assert bool(((degrees >= 0) & (degrees <= 1)).all())
    wide, narrow = NAMES.index("wide_face"), NAMES.index("narrow_face")
    assert bool((degrees[truth[:, narrow], wide] == 0).all())
    middle = torch.full((1, len(FACTORS)), 0.5)
    assert float(soft_truth(middle)[0, wide]) == pytest.approx(0.5)
    assert bool((degrees <= nameable(factors)).all())


def test_truth_of_a_caption_is_the_product_over_its_attributes():
    factors = sample_factors(300, seed=1)
    _, named = captions_and_names(factors, seed=0)
    truth = caption_truth(named, soft_truth(factors))
    assert truth.shape == (300, 300)
    torch.testing.assert_close(truth.diagonal(), torch.ones(300))  # a caption fits its portrait
    neutral = ~named.any(1)
    assert neutral.any()
    torch.testing.assert_close(truth[neutral], torch.ones_like(truth[neutral]))


def test_targets_are_distributions_and_neutral_captions_weigh_least():
    factors = sample_factors(300, seed=2)
    _, named = captions_and_names(factors, seed=1)
    over_pictures, over_captions = targets(caption_truth(named, soft_truth(factors)))
    torch.testing.assert_close(over_pictures.sum(1), torch.ones(300))
    torch.testing.assert_close(over_captions.sum(1), torch.ones(300))
    neutral, single = ~named.any(1), named.sum(1) == 1
    own = over_captions.diagonal()
    assert float(own[neutral].mean()) < float(own[single].mean())


def test_perfect_embeddings_have_no_direction_loss():
    """Portraits made of orthogonal attribute directions, and sentences along them: `along` is 0."""
    factors = sample_factors(4000, seed=3)
    texts, named = captions_and_names(factors[:64], seed=2)
    degrees, tellable = soft_truth(factors), nameable(factors)
    images = torch.nn.functional.normalize(factors - 0.5, dim=1)  # one axis a factor
    moves = (degrees / degrees.sum(0) - tellable / tellable.sum(0)).T @ images
    said = named.float() @ torch.nn.functional.normalize(moves, dim=1)
    neutral = torch.zeros(3, len(FACTORS))
    apart = different_factors([a.factor for a in ATTRIBUTES], "cpu")
    scale = torch.tensor(5.0)
    terms = losses(said, neutral, images, named, degrees, tellable, scale, apart)
    assert float(terms["along"]) < 1e-5
    assert float(terms["still"]) == 0
    worse = losses(-said, neutral, images, named, degrees, tellable, scale, apart)
    assert float(worse["along"]) > 1.9
    assert float(worse["pictures"]) > float(terms["pictures"]) >= 0
    assert len(texts) == 64
    assert apart.shape == (len(ATTRIBUTES), len(ATTRIBUTES))


def test_rate_restarts_and_ends_at_zero():
    rate_at = cycles_of(((300, 1e-3), (200, 5e-4))).rate_at
    assert rate_at(99) == pytest.approx(1e-3 * 0.5 * (1 + math.cos(math.pi * 99 / 300)))
    assert rate_at(299) < 1e-6
    assert rate_at(400) == pytest.approx(2.5e-4)
    assert rate_at(499) < 1e-6


def test_augmentation_is_mild_and_seeded():
    pictures = torch.rand(16, 3, 128, 128) * 2 - 1
    smooth = torch.nn.functional.avg_pool2d(pictures, 9, 1, 4)
    first = augment(smooth, torch.Generator().manual_seed(1))
    again = augment(smooth, torch.Generator().manual_seed(1))
    assert first.shape == smooth.shape
    assert torch.equal(first, again)
    assert not torch.equal(first, smooth)
    assert float((first - smooth).abs().mean()) < 0.15


def test_regression_of_pieces_meets_cut_words_and_spares_whole_ones():
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(6, 4, generator=generator)
    words = torch.randn(2, 4, generator=generator)
    pieces = [[0, 5], [1, 5]]  # token 5 is a word by itself that also ends two cut words
    ridge = torch.full((6, 1), 1e-3)
    ridge[5] = 1e4
    fitted = fit_pieces(start, pieces, words, torch.ones(2), ridge)
    sums = torch.stack([fitted[p].sum(0) for p in pieces])
    torch.testing.assert_close(sums, words, rtol=0, atol=0.02)
    torch.testing.assert_close(fitted[2:5], start[2:5])
    torch.testing.assert_close(fitted[5], start[5], rtol=0, atol=0.01)


def test_principal_axes_keep_the_spread_and_frequency_hushes_common_tokens():
    generator = torch.Generator().manual_seed(0)
    flat = torch.randn(500, 3, generator=generator) @ torch.randn(3, 8, generator=generator)
    kept = principal(flat, torch.arange(500), 3)
    expected = torch.cdist(flat[:20], flat[:20])
    torch.testing.assert_close(torch.cdist(kept[:20], kept[:20]), expected, rtol=1e-3, atol=1e-3)
    weights = frequency_weights(49408)
    assert bool((weights.diff() >= 0).all())
    assert float(weights[0]) < 0.1 < 0.9 < float(weights[-1]) <= 1


def test_perturbed_words_keep_their_length_and_lean_seldom():
    generator = torch.Generator().manual_seed(0)
    table = torch.nn.functional.normalize(torch.randn(500, 64, generator=generator), dim=1)
    words = 2 * table[:400].reshape(40, 10, 64)
    perturbed = perturb_words(words, table, generator)
    cosine = torch.nn.functional.cosine_similarity(perturbed, words, dim=-1)
    assert 0.7 < float(cosine.mean()) < 0.9
    assert float((cosine > 0.8).float().mean()) > 1 - MIXED  # most are only noisy
    assert float(cosine.min()) > 0.15
    length = perturbed.norm(dim=-1) / 2
    assert float(length.mean()) == pytest.approx(math.sqrt(1 + TOKEN_NOISE**2), rel=0.03)


def test_texts_can_be_trained_towards_the_pictures_of_a_file(network, tmp_path):
    file = tmp_path / "clip.safetensors"
    save_file(rounded(build_network(seed=3).state_dict()), file)
    kept = with_pictures_of(file, seed=0)
    other = build_network(seed=3)
    assert torch.equal(kept.visual.proj, other.visual.proj.half().float())
    assert not torch.equal(kept.text_projection, other.text_projection)
    save_file({"visual.proj": torch.zeros(192, 128)}, file)
    with pytest.raises(ValueError, match="no CLIP of this recipe's size"):
        with_pictures_of(file, seed=0)
