"""Keyboard for a pane of widgets: keys pressed inside it reach Python, and nothing else does.

    keydown inside .pane ─► {key, token} ─► on_key(key, token)

ipywidgets knows no keyboard, so this is a few lines of JavaScript (keys.js) in an anywidget. A key
is sent once for each `token` (whatever the pane shows now), however often it is pressed, until
Python has shown the next thing. JupyterLab's own single-key commands are held off the pane.

Source: anywidget.dev for the module's form; Lumino's `data-lm-suppress-shortcuts`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets


class PaneKeys(anywidget.AnyWidget):
    """One line that says whether keys work; put it into a pane with the class `pane`."""

    _esm = Path(__file__).with_name("keys.js").read_text(encoding="utf-8")
    pane = traitlets.Unicode("").tag(sync=True)  # CSS class of the pane that listens
    listened = traitlets.List(traitlets.Unicode()).tag(sync=True)  # as KeyboardEvent.key names them
    token = traitlets.Unicode("").tag(sync=True)  # "" sends nothing
    active = traitlets.Unicode("").tag(sync=True)  # the line while keys work
    asleep = traitlets.Unicode("").tag(sync=True)  # and while the focus is elsewhere

    def __init__(
        self, pane: str, listened: Sequence[str], active: str, asleep: str, **options: Any
    ) -> None:
        values = {"pane": pane, "listened": list(listened), "active": active, "asleep": asleep}
        super().__init__(**values, **options)

    def on_key(self, callback: Callable[[str, str], None]) -> None:
        """Call `callback(key, token)` for each key that the page sends."""

        def received(_widget: Any, content: Any, _buffers: Any) -> None:
            if isinstance(content, dict):
                callback(str(content.get("key", "")), str(content.get("token", "")))

        self.on_msg(received)
