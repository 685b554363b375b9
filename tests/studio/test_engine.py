"""The engine draws what the equations say, whatever it remembers."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from deltaedit_kit.editor import Editor
from deltaedit_kit.labs.studio import engine as engines
from deltaedit_kit.labs.studio.changes import heat_map
from deltaedit_kit.labs.studio.engine import SHARES, Engine, group_mask
from deltaedit_kit.labs.studio.state import STRIP, Sentence, StudioState
from deltaedit_kit.support.errors import DeltaEditError
from tests.tiny_domain import tiny_domain

DOMAIN = tiny_domain()
ENGINE = Engine(DOMAIN)
FIRST = replace(StudioState.first(DOMAIN.spec), threshold=0.05)
THREE = replace(
    FIRST,
    sentences=(Sentence("with glasses", 0.7), Sentence("a smile", -0.4), Sentence("old", 1.1)),
)


def test_one_sentence_is_the_editors_edit() -> None:
    state = FIRST.pick(2).weigh(0, 0.8)
    look = ENGINE.look(state)
    chosen = DOMAIN.sample(STRIP, 0, DOMAIN.spec.truncation).select(2)
    edit = Editor(DOMAIN).edit(chosen, FIRST.sentences[0].text, strength=0.8, threshold=0.05)
    assert torch.equal(look.before, edit.before[0])
    assert torch.allclose(look.after, edit.after[0], atol=1e-4)
    assert torch.equal(look.touched, edit.kept)
    assert not look.failed


def test_several_sentences_add_up_as_in_the_equation() -> None:
    """Each part once more from the editor, summed in plain Python."""
    look, face = ENGINE.look(THREE), ENGINE.face(THREE)
    total = torch.zeros(DOMAIN.layout.total)
    for sentence in THREE.sentences:
        edit = Editor(DOMAIN).edit(face, sentence.text, threshold=0.05)
        total += sentence.strength * edit.delta_s[0]
    assert torch.allclose(look.delta_s, total, atol=1e-5)
    after = DOMAIN.draw(face.s + total, face.w_plus)[0]
    assert torch.allclose(look.after, after, atol=1e-4)


def test_all_new_sentences_take_one_mapper_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, passes = Engine(DOMAIN), []
    plain = Editor.moves

    def counted(self, faces, text, neutral=None):
        passes.append(list(text))
        return plain(self, faces, text, neutral)

    monkeypatch.setattr(Editor, "moves", counted)
    engine.look(THREE)
    assert [sorted(texts) for texts in passes] == [["a smile", "old", "with glasses"]]
    engine.look(THREE.weigh(1, 0.3).set_threshold(0.1))
    assert len(passes) == 1  # strength and threshold ask nothing new


@pytest.mark.slow
def test_memory_changes_no_picture() -> None:
    states = [THREE, THREE.weigh(0, -1), THREE.set_threshold(0.2)]
    states += [THREE.say_neutral("a man"), THREE.reseed(9), THREE.pick(4)]
    for state in [*states, *reversed(states)]:
        look, fresh = ENGINE.look(state), Engine(DOMAIN).look(state)
        # One text in a batch or alone may differ by the rounding of a matrix product.
        assert torch.allclose(look.after, fresh.after, atol=1e-4)
        assert look.message == fresh.message


def test_a_memory_that_is_full_loses_no_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first face again after as many others as are remembered, with one more sentence."""
    monkeypatch.setattr(engines, "REMEMBERED_ASKS", 3)
    engine = Engine(DOMAIN)
    for row in range(3):
        engine.look(FIRST.pick(row))
    state = FIRST.add("old")
    # One text in a batch or alone may differ by the rounding of a matrix product.
    assert torch.allclose(engine.look(state).after, Engine(DOMAIN).look(state).after, atol=1e-4)


def test_order_does_not_matter() -> None:
    turned = replace(THREE, sentences=tuple(reversed(THREE.sentences)))
    assert torch.allclose(ENGINE.look(turned).after, ENGINE.look(THREE).after, atol=1e-4)


def test_opposite_strengths_of_one_sentence_cancel() -> None:
    state = FIRST.put([Sentence("old", 0.9), Sentence("old", -0.9)])
    look = ENGINE.look(state)
    assert not look.delta_s.any()
    assert torch.equal(look.after, look.before)


def test_groups_that_are_off_stay() -> None:
    state = THREE.allow("coarse", False).allow("fine", False)
    look, whole = ENGINE.look(state), ENGINE.look(THREE)
    medium = group_mask(DOMAIN.layout, ("medium",))
    assert not look.delta_s[~medium].any()
    assert torch.equal(look.delta_s[medium], whole.delta_s[medium])
    none = state.allow("medium", False)
    assert torch.equal(ENGINE.look(none).after, look.before)


def test_a_broken_sentence_is_named_and_the_others_are_drawn() -> None:
    broken = THREE.add("word " * 50)
    look = ENGINE.look(broken)
    assert look.failed
    assert look.message.startswith("sentence 4: text 'word word")
    assert torch.allclose(look.after, ENGINE.look(THREE).after, atol=1e-4)
    assert not ENGINE.look(broken.switch(3, False)).failed


def test_empty_lines_and_switched_off_ones_ask_for_nothing() -> None:
    state = FIRST.put([Sentence("  "), Sentence("old", on=False)])
    look = ENGINE.look(state)
    assert not look.failed
    assert "no sentence is in use" in look.message
    assert torch.equal(look.after, look.before)


def test_a_neutral_word_that_cannot_be_read_is_a_line() -> None:
    look = ENGINE.look(FIRST.say_neutral(""))
    assert look.failed
    assert "the text is empty" in look.message
    assert torch.equal(look.after, look.before)


def test_photos_are_kept_by_number_and_asked_for_apart() -> None:
    engine = Engine(DOMAIN)
    with pytest.raises(DeltaEditError, match="no photo was uploaded"):
        engine.face(FIRST.show_photo(0))
    first, second = (engine.keep_photo(DOMAIN.sample(1, seed=k)) for k in (50, 51))
    looks = [engine.look(THREE.show_photo(number)) for number in (first, second)]
    assert torch.equal(looks[1].before, DOMAIN.sample(1, seed=51).images[0])
    assert not torch.allclose(looks[0].delta_s, looks[1].delta_s, atol=1e-4)
    with pytest.raises(DeltaEditError, match="photo is 2"):
        engine.face(FIRST.show_photo(2))


def test_the_filmstrip_goes_through_before_and_after() -> None:
    look = ENGINE.look(THREE)
    strip = dict(ENGINE.frames(THREE, look))
    assert tuple(strip) == SHARES
    assert torch.equal(strip[0.0], look.before)
    assert torch.equal(strip[1.0], look.after)
    doubled = THREE.put([replace(s, strength=1.5 * s.strength) for s in THREE.sentences])
    assert torch.allclose(strip[1.5], ENGINE.look(doubled).after, atol=1e-4)


def test_heat_is_zero_on_equal_pictures_and_one_from_black_to_white() -> None:
    black, white = -torch.ones(3, 4, 4), torch.ones(3, 4, 4)
    assert not heat_map(black, black).any()
    assert torch.equal(heat_map(black, white), torch.ones(4, 4))
