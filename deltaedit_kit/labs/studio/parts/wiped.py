"""Before and after, one over the other; a slider or a pointer on the picture moves the wipe.

    x < place · width: before,  else after         place: the slider's value in [0, 1]

The page holds both pictures and cuts the upper one, so that nothing lags: the script follows the
slider, and a drag on the picture sets it. Keys and screen readers have the slider. Where no script
runs, the kernel's rule says the place, a moment later.

Source: WCAG 2.2, 2.5.7 (dragging has an alternative); anywidget.dev for the form of a module.
"""

from __future__ import annotations

from pathlib import Path

import anywidget
import ipywidgets as widgets
import numpy as np
import traitlets

from deltaedit_kit.labs.studio.parts import markup
from deltaedit_kit.labs.studio.parts.inputs import PANELS
from deltaedit_kit.support.pictures import encode_png

HALF, STEP = 0.5, 0.01


class WipedPicture(widgets.VBox):
    """`.picture` is HTML, `.place` the rule that says how far; both follow the slider."""

    def __init__(self, slider: widgets.FloatSlider) -> None:
        """slider: its value is the place of the wipe."""
        self._name = f"de-wipe-{next(PANELS)}"
        self.picture = widgets.HTML()
        self.place = widgets.HTML(layout=widgets.Layout(display="none"))
        super().__init__([self.place, self.picture, _Wipe(slider=slider.model_id)])
        self.add_class("de-wipe").add_class(self._name)

    def show(self, before: np.ndarray, after: np.ndarray, description: str, side: int) -> None:
        """Two pictures uint8 [H, W, 3], `side` pixels wide; `description` ends what is read out."""
        alt = f"before on the left of the wipe, after on the right: {description}"
        self.picture.value = markup.wiped(
            under=markup.data_address(encode_png(after), "image/png"),
            over=markup.data_address(encode_png(before), "image/png"),
            side=side,
            alt=alt,
            caption="before ◧ after",
        )

    def wipe(self, place: float) -> None:
        """Say where the wipe stands, in [0, 1]."""
        self.place.value = f"<style>.{self._name} {{ --place: {place:.2f} }}</style>"


class _Wipe(anywidget.AnyWidget):
    """Shows nothing; `slider` is the model that it moves."""

    _esm = Path(__file__).with_suffix(".js")
    slider = traitlets.Unicode().tag(sync=True)
