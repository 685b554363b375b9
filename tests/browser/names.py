"""Names that a screen reader hears: of controls and pictures, from the accessibility tree."""

from __future__ import annotations

import re
from typing import Any

NAMED = (
    "application|button|checkbox|combobox|img|link|progressbar|radio|searchbox|slider|spinbutton"
    "|switch|tab|textbox"
)
# A line of Playwright's snapshot of the accessibility tree: `- slider "Wipe, slider": ...`
CONTROL = re.compile(rf"""^\s*- '?({NAMED})\b(?: "((?:[^"\\]|\\.)*)")?""", re.MULTILINE)


def nameless(place: Any) -> list[str]:
    """Controls and pictures there whose accessible name is empty, or without a letter."""
    found = CONTROL.findall(place.aria_snapshot())
    return [f'{role} "{name}"' for role, name in found if not re.search(r"[^\W\d_]", name)]
