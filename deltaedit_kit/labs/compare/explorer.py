"""The explorer: one run of a comparison at a time, its pictures and its numbers together.

    Choice --explore()--> View --Explorer--> screen

A table says that a method reaches 70 %; the explorer shows the faces that it fails on. Everything
that can be right or wrong happens in `explore`, which needs no browser; the widget copies values in
and out, in ipywidgets 7.7 and 8 alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets as widgets

from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.labs.compare.runs import Run
from deltaedit_kit.labs.described_picture import DescribedPicture
from deltaedit_kit.labs.metrics import metric
from deltaedit_kit.labs.metrics.interval import Interval
from deltaedit_kit.labs.named_panel import NamedPanel
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.pictures import encode_png

ZOOM = 2  # screen pixels for each of a picture's


@dataclass(frozen=True)
class Choice:
    """What the user looks at; `face` counts from 0."""

    method: str
    sentence: str
    setting: str
    strength: float
    face: int


@dataclass(frozen=True)
class View:
    """PNG files, empty where there is no picture; numbers are (metric, this face, all faces)."""

    before: bytes
    after: bytes
    numbers: tuple[tuple[str, str, str], ...]
    message: str
    failed: bool


def choices(results: Results) -> dict[str, list[Any]]:
    """What can be chosen, each in the order of the run."""
    runs = results.runs
    if not runs:
        raise DeltaEditError(
            f"{results.folder} contains no finished run yet; wait for the comparison"
        )
    return {
        "method": list(dict.fromkeys(run.method for _, run in runs)),
        "sentence": list(dict.fromkeys(run.prompt.text for _, run in runs)),
        "setting": settings_with(results, runs[0][1].method),
        "strength": sorted({strength for _, run in runs for strength in run.strengths}),
        "face": list(range(len(results.before))),
    }


def settings_with(results: Results, method: str) -> list[str]:
    """The settings of a method that were computed: only some methods have a short one."""
    return list(dict.fromkeys(s for s, run in results.runs if run.method == method))


def explore(results: Results, choice: Choice) -> View:
    """The view of a choice: pure; what is not there or failed is a message, never an error."""
    before = results.before
    start = encode_png(before[choice.face], ZOOM) if 0 <= choice.face < len(before) else b""
    run = results.run(choice.method, choice.sentence, choice.setting)
    try:
        if run is None:
            raise DeltaEditError("this was not computed; choose another sentence or setting")
        if choice.strength not in run.strengths and run.status == "ok":
            there = ", ".join(f"{strength:g}" for strength in run.strengths)
            raise DeltaEditError(f"this setting was computed at strength {there}; choose that")
        pictures = results.pictures(choice.method, choice.sentence, choice.setting, choice.strength)
    except DeltaEditError as error:
        return View(start, b"", (), str(error), failed=True)
    if isinstance(pictures, str):
        return View(start, b"", (), f"{choice.method} failed: {pictures}", failed=True)
    if not 0 <= choice.face < len(pictures):
        text = f"{choice.method} edited {run.faces} faces; choose one of these"
        return View(start, b"", (), text, failed=True)
    table = results.table
    rows = table.loc[
        (table["method"] == choice.method)
        & (table["sentence"] == choice.sentence)
        & (table["setting"] == choice.setting)
        & (table["strength"] == choice.strength)
        & table["metric"].isin(list(run.values[choice.strength]))
    ]
    numbers = tuple(
        (
            metric(row["metric"]).label,
            _own(run, choice, row["metric"]),
            str(Interval(row["value"], row["low"], row["high"], row["n"])),
        )
        for row in rows.to_dict("records")
    )
    message = f"“{choice.sentence}” by {choice.method}, {run.faces} faces"
    return View(start, encode_png(pictures[choice.face], ZOOM), numbers, message, failed=False)


class Explorer(NamedPanel):
    """A panel over `explore`. `.method .sentence .setting .strength .face` are the inputs."""

    def __init__(self, results: Results) -> None:
        """Show the first run of the comparison."""
        self._results = results
        wide = widgets.Layout(width="98%")
        self._controls = {
            name: widgets.Dropdown(
                options=options,
                description=name.capitalize(),
                layout=wide,
                style={"description_width": "80px"},
            )
            for name, options in choices(results).items()
        }
        self.method, self.sentence, self.setting, self.strength, self.face = self._controls.values()
        if 1.0 in self.strength.options:
            self.strength.value = 1.0
        wide_picture = ZOOM * results.before[0].shape[1]
        self.before, self.after = (
            DescribedPicture("png", widgets.Layout(width=f"{wide_picture}px", margin="0"))
            for _ in range(2)
        )
        self.numbers = widgets.HTML()
        self.view = self._show()
        apart = {"min_width": "0", "margin": "0 8px 0 0"}
        pictures = [
            widgets.VBox([widgets.Label(title), picture], layout=apart)
            for title, picture in (("before", self.before), ("after", self.after))
        ]
        seen = widgets.HBox([widgets.HBox(pictures), self.numbers]).add_class("de-abreast")
        super().__init__([*self._controls.values(), seen])
        self.method.observe(self._offer_settings, names="value")  # the first to hear
        for control in self._controls.values():
            control.observe(self._redraw, names="value")

    def __repr__(self) -> str:  # ipywidgets would print the bytes of both pictures
        return f"Explorer({self._results.folder.name}, {len(self._results.runs)} runs)"

    @property
    def choice(self) -> Choice:
        """What the controls are set to now."""
        values: dict[str, Any] = {name: each.value for name, each in self._controls.items()}
        return Choice(**values)

    def _offer_settings(self, change: Any) -> None:
        with self.turn:
            kept, options = self.setting.value, settings_with(self._results, change["new"])
            if options != list(self.setting.options):
                self.setting.options = options
                self.setting.value = kept if kept in options else options[0]

    def _redraw(self, _change: Any) -> None:
        with self.turn:
            self.view = self._show()

    def _show(self) -> View:
        view = explore(self._results, self.choice)
        self.before.show(view.before, "before")
        self.after.show(view.after, f"after: {view.message}")
        self.numbers.value = numbers_html(view)
        return view


def numbers_html(view: View) -> str:
    """The message and the numbers as a table; every text escaped."""
    prefix = "Not shown: " if view.failed else ""
    head = f"<b>{escape(prefix + view.message)}</b>"
    if not view.numbers:
        return head
    lines = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(own)}</td><td>{escape(mean)}</td></tr>"
        for name, own, mean in view.numbers
    )
    names = "<tr><th>metric</th><th>this face</th><th>mean [95 %]</th></tr>"
    return f"{head}<table>{names}{lines}</table>"


def _own(run: Run, choice: Choice, name: str) -> str:
    value = run.values[choice.strength][name][choice.face]
    return "not counted" if math.isnan(value) else f"{value:.3f}"
