"""A slider on one channel of s: the pictures, the factor that the oracle sees move, and R's word.

    channel, k --look_at--> pictures at s_c + k σ_c, one line --ChannelPanel--> screen

`look_at` is a plain function; the panel copies values in and out.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets as widgets
import torch

from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.labs.described_picture import DescribedPicture
from deltaedit_kit.labs.named_panel import NamedPanel
from deltaedit_kit.labs.style_space.channels import locate, measure_effects, turn
from deltaedit_kit.relevance import ChannelStatistics
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.pictures import encode_png


@dataclass(frozen=True)
class ChannelView:
    """A PNG of two rows, all faces as they were and turned, and one line of plain text."""

    picture: bytes
    message: str


def look_at(
    domain: Domain, faces: Faces, statistics: ChannelStatistics, channel: int, sigmas: float
) -> ChannelView:
    """The faces with one channel turned, and what moved most.

    A wrong channel keeps the faces as they are and tells why: nothing that a user sets raises.
    """
    try:
        place = locate(domain.layout, channel)
        pictures = turn(domain, faces, channel, [sigmas], statistics)[0]
    except DeltaEditError as error:
        return ChannelView(_rows(faces.images, faces.images), str(error))
    change = measure_effects(domain, faces.images, pictures)
    most = int(change.abs().argmax())
    where = f"channel {channel}: layer {place.layer} ({place.group}), number {place.within}"
    moved = (
        f"; at {sigmas:+.1f} σ {domain.factors[most]} changed most, by {float(change[most]):+.2f}"
    )
    return ChannelView(_rows(faces.images, pictures), where + moved)


class ChannelPanel(NamedPanel):
    """Choose a channel and turn it: `.channel`, `.sigmas` are the controls, `.view` what shows."""

    def __init__(
        self, domain: Domain, faces: Faces, statistics: ChannelStatistics, channel: int = 0
    ) -> None:
        """Show `faces` (a few) with `channel` where it is."""
        self._about = (domain, faces, statistics)
        style, wide = {"description_width": "80px"}, widgets.Layout(width="480px")
        self.channel = widgets.BoundedIntText(
            value=channel, min=0, max=domain.layout.total - 1, description="Channel", style=style
        )
        self.sigmas = widgets.FloatSlider(
            value=0.0,
            min=-10,
            max=10,
            step=0.5,
            description="Turn by σ",
            continuous_update=False,  # one drawing a gesture
            layout=wide,
            style=style,
        )
        self.picture = DescribedPicture("png")
        self.message = widgets.HTML()
        super().__init__([self.channel, self.sigmas, self.picture, self.message])
        self.view = self._show()
        for control in (self.channel, self.sigmas):
            control.observe(self._redraw, names="value")

    def __repr__(self) -> str:  # ipywidgets would print the bytes of the picture
        return f"ChannelPanel({self._about[0].spec.name}, {len(self._about[1])} faces)"

    def _redraw(self, _change: Any) -> None:
        with self.turn:
            self.view = self._show()

    def _show(self) -> ChannelView:
        view = look_at(*self._about, int(self.channel.value), float(self.sigmas.value))
        self.picture.show(
            view.picture,
            f"faces above, the same faces with the channel changed below: {view.message}",
        )
        self.message.value = f"<span>{escape(view.message)}</span>"
        return view


def _rows(before: torch.Tensor, after: torch.Tensor) -> bytes:
    rows = [torch.cat(list(pictures), dim=-1) for pictures in (before, after)]
    return encode_png(torch.cat(rows, dim=-2))
