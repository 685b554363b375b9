"""The study in a notebook: two pictures, one question, two keys.

    store ─► screen_for(code) ─► Screen ─► Study ─► page        key ─► press ─► store

A shell over `deltaedit_kit.labs.study.screen`: every decision is taken there. Open the same file in
as many browsers as you like; close one and come back with the code that it showed.

ipywidgets knows no keyboard, so keys.js sends the keys that are pressed inside the study, each with
the token of the question that the page shows; JupyterLab's own single-key commands are held off.
Source: anywidget.dev for the module's form; Lumino's `data-lm-suppress-shortcuts`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets

from deltaedit_kit.labs.described_picture import DescribedPicture
from deltaedit_kit.labs.named_panel import NamedPanel
from deltaedit_kit.labs.study.screen import SIDE_OF_KEY, Screen, press, screen_for
from deltaedit_kit.labs.study.store import StudyStore
from deltaedit_kit.support.errors import DeltaEditError

PANE = "deltaedit-study"  # CSS class of the part that listens to keys; keys.js looks for it
# Pictures shrink together where there is little room; the answers must fit there too, both of them.
SIDE = widgets.Layout(width="256px", min_width="0", margin="0 6px")
MIDDLE = widgets.Layout(width="160px", max_width="calc(100% - 12px)", margin="0 6px")
WIDEST = "708px"  # of the three pictures in a row


class Keyboard(anywidget.AnyWidget):
    """One line that says whether keys work; sends {key, token}, once for each token."""

    _esm = Path(__file__).with_name("keys.js").read_text(encoding="utf-8")
    listened = traitlets.List(traitlets.Unicode(), list(SIDE_OF_KEY)).tag(sync=True)
    token = traitlets.Unicode("").tag(sync=True)  # of the question that is shown; "" sends nothing


class Study(NamedPanel):
    """A study for one participant. Children are named for tests; `.screen` is what is shown.

    `.code` is what continues this participant's answers in another browser or on another day.
    """

    def __init__(
        self,
        study: StudyStore | str | Path,
        code: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Show the consent text, or, with the code of somebody who has joined, their next question.

        Raises `DeltaEditError` for a file that is no study.
        """
        self._store = study if isinstance(study, StudyStore) else StudyStore(study)
        self._clock = clock
        self.code = code
        self.heading = widgets.HTML()
        self.text = widgets.HTML(layout=widgets.Layout(max_width="620px"))
        self.left, self.before, self.right = (
            DescribedPicture("png", layout=layout) for layout in (SIDE, MIDDLE, SIDE)
        )
        self.question = widgets.HTML()
        self.answer_left = widgets.Button(description="← left", tooltip="key ←, F or 1")
        self.answer_right = widgets.Button(description="right →", tooltip="key →, J or 2")
        self.progress = widgets.IntProgress(
            bar_style="", layout=widgets.Layout(width="420px", max_width="98%")
        )
        self.given_code = widgets.Text(
            description="My code:",
            placeholder="only to continue where you stopped",
            value=code or "",
        )
        self.agree = widgets.Button(description="I agree, begin", button_style="primary")
        self.message = widgets.HTML()
        self.keyboard = Keyboard()
        row = widgets.Layout(align_items="center", max_width=WIDEST)  # stretched, faces look longer
        between = widgets.Layout(justify_content="space-between", max_width=WIDEST)
        middle = widgets.Layout(align_items="center", min_width="0")
        original = widgets.VBox([self.before, widgets.Label("before")], layout=middle)
        self._consent = widgets.VBox([self.given_code, self.agree])
        self._round = widgets.VBox(
            [
                widgets.HBox([self.left, original, self.right], layout=row),
                self.question,
                widgets.HBox([self.answer_left, self.answer_right], layout=between),
                self.progress,
            ]
        )
        super().__init__(
            [self.heading, self.text, self._consent, self._round, self.message, self.keyboard]
        )
        self.add_class(PANE)
        self.answer_left.on_click(lambda _button: self.press("ArrowLeft"))
        self.answer_right.on_click(lambda _button: self.press("ArrowRight"))
        self.agree.on_click(lambda _button: self.begin())
        self.keyboard.on_msg(self._key)
        self.screen = self._show(screen_for(self._store, code))

    def __repr__(self) -> str:  # ipywidgets would print the bytes of the pictures
        return f"Study({self._store!r}, {self.screen.kind})"

    def begin(self) -> None:
        """What the button under the consent text does: take a place, or continue with a code."""
        with self.turn:
            self._begin()

    def _begin(self) -> None:
        if self.screen.kind != "consent":
            return  # a double click is one participant, not two
        typed = self.given_code.value.strip()
        if typed and typed != self.code and self._store.find(typed) is None:
            self._say(
                f"Not done: no participant has the code {typed[:64]!r}; "
                "check it, or leave the field empty to begin"
            )
            return
        code = typed or secrets.token_hex(4)
        try:
            self._store.join(code)
        except DeltaEditError as error:
            self._say(f"Not done: {error}")
            return
        self.code = code
        self.screen = self._show(screen_for(self._store, code))

    def press(self, key: str) -> None:
        """What a key or an answer button does."""
        with self.turn:
            try:
                taken = press(self._store, self.screen, key, self._clock() - self._shown_at)
            except DeltaEditError as error:
                self._say(f"Not done: {error}")
                return
            if taken:
                self.screen = self._show(screen_for(self._store, self.code))

    def _key(self, _keyboard: Any, content: Any, _buffers: Any) -> None:
        """A key from the page, unless it was pressed before the page showed this question."""
        if isinstance(content, dict) and content.get("token") == self.screen.token:
            self.press(str(content.get("key")))

    def _show(self, screen: Screen) -> Screen:
        label = "SIMULATED study: " if self._store.simulated else ""
        self.heading.value = f"<h3>{escape(label + screen.title)}</h3>"
        asked = screen.kind == "question"
        if asked:
            self.text.value = f"The sentence: <b>“{escape(screen.text)}”</b>"
            self.left.show(screen.left, "left picture: the face after one edit")
            self.before.show(screen.before, "the face before any edit")
            self.right.show(screen.right, "right picture: the face after another edit")
            self.question.value = f"<h4>{escape(screen.question)}</h4>"
            self.progress.max, self.progress.value = screen.total, screen.done
        else:
            paragraphs = "".join(f"<p>{escape(part)}</p>" for part in screen.text.split("\n\n"))
            self.text.value = paragraphs
        self._consent.layout.display = "" if screen.kind == "consent" else "none"
        self._round.layout.display = "" if asked else "none"
        self.keyboard.layout.display = "" if asked else "none"
        self.keyboard.token = screen.token  # from now on keys are about these pictures
        self._shown_at = self._clock()
        # Last: who reads which question it is can answer it.
        counted = f"{screen.done} of {screen.total} answered. Your code: {self.code}"
        self._say(counted if asked else "")
        return screen

    def _say(self, line: str) -> None:
        self.message.value = escape(line)
