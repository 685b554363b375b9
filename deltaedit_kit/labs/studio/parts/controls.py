"""The left side of the studio: everything that sets something.

    a control's event  ->  change(state -> state, gesture)          show(state)  ->  every control

The controls never keeps a value of its own: after each event it shows the state that came out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import ipywidgets as widgets

from deltaedit_kit.domain.spec import DomainSpec
from deltaedit_kit.labs.studio.parts import markup
from deltaedit_kit.labs.studio.parts.file_button import FileButton
from deltaedit_kit.labs.studio.parts.inputs import (
    Change,
    FacePicker,
    Heard,
    NumberSlider,
    SentenceRow,
    button,
    row,
)
from deltaedit_kit.labs.studio.state import WIDEST, StudioState
from deltaedit_kit.stylespace import GROUPS

LARGEST_SHOWN_SEED = 2**31 - 1  # IntText of a browser; larger seeds come with a recipe
NO_PRESET = ("(choose)", "")  # label and value: no preset has an empty name


class Controls(Heard, widgets.VBox):
    """Controls by name: `.picker .seed .truncation .photo .rows .add .preset .neutral .threshold
    .groups`; what they do to the state goes through `change`.
    """

    def __init__(self, spec: DomainSpec, change: Change, on_preset: Callable[[str], None]) -> None:
        self._change = change
        self.picker = FacePicker(lambda place: change(lambda s: s.pick(place), None))
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
            lambda: change(lambda s: s.reseed((s.seed + 1) % 2**31), None),
        )
        self.photo = FileButton("Photo", "image/*")
        self.truncation = NumberSlider(
            "Truncation",
            spec.truncation,
            (0.0, WIDEST, 0.05),
            lambda v: change(lambda s: s.truncate(v), "truncation"),
        )
        self.rows: list[SentenceRow] = []
        self._list = widgets.VBox([])
        self.add = button(
            "Add a sentence",
            "One more line in the list",
            lambda: change(lambda s: s.add("", spec.strength), None),
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
            lambda v: change(lambda s: s.set_threshold(v), "threshold"),
        )
        self.groups = {group: _check(group) for group in GROUPS}
        super().__init__(
            [
                widgets.HTML(markup.heading("Face")),
                self.picker,
                row(self.seed, self.next_seed, self.photo).add_class("de-more"),
                self.truncation.add_class("de-more"),
                widgets.HTML(markup.heading("Sentences, each with its strength")),
                self._list,
                row(self.add, self.preset.add_class("de-more")),
                widgets.HTML(markup.heading("For all sentences")),
                self.neutral,
                self.threshold,
                row(widgets.Label("Layers that may change"), *self.groups.values()).add_class(
                    "de-more"
                ),
            ],
            layout=widgets.Layout(width="440px", max_width="100%"),
        )
        self.hear(self.seed, lambda seed: change(lambda s: s.reseed(seed), None))
        self.hear(self.neutral, lambda text: change(lambda s: s.say_neutral(text), None))
        for group, check in self.groups.items():
            self.hear(check, partial(self._allow, group))
        self.hear(self.preset, lambda name: name and on_preset(name))

    def show(self, state: StudioState) -> None:
        """Let every control say what is set; without an event."""
        with self.quietly():
            self.picker.mark(state.row if state.photo is None else None)
            self.seed.value = min(state.seed, LARGEST_SHOWN_SEED)
            self.truncation.show(state.truncation)
            self._show_rows(state)
            self.neutral.value = state.neutral
            self.threshold.show(state.threshold)
            for group, check in self.groups.items():
                check.value = group in state.groups

    def show_presets(self, names: list[str]) -> None:
        """Offer these names; none of them is chosen."""
        with self.quietly():
            self.preset.options = [NO_PRESET, *((name, name) for name in names)]
            self.preset.value = ""

    def _show_rows(self, state: StudioState) -> None:
        """As many rows as sentences. A row that is there stays: it may have the keyboard."""
        while len(self.rows) < len(state.sentences):
            self.rows.append(SentenceRow(len(self.rows), self._change))
        shown = self.rows[: len(state.sentences)]
        for line, sentence in zip(shown, state.sentences, strict=True):
            line.show(sentence)
        if len(self._list.children) != len(shown):
            self._list.children = shown

    def _allow(self, group: str, on: bool) -> None:
        self._change(lambda state: state.allow(group, on), None)


def _check(group: str) -> widgets.Checkbox:
    layout = widgets.Layout(width="86px")
    return widgets.Checkbox(value=True, description=group, indent=False, layout=layout)
