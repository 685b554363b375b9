"""The panel without a browser: set a value, compare the picture."""

from __future__ import annotations

import io

import matplotlib.image
import numpy as np
import pytest

from deltaedit_kit.editor import Editor
from deltaedit_kit.labs.studio.quickstart import PanelState, QuickstartPanel, look
from deltaedit_kit.support.pictures import encode_png
from tests.tiny_domain import tiny_domain

DOMAIN = tiny_domain()
FACES = DOMAIN.sample(3, seed=0)
EDITOR = Editor(DOMAIN)
START = PanelState("face with glasses", strength=1.0, threshold=0.0, face=0)


def pixels(file: bytes) -> np.ndarray:
    return matplotlib.image.imread(io.BytesIO(file), format="png")


@pytest.fixture
def panel() -> QuickstartPanel:
    return QuickstartPanel(DOMAIN, FACES)


def test_look_shows_what_the_editor_makes() -> None:
    view = look(EDITOR, FACES, START)
    edit = EDITOR.edit(FACES.select(0), START.sentence, strength=1.0, threshold=0.0)
    assert view.before == encode_png(FACES.images[0], zoom=2)
    assert view.after == encode_png(edit.after[0], zoom=2)
    assert not view.failed
    assert "face with glasses" in view.message
    assert look(EDITOR, FACES, START) == view


def test_panel_starts_with_the_domains_settings(panel: QuickstartPanel) -> None:
    spec = DOMAIN.spec
    assert panel.state == PanelState(spec.examples[0], spec.strength, spec.threshold, 0)
    assert panel.before.value == panel.view.before != panel.view.after == panel.after.value
    assert panel.view == look(EDITOR, FACES, panel.state)


@pytest.mark.parametrize(
    ("control", "value"),
    [("sentence", "an old face"), ("strength", -1.5), ("threshold", 0.1), ("face", 2)],
)
def test_every_control_changes_the_picture(
    panel: QuickstartPanel, control: str, value: object
) -> None:
    first = panel.after.value
    getattr(panel, control).value = value
    assert panel.after.value != first
    assert panel.after.value == look(EDITOR, FACES, panel.state).after
    moved_on = panel.before.value != encode_png(FACES.images[0], zoom=2)
    assert moved_on == (control == "face")


def test_going_back_shows_the_first_picture_again(panel: QuickstartPanel) -> None:
    first = panel.after.value
    panel.strength.value = 0.0
    assert np.abs(pixels(panel.view.after) - pixels(panel.view.before)).max() <= 1.5 / 255
    panel.strength.value = 1.0
    assert panel.after.value == first


def test_an_error_stands_in_the_panel_in_one_escaped_line(panel: QuickstartPanel) -> None:
    panel.sentence.value = "<script>alert(1)</script> " + "smile " * 400
    assert panel.view.failed
    assert panel.after.value == panel.before.value
    assert "Not done: " in panel.message.value
    assert "<script>" not in panel.message.value
    assert "\n" not in panel.message.value
    panel.sentence.value = "a smiling face"
    assert not panel.view.failed
    assert "Not done" not in panel.message.value


def test_markup_in_a_sentence_is_text(panel: QuickstartPanel) -> None:
    panel.sentence.value = "<b>old</b> & <img src=x>"
    assert not panel.view.failed
    assert "&lt;b&gt;old" in panel.message.value
    assert "<img" not in panel.message.value


def test_a_face_that_is_not_there_is_an_error_line() -> None:
    view = look(EDITOR, FACES, PanelState("an old face", 1.0, 0.0, face=9))
    assert view.failed
    assert "face is 9" in view.message


def test_every_control_has_a_label(panel: QuickstartPanel) -> None:
    for control in (panel.sentence, panel.strength, panel.threshold, panel.face):
        assert control.description


def test_panel_samples_its_own_faces() -> None:
    panel = QuickstartPanel(DOMAIN)
    assert len(panel.face.options) == 4
