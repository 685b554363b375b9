"""One sentence of the list: a switch, its text, its strength, a button that deletes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets

from deltaedit_kit.labs.studio.parts.dial import Dial
from deltaedit_kit.labs.studio.sentences import FARTHEST
from deltaedit_kit.labs.studio.state import Sentence


@dataclass(frozen=True)
class RowEvents:
    """Who hears what happens in row k; rows are counted from 0."""

    written: Callable[[int, str], None]
    weighed: Callable[[int, float], None]
    switched: Callable[[int, bool], None]
    deleted: Callable[[int], None]


class SentenceRow(widgets.HBox):
    """Row k of the list: `.on .text .strength .delete`; `show` tells nobody."""

    def __init__(self, number: int, events: RowEvents) -> None:
        name = f"sentence {number + 1}"
        self._number, self._events, self._telling = number, events, True
        self.on = widgets.Checkbox(
            value=True,
            description=f"Use {name}",
            indent=False,
            layout=widgets.Layout(width="22px", margin="0"),
        )
        self.text = widgets.Text(
            description=f"Text of {name}",
            placeholder="what to become, then Enter",
            continuous_update=False,  # one edit a sentence, not one a letter
            layout=widgets.Layout(width="176px"),
        )
        self.strength = Dial(
            f"Strength of {name}",
            1.0,
            (-FARTHEST, FARTHEST, 0.05),
            lambda value: events.weighed(number, value),
            quiet=True,
        )
        self.delete = widgets.Button(
            description="Delete", tooltip=f"Delete {name}", layout=widgets.Layout(width="auto")
        )
        super().__init__([self.on, self.text, self.strength, self.delete])
        self.add_class("de-row")
        for control in (self.on, self.text):
            control.add_class("de-quiet")
        self.on.observe(self._switched, names="value")
        self.text.observe(self._written, names="value")
        self.delete.on_click(lambda _button: events.deleted(number))

    def show(self, sentence: Sentence) -> None:
        """Show a sentence without telling anybody."""
        self._telling = False
        try:
            self.on.value, self.text.value = sentence.on, sentence.text
        finally:
            self._telling = True
        self.strength.show(sentence.strength)

    def _switched(self, change: Any) -> None:
        if self._telling:
            self._events.switched(self._number, bool(change["new"]))

    def _written(self, change: Any) -> None:
        if self._telling:
            self._events.written(self._number, change["new"])
