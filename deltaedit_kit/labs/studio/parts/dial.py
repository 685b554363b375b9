"""A number that can be dragged and typed: a slider and a number field.

    number field: the value itself            slider: the step that is nearest to it

A browser moves a slider to a step, and says so as if a hand had done it: a recipe's 0.93 would
become 0.95 by being shown. So the slider is only ever given a step, and where it already stands is
no news. The number field carries the label; `names` says it once more for the slider, to which
ipywidgets gives no name that a screen reader could read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

DIGITS = 4  # a slider's 0.30000000000000004 is 0.3


class Dial(widgets.HBox):
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
        self._on_change, self._telling = on_change, True
        super().__init__([self.slider, self.number] if quiet else [self.number, self.slider])
        self.add_class("de-dial")
        if quiet:
            self.add_class("de-quiet")
        self.slider.observe(self._slid, names="value")
        self.number.observe(self._typed, names="value")

    def show(self, value: float) -> None:
        """Show a value without telling anybody; a larger one than the span makes it wider."""
        self._telling = False
        try:
            for control, shown in ((self.slider, self._nearest(value)), (self.number, value)):
                control.max = max(control.max, shown)
                if control.value != shown:
                    control.value = shown
        finally:
            self._telling = True

    def _nearest(self, value: float) -> float:
        """The step of the slider that is nearest to a value."""
        return round(self._low + round((value - self._low) / self._step) * self._step, DIGITS)

    def _slid(self, change: Any) -> None:
        value = round(float(change["new"]), DIGITS)
        if value != self._nearest(self.number.value):
            self._tell(value)

    def _typed(self, change: Any) -> None:
        self._tell(round(float(change["new"]), DIGITS))

    def _tell(self, value: float) -> None:
        if self._telling:
            self.show(value)
            self._on_change(value)
