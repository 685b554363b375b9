"""The dictionary of the token table: WordNet's files are read, and a face picks the sense."""

import pytest
import torch

from recipes.toyfaces.token_table import guessed
from recipes.toyfaces.word_senses import Senses, base_forms, meanings

# WordNet's own format: offset subject type count (word id)* pointers | definition; "example"
NOUNS = """\
  1 This software and database is being provided to you, the LICENSEE, by
00000001 08 n 02 bang 0 fringe 0 001 @ 05264345 n 0000 | a border of hair; "she cut her bangs"
00000002 14 n 01 fringe 0 000 | a social group holding marginal views
00000003 06 n 02 edge 0 Fringe_Festival 0 000 | an ornamental border; of threads
00000004 08 n 01 hair_style 0 000 | not a single word
"""
QUALITIES = "00000005 00 s 02 furious(a) 0 enraged 0 000 | marked by extreme anger\n"


@pytest.fixture
def senses(tmp_path):
    for part, text in (("noun", NOUNS), ("adj", QUALITIES), ("verb", "")):
        (tmp_path / f"data.{part}").write_text(text)
    return Senses(tmp_path)


def test_senses_hold_synonyms_and_definitions_of_the_subjects_a_portrait_shows(senses):
    assert senses.words == ["bang", "edge", "enraged", "fringe", "furious"]
    assert [senses.lines[k] for k in senses.of("fringe")] == ["bang, fringe: a border of hair"]
    assert senses.of("bangs") == senses.of("fringe")  # synonyms share a sense, inflected or not
    assert senses.lines[senses.of("edge")[0]].endswith("an ornamental border; of threads")
    assert senses.lines[senses.of("furious")[0]].startswith("furious, enraged: ")
    assert senses.of("unheard") == []


@pytest.mark.parametrize(
    ("word", "base"),
    [("bangs", "bang"), ("grinning", "grin"), ("dyed", "dye"), ("bodies", "body"), ("eye", "eye")],
)
def test_base_forms_undo_inflections(word, base):
    assert base in base_forms(word)


def test_a_face_picks_the_sense():
    hair, group, topic = torch.eye(3)[0], torch.eye(3)[1], torch.eye(3)[:1]
    vectors = torch.stack((hair, group))
    means = meanings([[0, 1], [1], []], vectors, topic)
    assert means.shape == (3, 3)
    assert float(means[0] @ hair) > 0.99  # both senses, but the one about faces rules
    torch.testing.assert_close(means[1], group)
    assert not means[2].any()


def test_words_without_a_sense_are_guessed_from_their_frames():
    generator = torch.Generator().manual_seed(0)
    frames = torch.randn(400, 12, generator=generator)
    truth = frames @ torch.randn(12, 5, generator=generator)
    known = torch.arange(400) < 300
    guess = guessed(torch.where(known[:, None], truth, 0.0), frames, known)
    assert torch.equal(guess[known], truth[known])
    cosine = torch.nn.functional.cosine_similarity(guess[~known], truth[~known])
    assert float(cosine.min()) > 0.99
