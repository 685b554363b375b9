"""What the studio shows: before and after under a wipe, heat, one line, strip; and tables below.

    x < place · width: before,  else after         place: the slider's value in [0, 1]

It shows what it is given; the wipe alone is its own, for it changes the view and not the edit. The
page holds both pictures and cuts the upper one, so that nothing lags: the script follows the
slider, and a drag on the picture sets it. Keys and screen readers have the slider. Where no script
runs, the kernel's rule says the place, a moment later.

Source: WCAG 2.2, 2.5.7 (dragging has an alternative); anywidget.dev for the form of a module.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anywidget
import ipywidgets as widgets
import numpy as np
import traitlets

from deltaedit_kit.labs.studio.changes import ChannelChange, FactorChange, GroupChange
from deltaedit_kit.labs.studio.parts import markup
from deltaedit_kit.labs.studio.parts.inputs import PANELS, NumberSlider
from deltaedit_kit.support.pictures import encode_png

HALF, STEP = 0.5, 0.01  # of the wipe
LARGE, SMALL = 232, 73  # pixels on the screen; a browser resamples better than we could


class Screen(widgets.VBox):
    """`.heat .film .changes .factors .message` are HTML; `.wipe` is the slider of `.pair`.

    Two boxes, `.view` and `.tables`: where there is little room, the controls go between them.
    """

    def __init__(self) -> None:
        self.heat, self.film = widgets.HTML(), widgets.HTML()
        self.changes, self.factors, self.message = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.wipe = NumberSlider("Wipe", HALF, (0.0, 1.0, STEP), lambda p: self.pair.wipe(p))
        self.pair = WipedPicture(self.wipe.slider)
        self.pair.wipe(HALF)
        top = widgets.HBox([self.pair, self.heat.add_class("de-more")])
        top.add_class("de-pair")
        self.film.add_class("de-film")
        self.view = widgets.VBox([top, self.wipe, self.message, self.film])
        self.tables = widgets.VBox(
            [
                widgets.HTML(markup.heading("What changed in the style")),
                self.changes,
                widgets.HTML(markup.heading("What the oracle reads")),
                self.factors,
            ]
        )
        super().__init__([self.view, self.tables])
        self.add_class("de-screen")
        self.view.add_class("de-view")
        self.tables.add_class("de-tables").add_class("de-more")

    def show_heat(self, colours: np.ndarray, mean: float) -> None:
        """The difference in colours; `mean` is the mean change of a pixel in [0, 1]."""
        alt = f"difference between before and after, {mean:.1%} on average"
        caption = f"difference, mean {mean:.1%}"
        self.heat.value = markup.picture(encode_png(colours), "image/png", LARGE, alt, caption)

    def show_film(self, frames: Sequence[tuple[float, np.ndarray]]) -> None:
        """The strip of strengths: share of the step and picture."""
        shown = [(_times(share), markup.jpeg(frame)) for share, frame in frames]
        self.film.value = "".join(
            markup.picture(file, "image/jpeg", SMALL, name, name) for name, file in shown
        )

    def show_tables(
        self,
        groups: Sequence[GroupChange],
        largest: Sequence[ChannelChange],
        factors: Sequence[FactorChange],
    ) -> None:
        """Channels, groups, factors."""
        self.changes.value = markup.changes_table(groups, largest)
        self.factors.value = markup.factors_table(factors)

    def say(self, text: str, failed: bool = False) -> None:
        """One line under the pictures."""
        self.message.value = markup.line(text, failed)


def _times(share: float) -> str:
    return {0.0: "before", 1.0: "after"}.get(share, f"{share:+g} × step")


class WipedPicture(widgets.VBox):
    """`.picture` is HTML, `.place` the rule that says how far; both follow the slider."""

    def __init__(self, slider: widgets.FloatSlider) -> None:
        """slider: its value is the place of the wipe."""
        self._name = f"de-wipe-{next(PANELS)}"
        self.picture = widgets.HTML()
        self.place = widgets.HTML(layout=widgets.Layout(display="none"))
        super().__init__([self.place, self.picture, _Wipe(slider=slider.model_id)])
        self.add_class("de-wipe").add_class(self._name)

    def show(self, before: np.ndarray, after: np.ndarray, description: str) -> None:
        """Two pictures uint8 [H, W, 3]; `description` ends what is read out."""
        alt = f"before on the left of the wipe, after on the right: {description}"
        self.picture.value = markup.wiped(
            under=markup.data_address(encode_png(after), "image/png"),
            over=markup.data_address(encode_png(before), "image/png"),
            side=LARGE,
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
