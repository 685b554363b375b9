"""The first panel: a sentence, two sliders, a face; before and after side by side.

    PanelState --look()--> PanelView --QuickstartPanel--> screen

Everything that can be right or wrong happens in `look`, which needs no browser: a test sets a
state and reads the view. The widget copies values in and out, in ipywidgets 7.7 and 8 alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets as widgets

from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.editor import Editor
from deltaedit_kit.labs.named_panel import NamedPanel
from deltaedit_kit.labs.studio.engine import short
from deltaedit_kit.labs.understanding import understand
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.pictures import encode_png

ZOOM = 2  # screen pixels for each of a picture's
SENTENCE_SHOWN = 80  # characters of a long sentence that the status line repeats


@dataclass(frozen=True)
class PanelState:
    """What the user has set; `face` is a row of the faces, counted from 0."""

    sentence: str
    strength: float
    threshold: float
    face: int


@dataclass(frozen=True)
class PanelView:
    """What the panel shows: PNG files, and one line of plain text."""

    before: bytes
    after: bytes
    message: str
    failed: bool


def look(editor: Editor, faces: Faces, state: PanelState) -> PanelView:
    """The view of a state: pure, same state same bytes; never raises for what a user can type.

    A wrong input keeps the unedited face on both sides and puts the error's line under it.
    """
    before = b""
    try:
        face = faces.select(state.face)
        before = encode_png(face.images[0], ZOOM)
        edit = editor.edit(face, state.sentence, strength=state.strength, threshold=state.threshold)
    except DeltaEditError as error:
        return PanelView(before, before, str(error), failed=True)
    channels = f"{int(edit.kept.sum())} of {edit.kept.numel()} style channels may move"
    taken = understand(editor.domain, edit.texts)
    message = "; ".join(
        [f"“{short(state.sentence, SENTENCE_SHOWN)}”: {channels}", *map(str, taken)]
    )
    return PanelView(before, encode_png(edit.after[0], ZOOM), message, failed=False)


class QuickstartPanel(NamedPanel):
    """A panel over `look`: put it last in a notebook cell. Children are named for tests.

    `.sentence .strength .threshold .face` are the inputs; setting their `.value` redraws.
    `.view` is what is shown now; `.state` what is set.
    """

    def __init__(self, domain: Domain, faces: Faces | None = None) -> None:
        """Draw the domain's first example sentence on the first of `faces` (None: samples 4)."""
        spec = domain.spec
        self._editor = Editor(domain)
        self._faces = domain.sample(4, seed=0) if faces is None else faces
        wide = widgets.Layout(width="98%")
        style = {"description_width": "80px"}
        self.sentence = widgets.Text(
            value=spec.examples[0],
            description="Sentence",
            placeholder="what the face should become",
            continuous_update=False,  # redraws on Enter or when the field is left
            layout=wide,
            style=style,
        )
        # They report when they are let go: one edit a gesture.
        slider = {"continuous_update": False, "layout": wide, "style": style}
        self.strength = widgets.FloatSlider(
            description="Strength", value=spec.strength, min=-2.0, max=2.0, step=0.05, **slider
        )
        self.threshold = widgets.FloatSlider(
            description="Threshold",
            value=spec.threshold,
            min=0.0,
            max=max(0.2, 4 * spec.threshold),
            step=0.005,
            readout_format=".3f",
            **slider,
        )
        self.face = widgets.Dropdown(
            options=[(f"face {row}", row) for row in range(len(self._faces))],
            value=0,
            description="Face",
            layout=wide,
            style=style,
        )
        side = widgets.Layout(width=f"{ZOOM * spec.resolution}px", margin="0")
        self.before = widgets.Image(format="png", layout=side)
        self.after = widgets.Image(format="png", layout=side)
        self.message = widgets.HTML()
        self.view = self._show(self.state)
        super().__init__(
            [
                self.sentence,
                self.strength,
                self.threshold,
                self.face,
                widgets.HBox([_titled("before", self.before), _titled("after", self.after)]),
                self.message,
            ],
            layout=widgets.Layout(max_width="640px"),
        )
        for control in (self.sentence, self.strength, self.threshold, self.face):
            control.observe(self._redraw, names="value")

    def __repr__(self) -> str:  # ipywidgets would print the bytes of both pictures
        return f"QuickstartPanel({self._editor.domain.spec.name}, {len(self._faces)} faces)"

    @property
    def state(self) -> PanelState:
        """What the controls are set to now."""
        return PanelState(
            sentence=self.sentence.value,
            strength=round(self.strength.value, 6),  # a browser's 1 - 0.1 is 0.8999999999999999
            threshold=self.threshold.value,
            face=int(self.face.value or 0),
        )

    def _redraw(self, _change: Any) -> None:
        with self.turn:
            self.view = self._show(self.state)

    def _show(self, state: PanelState) -> PanelView:
        view = look(self._editor, self._faces, state)
        self.before.value, self.after.value = view.before, view.after
        weight = "600" if view.failed else "400"  # not by colour alone: themes and eyes differ
        prefix = "Not done: " if view.failed else ""
        line = escape(prefix + view.message)  # a sentence may hold tags: they are text here
        self.message.value = f'<span style="font-weight:{weight}">{line}</span>'
        return view


def _titled(title: str, picture: widgets.Image) -> widgets.VBox:
    box = widgets.VBox([widgets.Label(title), picture])
    return box.add_class("de-titled")
