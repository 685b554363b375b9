"""A number that can be dragged and typed: a slider and a number field that always agree.

The number field carries the label; `names` says it once more for the slider, to which ipywidgets
gives no name that a screen reader could read.
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
        wide = "60px" if quiet else "158px"
        self.slider = widgets.FloatSlider(
            value=value,
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
        for control in (self.slider, self.number):
            control.observe(self._moved, names="value")

    def show(self, value: float) -> None:
        """Show a value without telling anybody; a larger one than the span makes it wider."""
        self._telling = False
        try:
            for control in (self.slider, self.number):
                control.max = max(control.max, value)
                if control.value != value:
                    control.value = value
        finally:
            self._telling = True

    def _moved(self, change: Any) -> None:
        if self._telling:
            value = round(float(change["new"]), DIGITS)
            self.show(value)
            self._on_change(value)
