"""A button that hands a file over.

    file ─► pieces of 1 MB, one message each ─► joined ─► File(name, content)

Pieces, because a Jupyter server closes the connection at a message of 10 MB, which the photos of
some phones reach: the file would be lost without a word. `ipywidgets.FileUpload` sends one
message. The same file can be chosen twice; of two files that overlap in time, the later one counts.

Source: anywidget.dev for the form of a module; tornado's `websocket_max_message_size`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from deltaedit_kit.support.errors import DeltaEditError

MEGABYTE = 10**6
LARGEST = 100 * MEGABYTE


@dataclass(frozen=True)
class File:
    """What a person chose; a file that is too large comes without its content."""

    name: str
    size: int  # bytes
    content: bytes

    def checked(self) -> bytes:
        """The content; raises `DeltaEditError` for a file that is empty or too large."""
        if self.size > LARGEST:
            raise DeltaEditError(
                f"{self.name[:60]!r} has {self.size / MEGABYTE:.0f} MB; "
                f"choose a file of at most {LARGEST // MEGABYTE} MB"
            )
        if not self.content:
            raise DeltaEditError(f"{self.name[:60]!r} is empty; choose another file")
        return self.content


class FileButton(anywidget.AnyWidget):
    """`on_file(callback)` hears of each `File` when all of it has come."""

    _esm = Path(__file__).with_suffix(".js")
    description = traitlets.Unicode("").tag(sync=True)
    accept = traitlets.Unicode("").tag(sync=True)  # as in HTML, such as "image/*"
    largest = traitlets.Int(LARGEST).tag(sync=True)

    def __init__(self, label: str, accept: str) -> None:
        super().__init__(description=label, accept=accept)
        self._joined = bytearray()
        self._callback: Callable[[File], None] = lambda _file: None
        self.on_msg(self._received)

    def on_file(self, callback: Callable[[File], None]) -> None:
        """Call `callback(file)` for each file; the last callback given is the one that counts."""
        self._callback = callback

    def _received(self, _widget: Any, content: Any, buffers: Any) -> None:
        """One piece; `at` is where in the file it begins."""
        if not isinstance(content, dict) or not buffers:
            return
        name, size, at = (content.get(key) for key in ("name", "size", "at"))
        if at == 0:
            self._joined = bytearray()
        if at != len(self._joined) or not isinstance(size, int):
            return  # of a file that another one has overtaken
        self._joined += buffers[0]
        if len(self._joined) >= size or size > LARGEST:
            file, self._joined = File(str(name), size, bytes(self._joined)), bytearray()
            self._callback(file)
