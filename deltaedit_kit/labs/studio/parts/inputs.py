"""Controls of the panel: a number that is dragged and typed, a sentence, the strip of faces.

    number field: the value itself            slider: the step that is nearest to it

A browser moves a slider to a step, and says so as if a hand had done it: a recipe's 0.93 would
become 0.95 by being shown. So the slider is only ever given a step, and where it already stands is
no news. The faces are buttons, for the Tab and Enter keys reach them; their pictures are background
images of rules that belong to this panel alone, since no button of ipywidgets holds a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import ipywidgets as widgets
import numpy as np

from deltaedit_kit.labs.studio.parts.markup import data_address, jpeg, style_tag
from deltaedit_kit.labs.studio.state import FARTHEST, STRIP, Sentence, StudioState

Make = Callable[[StudioState], StudioState]
Change = Callable[[Make, Hashable | None], None]  # how to make the next state, and by what gesture
DIGITS = 4  # a slider's 0.30000000000000004 is 0.3


class Heard:
    """Controls that tell what a person sets, and nothing while they are only shown a value."""

    _told = True

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """While the block runs, nobody hears of new values."""
        self._told = False
        try:
            yield
        finally:
            self._told = True

    def hear(self, control: widgets.Widget, tell: Callable[[Any], object]) -> None:
        """Call `tell` with every value of a control that a person sets."""

        def heard(event: Any) -> None:
            if self._told:
                tell(event["new"])

        control.observe(heard, names="value")


class NumberSlider(Heard, widgets.HBox):
    """`.slider` and `.number` share a value; `on_change(value)` hears of it, not of `show`."""

    def __init__(
        self,
        label: str,
        value: float,
        span: tuple[float, float, float],
        on_change: Callable[[float], None],
        quiet: bool = False,
    ) -> None:
        """`span` is (low, high, step); `quiet` hides the label from the eye."""
        low, high, step = span
        self._low, self._step = low, step
        wide = "60px" if quiet else "158px"
        self.slider = widgets.FloatSlider(
            value=self._nearest(value),
            min=low,
            max=high,
            step=step,
            readout=False,
            layout=widgets.Layout(width="96px" if quiet else "190px", margin="0 4px"),
        )
        self.number = widgets.BoundedFloatText(
            value=value,
            min=low,
            max=high,
            step=step,
            description=label,
            layout=widgets.Layout(width=wide),
            style={"description_width": "84px"},
        )
        self.number.add_class("de-number")
        self._on_change = on_change
        super().__init__([self.slider, self.number] if quiet else [self.number, self.slider])
        self.add_class("de-slider")
        if quiet:
            self.add_class("de-quiet")
        self.hear(self.slider, self._slid)
        self.hear(self.number, self._tell)

    def show(self, value: float) -> None:
        """Show a value without an event; a larger one than the span makes it wider."""
        with self.quietly():
            for control, shown in ((self.slider, self._nearest(value)), (self.number, value)):
                control.max = max(control.max, shown)
                if control.value != shown:
                    control.value = shown

    def _nearest(self, value: float) -> float:
        """The step of the slider that is nearest to a value."""
        return round(self._low + round((value - self._low) / self._step) * self._step, DIGITS)

    def _slid(self, value: float) -> None:
        if round(value, DIGITS) != self._nearest(self.number.value):
            self._tell(value)

    def _tell(self, value: float) -> None:
        value = round(float(value), DIGITS)
        self.show(value)
        self._on_change(value)


class SentenceRow(Heard, widgets.HBox):
    """Row k of the list: `.on .text .strength .delete`; `show` tells nobody."""

    def __init__(self, number: int, change: Change) -> None:
        name = f"sentence {number + 1}"
        self.on = widgets.Checkbox(
            value=True,
            description=f"Use {name}",
            indent=False,
            layout=widgets.Layout(width="22px", margin="0"),
        )
        self.text = widgets.Text(
            description=f"Text of {name}",
            placeholder="what it should become, then Enter",
            continuous_update=False,  # one edit a sentence, not one a letter
            layout=widgets.Layout(width="176px"),
        )
        self.strength = NumberSlider(
            f"Strength of {name}",
            1.0,
            (-FARTHEST, FARTHEST, 0.05),
            lambda v: change(lambda s: s.weigh(number, v), ("strength", number)),
            quiet=True,
        )
        self.delete = button(
            "Delete", f"Delete {name}", lambda: change(lambda s: s.delete(number), None)
        )
        super().__init__([self.on, self.text, self.strength, self.delete])
        self.add_class("de-row")
        for control in (self.on, self.text):
            control.add_class("de-quiet")
        self.hear(self.on, lambda on: change(lambda s: s.switch(number, on), None))
        self.hear(self.text, lambda text: change(lambda s: s.write(number, text), None))

    def show(self, sentence: Sentence) -> None:
        """Show a sentence without an event."""
        with self.quietly():
            self.on.value, self.text.value = sentence.on, sentence.text
        self.strength.show(sentence.strength)


PANELS = count(1)  # two panels on one page must not share their pictures


class FacePicker(widgets.VBox):
    """`.tiles` are the buttons; `show` draws the strip, `mark` the choice."""

    def __init__(self, on_pick: Callable[[int], None]) -> None:
        self._panel = next(PANELS)
        self._style = widgets.HTML(layout=widgets.Layout(display="none"))
        self.tiles = []
        for place in range(STRIP):
            tile = widgets.Button(
                description=str(place + 1),
                tooltip=f"Edit face {place + 1}",
                layout=widgets.Layout(margin="2px"),
            )
            tile.add_class("de-tile").add_class(f"de-face-{self._panel}-{place}")
            tile.on_click(lambda _button, place=place: on_pick(place))
            self.tiles.append(tile)
        super().__init__([self._style, row(*self.tiles)])

    def show(self, faces: np.ndarray) -> None:
        """Other pictures on the buttons, uint8 [STRIP, H, W, 3]."""
        rules = (
            f".de-studio .de-face-{self._panel}-{row} "
            f"{{ background-image: url({data_address(jpeg(face), 'image/jpeg')}) !important; }}"
            for row, face in enumerate(faces)
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


def button(text: str, tooltip: str, on_click: Callable[[], None]) -> widgets.Button:
    """A button as wide as its text."""
    made = widgets.Button(description=text, tooltip=tooltip, layout=widgets.Layout(width="auto"))
    made.on_click(lambda _button: on_click())
    return made


def row(*children: widgets.Widget) -> widgets.HBox:
    """Controls side by side, which wrap where there is little room."""
    return widgets.HBox(children).add_class("de-row")
