"""The left side of the studio: everything that sets something.

    a control's event  ->  change(state -> state, gesture)          show(state)  ->  every control

The controls never keeps a value of its own: after each event it shows the state that came out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from deltaedit_kit.domain_spec import DomainSpec
from deltaedit_kit.labs.studio import faces, sentences, settings
from deltaedit_kit.labs.studio.parts import markup
from deltaedit_kit.labs.studio.parts.inputs import (
    Change,
    FacePicker,
    NumberSlider,
    SentenceRow,
    button,
    row,
)
from deltaedit_kit.labs.studio.parts.scripted import FileButton
from deltaedit_kit.labs.studio.state import StudioState
from deltaedit_kit.stylespace import GROUPS

LARGEST_SHOWN_SEED = 2**31 - 1  # IntText of a browser; larger seeds come with a recipe
NO_PRESET = ("(choose)", "")  # label and value: no preset has an empty name


class Controls(widgets.VBox):
    """Controls by name: `.picker .seed .truncation .photo .rows .add .preset .neutral .threshold
    .groups`; what they do to the state goes through `change`.
    """

    def __init__(self, spec: DomainSpec, change: Change, on_preset: Callable[[str], None]) -> None:
        self._change, self._notify = change, True
        self.picker = FacePicker(lambda place: change(lambda s: faces.pick(s, place), None))
        self.seed = widgets.BoundedIntText(
            value=0,
            min=0,
            max=LARGEST_SHOWN_SEED,
            description="Seed",
            layout=widgets.Layout(width="158px"),
            style={"description_width": "84px"},
        )
        self.seed.add_class("de-number")
        self.next_seed = button(
            "Other faces",
            "The faces of the next seed",
            lambda: change(lambda s: faces.reseed(s, (s.seed + 1) % 2**31), None),
        )
        self.photo = FileButton("Photo", "image/*")
        self.truncation = NumberSlider(
            "Truncation",
            spec.truncation,
            (0.0, faces.WIDEST, 0.05),
            lambda v: change(lambda s: faces.truncate(s, v), "truncation"),
        )
        self.rows: list[SentenceRow] = []
        self._list = widgets.VBox([])
        self.add = button(
            "Add a sentence",
            "One more line in the list",
            lambda: change(lambda s: sentences.add(s, "", spec.strength), None),
        )
        self.preset = widgets.Dropdown(
            options=[NO_PRESET],
            description="Preset",
            layout=widgets.Layout(width="250px"),
            style={"description_width": "46px"},
        )
        self.neutral = widgets.Text(
            value=spec.neutral,
            description="Neutral",
            continuous_update=False,
            layout=widgets.Layout(width="300px"),
            style={"description_width": "84px"},
        )
        self.neutral.add_class("de-number")
        self.threshold = NumberSlider(
            "Threshold",
            spec.threshold,
            (0.0, max(0.2, 4 * spec.threshold), 0.005),
            lambda v: change(lambda s: settings.set_threshold(s, v), "threshold"),
        )
        self.groups = {group: _check(group) for group in GROUPS}
        super().__init__(
            [
                widgets.HTML(markup.heading("Face")),
                self.picker,
                row(self.seed, self.next_seed, self.photo),
                self.truncation,
                widgets.HTML(markup.heading("Sentences, each with its strength")),
                self._list,
                row(self.add, self.preset),
                widgets.HTML(markup.heading("For all sentences")),
                self.neutral,
                self.threshold,
                row(widgets.Label("Layers that may change"), *self.groups.values()),
            ],
            layout=widgets.Layout(width="440px", max_width="100%"),
        )
        self._listen(on_preset)

    def show(self, state: StudioState) -> None:
        """Let every control say what is set; without an event."""
        self._notify = False
        try:
            self.picker.mark(state.row if state.photo is None else None)
            self.seed.value = min(state.seed, LARGEST_SHOWN_SEED)
            self.truncation.show(state.truncation)
            self._show_rows(state)
            self.neutral.value = state.neutral
            self.threshold.show(state.threshold)
            for group, check in self.groups.items():
                check.value = group in state.groups
        finally:
            self._notify = True

    def show_presets(self, names: list[str]) -> None:
        """Offer these names; none of them is chosen."""
        self._notify = False
        try:
            self.preset.options = [NO_PRESET, *((name, name) for name in names)]
            self.preset.value = ""
        finally:
            self._notify = True

    def _show_rows(self, state: StudioState) -> None:
        """As many rows as sentences. A row that is there stays: it may have the keyboard."""
        while len(self.rows) < len(state.sentences):
            self.rows.append(SentenceRow(len(self.rows), self._change))
        shown = self.rows[: len(state.sentences)]
        for line, sentence in zip(shown, state.sentences, strict=True):
            line.show(sentence)
        if len(self._list.children) != len(shown):
            self._list.children = shown

    def _listen(self, on_preset: Callable[[str], None]) -> None:
        self._hear(self.seed, faces.reseed)
        self._hear(self.neutral, settings.say_neutral)
        for group, check in self.groups.items():
            self._hear(check, lambda s, on, group=group: settings.allow(s, group, on))
        self.preset.observe(lambda event: self._chose(event, on_preset), names="value")

    def _hear(
        self, control: widgets.Widget, make: Callable[[StudioState, Any], StudioState]
    ) -> None:
        """Let every new value of a control that a person sets change the state."""

        def heard(event: Any) -> None:
            if self._notify:
                self._change(lambda state: make(state, event["new"]), None)

        control.observe(heard, names="value")

    def _chose(self, event: Any, on_preset: Callable[[str], None]) -> None:
        if self._notify and event["new"]:
            on_preset(event["new"])


def _check(group: str) -> widgets.Checkbox:
    layout = widgets.Layout(width="86px")
    return widgets.Checkbox(value=True, description=group, indent=False, layout=layout)
