"""The studio's panel without a browser: set a control, look at the state and at what is shown."""

from __future__ import annotations

import asyncio
import io
import re
from base64 import b64decode
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from deltaedit_kit.domains import Domain, Faces
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.plots.grids import to_uint8
from deltaedit_kit.studio import pictures
from deltaedit_kit.studio.engine import Engine
from deltaedit_kit.studio.state import Sentence
from deltaedit_kit.widgets.studio import Studio
from deltaedit_kit.widgets.studio_parts import markup
from deltaedit_kit.widgets.studio_parts.dial import Dial
from deltaedit_kit.widgets.studio_parts.files import LARGEST, File, FileButton
from deltaedit_kit.widgets.studio_parts.names import Names
from tests.tiny_domain import tiny_domain

DOMAIN = tiny_domain()
PNG = pictures.png(np.zeros((16, 16, 3), np.uint8))


def invert(_photo: Image.Image, domain: Domain) -> Faces:
    return replace(domain.sample(1, seed=99), origin=None)


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(DOMAIN, folder=tmp_path, invert=invert)


def shown(html: ipywidgets.HTML) -> np.ndarray:
    """The pixels of the picture in an HTML widget."""
    found = re.search(r'src="data:image/\w+;base64,([^"]+)"', html.value)
    assert found
    return np.asarray(Image.open(io.BytesIO(b64decode(found[1]))))


def choose(button: FileButton, name: str, content: bytes, piece: int = 10**6) -> None:
    """What the browser sends when a file is chosen."""
    for at in range(0, max(1, len(content)), piece):
        about = {"name": name, "size": len(content), "at": at}
        button._handle_custom_msg(about, [memoryview(content)[at : at + piece]])


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
    assert "factor 0" in studio.screen.factors.value
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


@pytest.mark.parametrize("kind", ["picture", "grid", "animation", "recipe"])
def test_saving_writes_a_file_and_offers_it(studio: Studio, tmp_path: Path, kind: str) -> None:
    studio.desk.save[kind].click()
    (written,) = tmp_path.iterdir()
    assert written.stem == kind
    assert f'<a download="{written.name}" href="data:' in studio.desk.notice.value
    assert str(written) in unescape(studio.desk.notice.value)


def test_an_app_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    studio = Studio(DOMAIN, folder=None)
    studio.desk.save["picture"].click()
    assert "<a download" in studio.desk.notice.value
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    studio = Studio(DOMAIN, folder=tmp_path / "file")
    studio.desk.save["recipe"].click()
    assert "cannot write to" in studio.desk.notice.value


def test_a_saved_recipe_can_be_loaded_again(studio: Studio, tmp_path: Path) -> None:
    studio.board.rows[0].text.value = "‮old 😀"
    studio.board.picker.tiles[4].click()
    studio.desk.save["picture"].click()
    wanted = studio.state
    other = Studio(DOMAIN, folder=None)
    choose(other.desk.recipe, "picture.png", (tmp_path / "picture.png").read_bytes())
    assert other.state == wanted
    assert other.board.rows[0].text.value == "‮old 😀"
    assert "picture.png loaded" in other.desk.notice.value


def test_a_photo_needs_an_encoder() -> None:
    studio = Studio(DOMAIN, folder=None)
    before = studio.state
    choose(studio.board.photo, "me.png", PNG)
    assert "Not done: domain 'tiny' has no encoder for photos" in unescape(
        studio.screen.message.value
    )
    assert studio.state == before


def test_what_is_said_about_a_photo_is_shown_as_text() -> None:
    @dataclass
    class Found:
        faces: Faces

        def __str__(self) -> str:
            return "encoded: 25.1 dB <b>"

    studio = Studio(DOMAIN, folder=None, invert=lambda *_: Found(DOMAIN.sample(1, seed=9)))
    choose(studio.board.photo, "me.png", PNG)
    assert "encoded: 25.1 dB &lt;b&gt;" in studio.desk.notice.value
    assert studio.state.photo == 0


def test_what_an_inversion_refuses_is_a_line() -> None:
    def no_face(_photo: Image.Image, _domain: Domain) -> Faces:
        raise DeltaEditError("no face found; choose another photo")

    studio = Studio(DOMAIN, folder=None, invert=no_face)
    choose(studio.board.photo, "me.png", PNG)
    assert "Not done: no face found" in studio.screen.message.value


def test_a_file_comes_in_pieces() -> None:
    heard: list[File] = []
    button = FileButton("Photo", "image/*")
    button.on_file(heard.append)
    content = bytes(range(256)) * 5
    choose(button, "a.png", content, piece=100)
    choose(button, "a.png", content)  # the same file once more
    assert heard == [File("a.png", len(content), content)] * 2
    assert heard[0].checked() == content

    heard.clear()
    first = {"name": "old", "size": 4, "at": 0}
    button._handle_custom_msg(first, [memoryview(b"ab")])
    choose(button, "new", b"xyz")  # chosen before the other one had come
    button._handle_custom_msg({**first, "at": 2}, [memoryview(b"cd")])
    assert heard == [File("new", 3, b"xyz")]
    for strange in (None, "x", {}, {"name": 1, "size": "2", "at": 0}):
        button._handle_custom_msg(strange, [memoryview(b"")])
    assert len(heard) == 1


@pytest.mark.parametrize(("size", "line"), [(0, "is empty"), (LARGEST + 1, "has 100 MB")])
def test_a_file_without_content_is_a_line(studio: Studio, size: int, line: str) -> None:
    about = {"name": "<b>", "size": size, "at": 0}  # the browser sends no content of such a file
    for button, html in (
        (studio.board.photo, studio.screen.message),
        (studio.desk.recipe, studio.desk.notice),
    ):
        button._handle_custom_msg(about, [memoryview(b"")])
        assert "Not done: " in html.value
        assert line in html.value
        assert "<b>" not in html.value


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


def test_dragging_draws_the_newest_value_only() -> None:
    """A burst of 60 events in a running loop, as a notebook has one."""
    studio = Studio(DOMAIN, folder=None)
    started = studio.newest.started

    async def drag() -> None:
        for k in range(60):
            studio.board.rows[0].strength.slider.value = round(-1 + k / 30, 4)
        while studio.newest.busy:
            await asyncio.sleep(0.01)

    asyncio.run(drag())
    assert studio.newest.started - started == 1
    assert studio.look is not None
    expected = Engine(DOMAIN).look(studio.state)
    assert np.array_equal(to_uint8(studio.look.after), to_uint8(expected.after))
    assert studio.state.sentences[0].strength == round(-1 + 59 / 30, 4)
    studio.desk.undo.click()  # a drag is one step
    assert studio.state.sentences[0].strength == DOMAIN.spec.strength


PANEL = Studio(DOMAIN, folder=None)
NASTY = (
    "",
    "\x00",
    "‮שלום",
    "😀" * 50,
    "x" * 10_000,
    "<script>alert(1)</script>",
    "\ud800",
    "&amp;",
)
texts = st.sampled_from(NASTY) | st.text(max_size=120)
events = st.one_of(
    st.tuples(st.just("text"), st.integers(0, 7), texts),
    st.tuples(st.just("strength"), st.integers(0, 7), st.floats(-2, 2)),
    st.tuples(st.just("on"), st.integers(0, 7), st.booleans()),
    st.tuples(st.sampled_from(["delete", "tile"]), st.integers(0, 5), st.none()),
    st.tuples(st.sampled_from(["add", "undo", "redo", "next_seed"]), st.none(), st.none()),
    st.tuples(st.just("neutral"), st.none(), texts),
    st.tuples(st.just("threshold"), st.none(), st.floats(0, 0.2)),
    st.tuples(st.just("recipe"), st.none(), st.binary(min_size=1, max_size=50)),
)


def happen(studio: Studio, kind: str, place, value) -> None:
    """One event of a person, on the control that it belongs to."""
    board, desk = studio.board, studio.desk
    rows = board._list.children
    if kind in ("text", "strength", "on", "delete"):
        if place >= len(rows):
            return
        row = rows[place]
        if kind == "delete":
            row.delete.click()
        else:
            {"text": row.text, "strength": row.strength.slider, "on": row.on}[kind].value = value
    elif kind == "tile":
        board.picker.tiles[place].click()
    elif kind == "recipe":
        choose(desk.recipe, "x.json", value)
    elif kind in ("neutral", "threshold"):
        {"neutral": board.neutral, "threshold": board.threshold.number}[kind].value = value
    else:
        {"add": board.add, "next_seed": board.next_seed, "undo": desk.undo, "redo": desk.redo}[
            kind
        ].click()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(events, min_size=1, max_size=12))
def test_no_event_escapes_the_panel(run: list[tuple]) -> None:
    async def all_of_them() -> None:
        for event in run:
            happen(PANEL, *event)
        PANEL.settle()

    asyncio.run(all_of_them())
    rows, state = PANEL.board._list.children, PANEL.state
    assert [row.text.value for row in rows] == [s.text for s in state.sentences]
    assert [row.strength.number.value for row in rows] == [s.strength for s in state.sentences]
    assert PANEL.board.neutral.value == state.neutral
    for html in (PANEL.screen.message, PANEL.screen.picture, PANEL.desk.notice):
        assert "<script" not in html.value
        assert "\n" not in html.value
