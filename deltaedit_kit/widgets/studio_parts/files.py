"""What a person uploaded, the same in ipywidgets 7 and 8.

7.7   {"photo.jpg": {"metadata": {...}, "content": bytes}}
8     ({"name": "photo.jpg", "content": memoryview, ...},)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets

from deltaedit_kit.errors import DeltaEditError


def uploader(label: str, accept: str) -> widgets.FileUpload:
    """A button that asks for one file."""
    return widgets.FileUpload(
        accept=accept, multiple=False, description=label, layout=widgets.Layout(width="auto")
    )


def uploaded(value: Any) -> tuple[str, bytes] | None:
    """Name and content of the newest file in `FileUpload.value`; None when there is none.

    Raises `DeltaEditError` for a file without content.
    """
    if not value:
        return None
    if isinstance(value, Mapping):
        name, entry = list(value.items())[-1]
    else:
        entry = value[-1]
        name = entry.get("name", "file")
    content = bytes(entry.get("content") or b"")
    if not content:
        raise DeltaEditError(f"{str(name)[:60]!r} is empty; choose another file")
    return str(name), content


def forget(upload: widgets.FileUpload) -> None:
    """Empty the button, so that the same file can be chosen once more."""
    if isinstance(upload.value, Mapping):  # 7.7: read-only, it follows the counter on the button
        upload.set_trait("metadata", [])
        upload.set_trait("data", [])
        upload.set_trait("_counter", 0)
    else:
        upload.value = ()
