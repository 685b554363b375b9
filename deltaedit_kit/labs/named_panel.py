"""A panel whose controls have names that are read out, and whose events are heard in turn.

    slider:       its label                 ->  aria-label of its handle and its number
    .de-slider:   the number field's label  ->  the same for the slider beside it
    .de-tile:     the tooltip               ->  aria-label;   .de-picked -> aria-pressed
    button:       a tooltip that begins with its text ("Delete sentence 2") -> aria-label

ipywidgets gives its sliders and buttons no such attributes, so the script copies them from what
stands in the page anyway, again whenever the panel gains a control. Every panel of the kit is one.

JupyterLab hands the messages of widgets to threads of the kernel (subshells), those of two controls
perhaps to two. A message waits for its turn before ipywidgets reads it: a panel that shows another
change writes into all its controls, and would take a value that came meanwhile for its own. What
reads the controls and shows what follows does both `with self.turn` as well, for cells have a
thread too: or the state of before, slower to draw, would be shown over that of now.

Source: WCAG 2.2, 4.1.2; WAI-ARIA 1.2 (slider, button with aria-pressed); anywidget.dev for modules.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import RLock
from typing import Any

import anywidget
import ipywidgets as widgets


class NamedPanel(widgets.VBox):
    """A VBox whose controls have names; a panel is a subclass of it. `.turn`: see above."""

    def __init__(self, children: Sequence[widgets.Widget]) -> None:
        self.turn = RLock()
        self._in_turn: set[str] = set()  # the controls, by the names of their models
        super().__init__([*children, _Names()])
        self.add_class("de-panel")
        self._take_turns(self)

    def _take_turns(self, widget: widgets.Widget) -> None:
        """Let the messages to a widget wait for their turn, and those to what it will hold."""
        if widget.comm is None or widget.model_id in self._in_turn:
            return
        self._in_turn.add(widget.model_id)
        heard = widget.comm.handle_msg

        def in_turn(msg: Any) -> None:
            with self.turn:
                heard(msg)

        widget.comm.handle_msg = in_turn
        if isinstance(widget, widgets.Box):
            widget.observe(lambda _change: self._take_turns_in(widget), names="children")
            self._take_turns_in(widget)

    def _take_turns_in(self, box: widgets.Box) -> None:
        for child in box.children:
            self._take_turns(child)


class _Names(anywidget.AnyWidget):
    """Shows nothing."""

    _esm = Path(__file__).with_suffix(".js")
    _css = Path(__file__).with_suffix(".css")
