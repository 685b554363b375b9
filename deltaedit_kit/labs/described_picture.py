"""A picture of a panel with words for those who do not see it (WCAG 2.2, 1.1.1).

`ipywidgets.Image` has no alternative text. HTML has one, and takes a picture as an address that
holds its bytes.
"""

from __future__ import annotations

from base64 import b64encode
from html import escape

import ipywidgets as widgets


class DescribedPicture(widgets.HTML):
    """`show(content, alt)` changes both at once; `.content` and `.alt` say what is shown."""

    def __init__(self, kind: str, layout: widgets.Layout | None = None) -> None:
        """kind: "png" or "jpeg". Empty until `show` is called; as wide as the layout, or less."""
        super().__init__(layout=widgets.Layout() if layout is None else layout)
        self._kind, self.content, self.alt = kind, b"", ""

    def show(self, content: bytes, alt: str) -> None:
        """Show these bytes; nothing for b""."""
        self.content, self.alt = content, alt
        address = f"data:image/{self._kind};base64,{b64encode(content).decode('ascii')}"
        width = "width:100%" if self.layout.width else "max-width:100%"
        self.value = (
            f'<img src="{address}" alt="{escape(alt)}" decoding="sync" '
            f'style="display:block;height:auto;{width}">'
            if content
            else ""
        )
