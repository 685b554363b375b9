"""Undo, redo, files: the buttons under the controls, and the line that says what became of them."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from deltaedit_kit.labs.studio.history import History
from deltaedit_kit.labs.studio.parts import markup
from deltaedit_kit.labs.studio.parts.file_button import FileButton
from deltaedit_kit.labs.studio.parts.inputs import button, row
from deltaedit_kit.labs.studio.saving import SAVERS, Saved


class SaveBar(widgets.VBox):
    """`.undo .redo .save[kind] .recipe .name .remember`; `.notice` shows links to saved files."""

    def __init__(
        self,
        on_walk: Callable[[Callable[[History], History]], None],
        on_save: Callable[[str], None],
        on_remember: Callable[[str], None],
    ) -> None:
        self.undo = button("Undo", "One step back", lambda: on_walk(History.undo))
        self.redo = button("Redo", "One step forward again", lambda: on_walk(History.redo))
        self.save = {
            kind: button(kind.capitalize(), f"Save the {kind}", lambda kind=kind: on_save(kind))
            for kind in SAVERS
        }
        self.recipe = FileButton("Load recipe", ".json,.png")
        self.name = widgets.Text(
            description="Preset name",
            placeholder="a name for these sentences",
            layout=widgets.Layout(width="300px"),
            style={"description_width": "84px"},
        )
        self.name.add_class("de-number")
        self.remember = button(
            "Remember", "Remember these sentences as a preset", lambda: on_remember(self.name.value)
        )
        self.notice = widgets.HTML()
        super().__init__(
            [
                widgets.HTML(markup.heading("Steps and files")),
                row(self.undo, self.redo, self.recipe),
                row(widgets.Label("Save"), *self.save.values()),
                row(self.name, self.remember),
                self.notice,
            ],
            layout=widgets.Layout(width="440px", max_width="100%"),
        )
        self.add_class("de-more")

    def show(self, history: History) -> None:
        """Buttons that could do nothing cannot be pressed."""
        self.undo.disabled, self.redo.disabled = not history.past, not history.future

    def offer(self, saved: Saved, where: str | None) -> None:
        """A link to a file, and its path if it was written."""
        self.notice.value = markup.download(saved, where)

    def say(self, text: str, failed: bool = False) -> None:
        """One line, under the buttons that it is about."""
        self.notice.value = markup.line(text, failed)
