"""The strip of faces: six buttons that carry their picture, and the chosen one a mark.

Buttons, for the Tab and Enter keys reach them. Their pictures are background images of rules that
belong to this panel alone, since no button of ipywidgets holds a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

import ipywidgets as widgets

from deltaedit_kit.labs.studio.parts.markup import data_address
from deltaedit_kit.labs.studio.parts.style import style_tag
from deltaedit_kit.labs.studio.state import STRIP

PANELS = count(1)  # two panels on one page must not share their pictures


class FacePicker(widgets.VBox):
    """`.tiles` are the buttons; `show` draws the strip, `mark` the choice."""

    def __init__(self, on_pick: Callable[[int], None]) -> None:
        self._panel = next(PANELS)
        self._style = widgets.HTML(layout=widgets.Layout(display="none"))
        self.tiles = []
        for row in range(STRIP):
            tile = widgets.Button(
                description=str(row + 1),
                tooltip=f"Edit face {row + 1}",
                layout=widgets.Layout(width="66px", height="66px", margin="2px"),
            )
            tile.add_class("de-tile").add_class(f"de-face-{self._panel}-{row}")
            tile.on_click(lambda _button, row=row: on_pick(row))
            self.tiles.append(tile)
        self._faces = widgets.HBox(self.tiles)
        self._faces.add_class("de-row")
        super().__init__([self._style, self._faces])

    def show(self, jpegs: Sequence[bytes]) -> None:
        """Other pictures on the buttons, JPEG files."""
        rules = (
            f".de-studio .de-face-{self._panel}-{row} "
            f"{{ background-image: url({data_address(jpeg, 'image/jpeg')}) !important; }}"
            for row, jpeg in enumerate(jpegs)
        )
        self._style.value = style_tag("\n".join(rules))

    def mark(self, row: int | None) -> None:
        """Mark the chosen face; None marks nobody (a photo is shown)."""
        for place, tile in enumerate(self.tiles):
            if place == row:
                tile.description = f"● {place + 1}"
                tile.add_class("de-picked")
            else:
                tile.description = str(place + 1)
                tile.remove_class("de-picked")
