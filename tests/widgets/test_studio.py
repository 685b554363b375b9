"""The studio's panel without a browser: set a control, look at the state and at what is shown."""

from __future__ import annotations

import re
from html import unescape

import ipywidgets
import numpy as np
import pytest

from deltaedit_kit.labs.studio import Studio
from deltaedit_kit.labs.studio.parts import markup
from deltaedit_kit.labs.studio.parts.inputs import NumberSlider
from deltaedit_kit.labs.studio.state import Sentence
from deltaedit_kit.support.pictures import to_uint8
from tests.widgets.studio_fixture import DOMAIN, PNG, choose, shown


def test_it_starts_with_the_domains_first_sentence(studio: Studio) -> None:
    row, state = studio.controls.rows[0], studio.state
    assert row.text.value == state.sentences[0].text == DOMAIN.spec.examples[0]
    assert row.strength.number.value == DOMAIN.spec.strength
    assert studio.look is not None
    assert DOMAIN.spec.examples[0] in unescape(studio.screen.message.value)
    assert studio.save_bar.undo.disabled
    assert studio.save_bar.redo.disabled


def test_slider_and_number_move_the_wipe_and_edit_nothing(studio: Studio) -> None:
    look, pair = studio.look, studio.screen.pair
    assert look is not None
    for row, picture in enumerate((look.after, look.before)):
        assert np.array_equal(shown(pair.picture, row), to_uint8(picture))
    pictures, wipe = pair.picture.value, studio.screen.wipe
    for control, other in ((wipe.slider, wipe.number), (wipe.number, wipe.slider)):
        for place in (0.0, 0.25, 1.0):
            control.value = place
            assert other.value == place
            assert float(re.findall(r"--place: ([\d.]+)", pair.place.value)[0]) == place
    assert pair.picture.value == pictures  # the page cuts them
    assert studio.save_bar.undo.disabled  # a look is no edit


@pytest.mark.parametrize(
    ("act", "field"),
    [
        (lambda s: s.controls.picker.tiles[3].click(), "row"),
        (lambda s: setattr(s.controls.seed, "value", 7), "seed"),
        (lambda s: s.controls.next_seed.click(), "seed"),
        (lambda s: setattr(s.controls.truncation.slider, "value", 0.3), "truncation"),
        (lambda s: setattr(s.controls.rows[0].text, "value", "old"), "sentences"),
        (lambda s: setattr(s.controls.rows[0].strength.slider, "value", -1.5), "sentences"),
        (lambda s: setattr(s.controls.rows[0].strength.number, "value", 0.4), "sentences"),
        (lambda s: setattr(s.controls.rows[0].on, "value", False), "sentences"),
        (lambda s: s.controls.rows[0].delete.click(), "sentences"),
        (lambda s: setattr(s.controls.neutral, "value", "a man"), "neutral"),
        (lambda s: setattr(s.controls.threshold.number, "value", 0.1), "threshold"),
        (lambda s: setattr(s.controls.groups["coarse"], "value", False), "groups"),
        (lambda s: setattr(s.controls.preset, "value", DOMAIN.spec.examples[2]), "sentences"),
        (lambda s: choose(s.controls.photo, "me.png", PNG), "photo"),
    ],
)
def test_every_control_changes_the_state_and_the_picture(studio: Studio, act, field: str) -> None:
    first, pixels = studio.state, shown(studio.screen.pair.picture)
    act(studio)
    assert getattr(studio.state, field) != getattr(first, field)
    assert not np.array_equal(shown(studio.screen.pair.picture), pixels)
    expected = studio.engine.look(studio.state)
    assert studio.look is not None
    assert np.array_equal(to_uint8(studio.look.after), to_uint8(expected.after))
    studio.save_bar.undo.click()
    assert studio.state == first
    assert np.array_equal(shown(studio.screen.pair.picture), pixels)
    assert not studio.save_bar.redo.disabled


def test_several_sentences_each_with_its_strength(studio: Studio) -> None:
    studio.controls.add.click()
    studio.controls.rows[1].text.value = "an old face"
    studio.controls.rows[1].strength.slider.value = -0.5
    assert studio.state.sentences[1] == Sentence("an old face", -0.5)
    assert studio.look is not None
    for text in ("face with glasses", "an old face"):
        assert f"“{text}”" in studio.screen.message.value
    studio.controls.rows[0].delete.click()
    assert [s.text for s in studio.state.sentences] == ["an old face"]
    assert studio.controls.rows[0].text.value == "an old face"
    assert len(studio.controls._list.children) == 1


def test_slider_and_number_agree(studio: Studio) -> None:
    slider = studio.controls.rows[0].strength
    slider.slider.value = 0.35
    assert slider.number.value == 0.35
    slider.number.value = -1.2
    assert slider.slider.value == -1.2


def test_a_dial_tells_once_and_widens_for_what_it_is_shown() -> None:
    heard: list[float] = []
    slider = NumberSlider("x", 0.0, (0.0, 1.0, 0.1), heard.append)
    slider.slider.value = 0.1 + 0.2
    assert heard == [0.3]
    slider.show(4.0)
    assert (slider.slider.value, slider.number.value, heard) == (4.0, 4.0, [0.3])


def test_a_value_between_two_steps_stays_what_it_is() -> None:
    """A browser moves the slider to a step when it is shown, and says so: no hand did that."""
    heard: list[float] = []
    slider = NumberSlider("x", 1.0, (-2.0, 2.0, 0.05), heard.append)
    slider.show(0.9321)
    assert (slider.slider.value, slider.number.value) == (0.95, 0.9321)
    slider.slider.value = 0.9500000000000002  # what the browser makes of 0.95
    assert slider.number.value == 0.9321
    slider.slider.value = 0.9
    slider.number.value = 0.876
    assert slider.slider.value == 0.9
    assert heard == [0.9, 0.876]


def test_redo_and_a_new_branch(studio: Studio) -> None:
    studio.controls.rows[0].strength.slider.value = 0.1
    studio.controls.picker.tiles[1].click()
    moved = studio.state
    studio.save_bar.undo.click()
    studio.save_bar.redo.click()
    assert studio.state == moved
    studio.save_bar.undo.click()
    studio.controls.picker.tiles[2].click()
    assert studio.save_bar.redo.disabled


def test_the_details_follow_the_picture(studio: Studio) -> None:
    studio.controls.groups["fine"].value = False
    assert "0 of 24" in studio.screen.changes.value
    assert studio.screen.film.value.count("<img") == 6
    assert "red" in studio.screen.factors.value  # the tiny domain's first factor
    studio.controls.rows[0].strength.slider.value = 0
    assert shown(studio.screen.heat).max() <= 4  # the darkest colour of the map
    assert "0 of 48" in studio.screen.changes.value


def test_an_error_is_one_line_and_the_picture_stays(studio: Studio) -> None:
    before = studio.state
    choose(studio.save_bar.recipe, "x.json", b"{}")
    assert "Not done: this is not a recipe" in studio.save_bar.notice.value
    assert studio.state == before
    studio.controls.rows[0].text.value = "<script>alert(1)</script> " + "word " * 30
    message = studio.screen.message.value
    assert "Not done: sentence 1:" in message
    assert "<script>" not in message
    assert "\n" not in message
    studio.controls.rows[0].text.value = "old"
    assert "Not done" not in studio.screen.message.value


def test_a_full_list_says_so(studio: Studio) -> None:
    for _ in range(8):
        studio.controls.add.click()
    assert "holds 8 sentences" in studio.screen.message.value
    assert len(studio.state.sentences) == 8


def test_presets_of_ones_own(studio: Studio) -> None:
    studio.controls.rows[0].strength.slider.value = -0.9
    studio.save_bar.name.value = "<i>mine</i>"
    studio.save_bar.remember.click()
    assert "&lt;i&gt;mine" in studio.save_bar.notice.value
    studio.controls.preset.value = DOMAIN.spec.examples[1]
    studio.controls.preset.value = "<i>mine</i>"
    assert studio.state.sentences[0].strength == -0.9
    studio.save_bar.name.value = " "
    studio.save_bar.remember.click()
    assert "give the preset a name" in studio.save_bar.notice.value
    studio.save_bar.save["recipe"].click()
    assert "Not done" not in studio.save_bar.notice.value + studio.screen.message.value


def test_every_control_has_a_name(studio: Studio) -> None:
    """What a screen reader would read; sliders are doubled by a number field that has one."""

    def below(widget: ipywidgets.Widget) -> list[ipywidgets.Widget]:
        return [widget, *(w for child in getattr(widget, "children", ()) for w in below(child))]

    everything = below(studio)
    nameless = (ipywidgets.HTML, ipywidgets.Label, ipywidgets.FloatSlider)
    controls = [w for w in everything if w.has_trait("description") and not isinstance(w, nameless)]
    assert len(controls) > 20
    assert all(control.description.strip() for control in controls)
    sliders = [w for w in everything if isinstance(w, ipywidgets.FloatSlider)]
    dials = [w for w in everything if isinstance(w, NumberSlider)]
    assert {id(slider.slider) for slider in dials} == {id(slider) for slider in sliders}


def test_pictures_have_an_alternative_text_and_texts_are_escaped() -> None:
    html = markup.picture(PNG, "image/png", 10, '"><script>', "<b>")
    assert 'alt="&quot;&gt;&lt;script&gt;"' in html
    assert "<b>" not in html
    assert "<i>" not in markup.line("<i>\n</i>")
    assert 'role="alert"' in markup.line("x", failed=True)
