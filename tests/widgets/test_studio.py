"""The studio's panel without a browser: set a control, look at the state and at what is shown."""

from __future__ import annotations

from html import unescape

import ipywidgets
import numpy as np
import pytest

from deltaedit_kit.labs.studio.panel import Studio
from deltaedit_kit.labs.studio.parts import markup
from deltaedit_kit.labs.studio.parts.dial import Dial
from deltaedit_kit.labs.studio.parts.names import Names
from deltaedit_kit.labs.studio.state import Sentence
from deltaedit_kit.pictures import to_uint8
from tests.widgets.studio_on_trial import DOMAIN, PNG, choose, shown


def test_it_starts_with_the_domains_first_sentence(studio: Studio) -> None:
    row, state = studio.board.rows[0], studio.state
    assert row.text.value == state.sentences[0].text == DOMAIN.spec.examples[0]
    assert row.strength.number.value == DOMAIN.spec.strength
    assert studio.look is not None
    assert DOMAIN.spec.examples[0] in unescape(studio.screen.message.value)
    assert studio.desk.undo.disabled
    assert studio.desk.redo.disabled


def test_the_wipe_shows_both_pictures(studio: Studio) -> None:
    look = studio.look
    assert look is not None
    for place, picture in ((0.0, look.after), (1.0, look.before)):
        studio.screen.wipe.slider.value = place
        assert np.array_equal(shown(studio.screen.picture), to_uint8(picture))
    studio.screen.wipe.number.value = 0.25
    half = shown(studio.screen.picture)
    assert np.array_equal(half[:, :16], to_uint8(look.before)[:, :16])
    assert np.array_equal(half[:, 17:], to_uint8(look.after)[:, 17:])
    assert studio.desk.undo.disabled  # a look is no edit


@pytest.mark.parametrize(
    ("act", "field"),
    [
        (lambda s: s.board.picker.tiles[3].click(), "row"),
        (lambda s: setattr(s.board.seed, "value", 7), "seed"),
        (lambda s: s.board.next_seed.click(), "seed"),
        (lambda s: setattr(s.board.truncation.slider, "value", 0.3), "truncation"),
        (lambda s: setattr(s.board.rows[0].text, "value", "old"), "sentences"),
        (lambda s: setattr(s.board.rows[0].strength.slider, "value", -1.5), "sentences"),
        (lambda s: setattr(s.board.rows[0].strength.number, "value", 0.4), "sentences"),
        (lambda s: setattr(s.board.rows[0].on, "value", False), "sentences"),
        (lambda s: s.board.rows[0].delete.click(), "sentences"),
        (lambda s: setattr(s.board.neutral, "value", "a man"), "neutral"),
        (lambda s: setattr(s.board.threshold.number, "value", 0.1), "threshold"),
        (lambda s: setattr(s.board.groups["coarse"], "value", False), "groups"),
        (lambda s: setattr(s.board.preset, "value", DOMAIN.spec.examples[2]), "sentences"),
        (lambda s: choose(s.board.photo, "me.png", PNG), "photo"),
    ],
)
def test_every_control_changes_the_state_and_the_picture(studio: Studio, act, field: str) -> None:
    first, pixels = studio.state, shown(studio.screen.picture)
    act(studio)
    assert getattr(studio.state, field) != getattr(first, field)
    assert not np.array_equal(shown(studio.screen.picture), pixels)
    expected = studio.engine.look(studio.state)
    assert studio.look is not None
    assert np.array_equal(to_uint8(studio.look.after), to_uint8(expected.after))
    studio.desk.undo.click()
    assert studio.state == first
    assert np.array_equal(shown(studio.screen.picture), pixels)
    assert not studio.desk.redo.disabled


def test_several_sentences_each_with_its_strength(studio: Studio) -> None:
    studio.board.add.click()
    studio.board.rows[1].text.value = "an old face"
    studio.board.rows[1].strength.slider.value = -0.5
    assert studio.state.sentences[1] == Sentence("an old face", -0.5)
    assert studio.look is not None
    assert len(studio.look.mix.kept) == 2
    studio.board.rows[0].delete.click()
    assert [s.text for s in studio.state.sentences] == ["an old face"]
    assert studio.board.rows[0].text.value == "an old face"
    assert len(studio.board._list.children) == 1


def test_slider_and_number_agree(studio: Studio) -> None:
    dial = studio.board.rows[0].strength
    dial.slider.value = 0.35
    assert dial.number.value == 0.35
    dial.number.value = -1.2
    assert dial.slider.value == -1.2


def test_a_dial_tells_once_and_widens_for_what_it_is_shown() -> None:
    heard: list[float] = []
    dial = Dial("x", 0.0, (0.0, 1.0, 0.1), heard.append)
    dial.slider.value = 0.1 + 0.2
    assert heard == [0.3]
    dial.show(4.0)
    assert (dial.slider.value, dial.number.value, heard) == (4.0, 4.0, [0.3])


def test_a_value_between_two_steps_stays_what_it_is() -> None:
    """A browser moves the slider to a step when it is shown, and says so: no hand did that."""
    heard: list[float] = []
    dial = Dial("x", 1.0, (-2.0, 2.0, 0.05), heard.append)
    dial.show(0.9321)
    assert (dial.slider.value, dial.number.value) == (0.95, 0.9321)
    dial.slider.value = 0.9500000000000002  # what the browser makes of 0.95
    assert dial.number.value == 0.9321
    dial.slider.value = 0.9
    dial.number.value = 0.876
    assert dial.slider.value == 0.9
    assert heard == [0.9, 0.876]


def test_redo_and_a_new_branch(studio: Studio) -> None:
    studio.board.rows[0].strength.slider.value = 0.1
    studio.board.picker.tiles[1].click()
    moved = studio.state
    studio.desk.undo.click()
    studio.desk.redo.click()
    assert studio.state == moved
    studio.desk.undo.click()
    studio.board.picker.tiles[2].click()
    assert studio.desk.redo.disabled


def test_the_details_follow_the_picture(studio: Studio) -> None:
    studio.board.groups["fine"].value = False
    assert "0 of 24" in studio.screen.changes.value
    assert studio.screen.film.value.count("<img") == 6
    assert "red" in studio.screen.factors.value  # the tiny domain's first factor
    studio.board.rows[0].strength.slider.value = 0
    assert shown(studio.screen.heat).max() <= 4  # the darkest colour of the map
    assert "0 of 48" in studio.screen.changes.value


def test_an_error_is_one_line_and_the_picture_stays(studio: Studio) -> None:
    before = studio.state
    choose(studio.desk.recipe, "x.json", b"{}")
    assert "Not done: this is no recipe" in studio.desk.notice.value
    assert studio.state == before
    studio.board.rows[0].text.value = "<script>alert(1)</script> " + "word " * 30
    message = studio.screen.message.value
    assert "Not done: sentence 1:" in message
    assert "<script>" not in message
    assert "\n" not in message
    studio.board.rows[0].text.value = "old"
    assert "Not done" not in studio.screen.message.value


def test_a_full_list_says_so(studio: Studio) -> None:
    for _ in range(8):
        studio.board.add.click()
    assert "holds 8 sentences" in studio.screen.message.value
    assert len(studio.state.sentences) == 8


def test_presets_of_ones_own(studio: Studio) -> None:
    studio.board.rows[0].strength.slider.value = -0.9
    studio.desk.name.value = "<i>mine</i>"
    studio.desk.remember.click()
    assert "&lt;i&gt;mine" in studio.desk.notice.value
    studio.board.preset.value = DOMAIN.spec.examples[1]
    studio.board.preset.value = "<i>mine</i>"
    assert studio.state.sentences[0].strength == -0.9
    studio.desk.name.value = " "
    studio.desk.remember.click()
    assert "give the preset a name" in studio.desk.notice.value
    studio.desk.save["recipe"].click()
    assert "Not done" not in studio.desk.notice.value + studio.screen.message.value


def test_every_control_has_a_name(studio: Studio) -> None:
    """What a screen reader would read; sliders are doubled by a number field that has one."""

    def below(widget: ipywidgets.Widget) -> list[ipywidgets.Widget]:
        return [widget, *(w for child in getattr(widget, "children", ()) for w in below(child))]

    everything = below(studio)
    nameless = (ipywidgets.HTML, ipywidgets.Box, ipywidgets.Label, ipywidgets.FloatSlider, Names)
    controls = [w for w in everything if not isinstance(w, nameless)]
    assert len(controls) > 20
    assert all(control.description.strip() for control in controls)
    sliders = [w for w in everything if isinstance(w, ipywidgets.FloatSlider)]
    dials = [w for w in everything if isinstance(w, Dial)]
    assert {id(dial.slider) for dial in dials} == {id(slider) for slider in sliders}


def test_pictures_have_an_alternative_text_and_texts_are_escaped() -> None:
    html = markup.picture(PNG, "image/png", 10, '"><script>', "<b>")
    assert 'alt="&quot;&gt;&lt;script&gt;"' in html
    assert "<b>" not in html
    assert "<i>" not in markup.line("<i>\n</i>")
    assert 'role="alert"' in markup.line("x", failed=True)
