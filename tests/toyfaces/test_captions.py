"""Captions: true, varied, reproducible, and silent about what is held out."""

import re

import pytest
import torch

from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES, NAMES, truth_table
from deltaedit_kit.toyfaces.captions import (
    HELD_OUT_PAIRS,
    HELD_OUT_WORDS,
    caption,
    captions,
    captions_and_names,
)
from deltaedit_kit.toyfaces.factors import FACTORS, sample_factors


@pytest.fixture(scope="module")
def drawn():
    factors = sample_factors(12_000, seed=3)
    texts, named = captions_and_names(factors, seed=4)
    return factors, texts, named


def test_every_named_attribute_holds(drawn):
    factors, _, named = drawn
    assert not (named & ~truth_table(factors)).any()


def test_one_to_five_attributes_half_of_them_single(drawn):
    _, texts, named = drawn
    counts = named.sum(1)
    assert int(counts.max()) == 5
    assert 0.45 < float((counts == 1).float().mean()) < 0.55
    assert 0.02 < float((counts == 0).float().mean()) < 0.07
    neutral = {text for text, count in zip(texts, counts.tolist(), strict=True) if count == 0}
    assert {"a face", "face", "a portrait of a face"} <= neutral


def test_captions_say_what_they_name(drawn):
    _, texts, named = drawn
    for text, row in zip(texts[:3000], named[:3000], strict=True):
        for number in row.nonzero()[:, 0].tolist():
            assert any(phrase in text for phrase in ATTRIBUTES[number].phrases), (text, number)


def test_every_attribute_and_most_phrases_occur(drawn):
    _, texts, named = drawn
    assert bool((named.sum(0) > 100).all())
    everything = "\n".join(texts)
    phrases = [phrase for a in ATTRIBUTES for phrase in a.phrases]
    assert sum(phrase in everything for phrase in phrases) > 0.98 * len(phrases)
    assert len(set(texts)) > 0.8 * len(texts)
    assert re.search(r"\b(no|without|not)\b", everything)


def test_fewer_denials_and_nothing_else_changes(drawn):
    factors, texts, named = drawn
    fewer, kept = captions_and_names(factors, seed=4, denials=0.2)
    denial = re.compile(r"\b(no|not|without)\b")
    before, after = (sum(map(bool, map(denial.search, some))) for some in (texts, fewer))
    assert 0.1 * before < after < 0.3 * before
    assert not (kept & ~truth_table(factors)).any()
    assert kept.sum() > 0.9 * named.sum()
    for text, row in zip(fewer[:2000], kept[:2000], strict=True):
        for number in row.nonzero()[:, 0].tolist():
            assert any(phrase in text for phrase in ATTRIBUTES[number].phrases), (text, number)


def test_held_out_words_never_occur(drawn):
    _, texts, _ = drawn
    used = set(re.findall(r"[a-z]+", " ".join(texts).lower()))
    assert not used & set(HELD_OUT_WORDS)
    assert not any(
        re.search(rf"\b{word}\b", phrase)
        for word in HELD_OUT_WORDS
        for a in ATTRIBUTES
        for phrase in (*a.phrases, a.prompt)
    )


def test_every_held_out_word_has_a_test_sentence_and_a_used_synonym():
    for word, name in HELD_OUT_WORDS.items():
        row = ATTRIBUTES[NAMES.index(name)]
        assert any(word in sentence for sentence in row.held_out), word
        assert row.phrases
    assert len(HELD_OUT_WORDS) >= 10
    assert len(set(HELD_OUT_WORDS.values())) >= 8


def test_held_out_pairs_never_meet(drawn):
    factors, _, named = drawn
    truth = truth_table(factors)
    for pair in HELD_OUT_PAIRS:
        a, b = (NAMES.index(name) for name in pair)
        assert not (named[:, a] & named[:, b]).any()
        assert (truth[:, a] & truth[:, b]).any()  # there was occasion to say it
        assert named[:, a].any()
        assert named[:, b].any()


def test_hues_are_not_named_in_the_dark(drawn):
    factors, _, named = drawn
    for thing in ("clothes", "background"):
        value = factors[:, FACTORS.index(f"{thing}_value")]
        hues = [j for j, a in enumerate(ATTRIBUTES) if a.factor == f"{thing}_hue"]
        assert not named[value < 0.3][:, hues].any()
        assert named[value > 0.3][:, hues].any()


def test_same_seed_same_captions():
    factors = sample_factors(50, seed=1)
    assert captions(factors, 7) == captions(factors, 7)
    assert captions(factors, 7) != captions(factors, 8)
    assert caption(factors[0], 7) == caption(factors[:1], 7)


def test_caption_takes_one_valid_portrait():
    with pytest.raises(DeltaEditError, match="one portrait"):
        caption(sample_factors(2, seed=0), 0)
    with pytest.raises(DeltaEditError, match="outside"):
        caption(torch.full((len(FACTORS),), 2.0), 0)
    with pytest.raises(DeltaEditError, match="factors is a list"):
        caption([0.5] * len(FACTORS), 0)


def test_articles_agree(drawn):
    _, texts, _ = drawn
    text = " ".join(texts)
    assert not re.search(r"\ba [aeio]", text)
    assert not re.search(r"\ban [^aeiou]", text)
