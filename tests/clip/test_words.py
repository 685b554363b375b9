"""Words that no caption has: the tables name attributes, and CLIP understands most of them."""

import re

import pytest

from benchmarks.toyfaces_words import FRESH, LOOKED_AT, hear, sentences
from deltaedit_kit import load_domain
from deltaedit_kit.toyfaces.attributes import NAMES
from deltaedit_kit.toyfaces.captions import HELD_OUT_WORDS, captions
from deltaedit_kit.toyfaces.factors import sample_factors


@pytest.fixture(scope="module")
def clip():
    return load_domain("toyfaces").clip


def test_every_sentence_has_a_word_that_no_caption_has():
    said = set()
    for text in captions(sample_factors(20_000, seed=5), seed=7):
        said |= set(re.findall(r"[a-z-]+", text))
    assert not said & set(HELD_OUT_WORDS)
    for text, meant in sentences(LOOKED_AT) + sentences(FRESH):
        assert meant in NAMES
        assert set(re.findall(r"[a-z-]+", text)) - said, text


@pytest.mark.parametrize(("table", "share"), [(LOOKED_AT, 0.72), (FRESH, 0.63)])
def test_most_words_that_people_type_are_understood(clip, table, share):
    heard = hear(clip, table)
    assert len(heard) > 50
    assert sum(one.understood for one in heard) / len(heard) >= share
    assert all(one.cosine > 0.5 for one in hear(clip, {"smile": "a smiling face, a happy face"}))


def test_held_out_words_point_where_their_synonyms_do(clip):
    table = {"bangs": "face with a fringe", "angry_brows": "a furious face", "beard": "a goatee"}
    assert all(one.understood and one.cosine > 0.8 for one in hear(clip, table))
