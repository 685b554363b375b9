"""Watching a mapper learn: curves, the step, the time left, and fixed faces edited again and again.

    TrainingSession --look()--> MonitorView --TrainingMonitor--> screen

Everything that can be right or wrong happens in `look` and `previews`, which need no browser. The
widget copies values out and passes three buttons in, in ipywidgets 7.7 and 8 alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

import ipywidgets as widgets
import torch

from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.editor import Editor
from deltaedit_kit.labs.described_picture import DescribedPicture
from deltaedit_kit.labs.named_panel import NamedPanel
from deltaedit_kit.labs.training.plots import curve_figure
from deltaedit_kit.labs.training.session import TrainingSession
from deltaedit_kit.support.pictures import encode_png


class MonitorView(NamedTuple):
    """What the monitor shows: one line, a JPEG of the curves, a PNG of the edits (b"" before)."""

    message: str
    curve: bytes
    pictures: bytes
    can_start: bool
    running: bool
    pause_word: str


def look(session: TrainingSession, pictures: bytes = b"", curve: bytes = b"") -> MonitorView:
    """The view of a session now, with the pictures made last."""
    running = session.running
    total = session.config.steps
    left = session.seconds_left
    parts = [f"step {session.step:,} of {total:,}", _state(session)]
    if left is not None:
        parts.append(f"about {left:.0f} s left")
    if session.reports:
        last = session.reports[-1]
        parts.append(f"held-out cosine {last.validation_cosine:.3f}")
        if last.edit_accuracy == last.edit_accuracy:
            parts.append(f"edits that succeed {last.edit_accuracy:.0%}")
        parts.append(f"{last.pairs_per_second:,.0f} pairs/s")
    return MonitorView(
        message="   ·   ".join(parts),
        curve=curve,
        pictures=pictures,
        can_start=not running and not session.done,
        running=running,
        pause_word="Resume" if session.paused else "Pause",
    )


def previews(domain: Domain, faces: Faces, sentences: Sequence[str], mapper: Any) -> bytes:
    """A PNG: a row a face, its picture and then its edits with this mapper, one a sentence."""
    edit = Editor(domain.with_mapper(mapper)).edit(faces, list(sentences))
    columns = torch.cat([edit.before[None], edit.after])  # [1 + T, n, 3, H, W]
    rows = torch.cat(list(columns), dim=-1)  # [n, 3, H, (1 + T) W]
    return encode_png(torch.cat(list(rows), dim=-2))


def curve_words(session: TrainingSession) -> str:
    """What the curves show, for those who do not see them."""
    if not session.reports:
        return "curves of the training, no report yet"
    first, last = session.reports[0], session.reports[-1]
    return (
        f"curves of {len(session.reports)} reports, steps {first.step:,} to {last.step:,}: "
        f"held-out cosine from {first.validation_cosine:.2f} to {last.validation_cosine:.2f}"
    )


class TrainingMonitor(NamedPanel):
    """A panel over a session: put it last in a cell. `.view` is what is shown now.

    `.start .pause .stop` are the buttons; `.start.click()` does what a finger does. It previews the
    domain's first three sentences on three sampled faces.
    """

    def __init__(self, session: TrainingSession) -> None:
        self.session, domain = session, session.domain
        self._faces = domain.sample(3, seed=0)
        self._sentences = list(domain.spec.examples[:3])
        self.start = widgets.Button(description="Start", icon="play")
        self.pause = widgets.Button(description="Pause", icon="pause")
        self.stop = widgets.Button(description="Stop", icon="stop")
        self.message = widgets.HTML()
        self.progress = widgets.IntProgress(value=0, min=0, max=session.config.steps)
        self.progress.layout.width = "98%"
        self.curve = DescribedPicture("jpeg")
        self.pictures = DescribedPicture("png")
        head = widgets.HTML("before, then: " + escape("; ".join(self._sentences)))
        super().__init__(
            [
                widgets.HBox([self.start, self.pause, self.stop]),
                self.progress,
                self.message,
                self.curve,
                head,
                self.pictures,
            ]
        )
        self.start.on_click(lambda _: self._do(session.start))
        self.pause.on_click(lambda _: self._do(session.go_on if session.paused else session.pause))
        self.stop.on_click(lambda _: self._do(session.stop))
        self._shown: tuple[Any, int] = (None, -1)  # mapper and number of reports on the screen
        session.on_change = lambda _: self.refresh()
        self.view = look(session)
        self.refresh()

    def __repr__(self) -> str:  # ipywidgets would print the bytes of the pictures
        return (
            f"TrainingMonitor({self.session.domain.spec.name}, {self.session.config.steps} steps)"
        )

    def refresh(self) -> None:
        """Show how the session stands; pictures are made anew only for a new mapper."""
        with self.turn:  # reports come from the run's own thread
            self._show()

    def _show(self) -> None:
        mapper, count = self.session.mapper, len(self.session.reports)
        pictures, curve = self.view.pictures, self.view.curve
        if mapper is not None and mapper is not self._shown[0]:
            pictures = previews(self.session.domain, self._faces, self._sentences, mapper)
        if count != self._shown[1]:
            curve = curve_figure(self.session.reports).jpeg()
        self._shown = (mapper, count)
        self.view = look(self.session, pictures, curve)
        self.message.value = f'<div role="status">{escape(self.view.message)}</div>'
        self.progress.value = self.session.step
        self.curve.show(curve, curve_words(self.session))
        edits = "; ".join(self._sentences)
        self.pictures.show(
            pictures, f"{len(self._faces)} faces, one row for each: before, then {edits}"
        )
        self.start.disabled = not self.view.can_start
        self.pause.disabled = self.stop.disabled = not self.view.running
        self.pause.description = self.view.pause_word

    def _do(self, act: Any) -> None:
        act()
        self.refresh()


def _state(session: TrainingSession) -> str:
    if session.paused:
        return "paused"
    if session.running:
        return "training"
    if session.error is not None:
        return f"not done: {session.error}"
    if session.done:
        return "done"
    if not session.step:
        return "not started"
    return "stopped" if session.folder is None else "stopped, saved"
