"""The editing studio: faces, sentences with strengths of their own, and what they did.

    event ─► Controls ─► change(state) ─► History ─► LatestOnly ─► Engine.look ─► Screen

A shell over `deltaedit_kit.labs.studio`, without any maths: it carries events in and pictures out,
in JupyterLab, VS Code, Colab (ipywidgets 7.7 and 8) and Voilà. The picture comes first; heat, strip
and tables follow when the hand rests, and are dropped as soon as something newer is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path

import ipywidgets as widgets

from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.named_panel import NamedPanel
from deltaedit_kit.labs.photo.inverting import invert
from deltaedit_kit.labs.studio.changes import group_changes, heat_map, largest_changes, read_out
from deltaedit_kit.labs.studio.engine import Engine, Look, short
from deltaedit_kit.labs.studio.history import History
from deltaedit_kit.labs.studio.parts.controls import Controls
from deltaedit_kit.labs.studio.parts.file_button import File
from deltaedit_kit.labs.studio.parts.inputs import Make
from deltaedit_kit.labs.studio.parts.latest import LatestOnly
from deltaedit_kit.labs.studio.parts.markup import style_tag
from deltaedit_kit.labs.studio.parts.save_bar import SaveBar
from deltaedit_kit.labs.studio.parts.screen import Screen
from deltaedit_kit.labs.studio.plots import heat_colours
from deltaedit_kit.labs.studio.recipe import read_file
from deltaedit_kit.labs.studio.saving import SAVERS, save_to
from deltaedit_kit.labs.studio.state import StudioState, presets_of
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.pictures import to_uint8

REST = 0.15  # seconds without an event after which the slower parts are drawn
LONGEST_NAME = 60  # of a preset


class Studio(NamedPanel):
    """Put it last in a notebook cell. `.state` can be read and set; `.look` is what is shown.

    `.controls` sets, `.save_bar` undoes and saves, `.screen` shows. In a running notebook the
    picture of a new state is drawn a moment after the cell has ended; `settle()` draws it now.
    """

    def __init__(
        self, domain: Domain, folder: str | Path | None = "studio", small: bool = False
    ) -> None:
        """Show the domain's first example sentence on its first face.

        folder: where saved files go, beside a download link (None: the link alone, as for an app).
        small: faces, sentences, neutral word, threshold and pictures alone, for a first look.
        """
        self.engine, self._folder = Engine(domain), folder
        self._presets = presets_of(domain.spec)
        self._history = History(StudioState.first(domain.spec))
        self._strip: tuple[int, float] | None = None  # which strip is on the buttons
        self.look: Look | None = None
        self.controls = Controls(domain.spec, self.change, self._apply_preset)
        self.save_bar = SaveBar(self._walk, self._save, self._remember)
        self.screen = Screen()
        controls = widgets.VBox([self.controls, self.save_bar])
        controls.add_class("de-controls")
        columns = widgets.HBox([controls, self.screen])
        columns.add_class("de-columns")
        super().__init__([widgets.HTML(style_tag()), columns])
        self.add_class("de-studio")
        if small:
            self.add_class("de-small")
        self.latest = LatestOnly(self._draw, self.turn)
        self.controls.photo.on_file(self._take_photo)
        self.save_bar.recipe.on_file(self._take_recipe)
        self.controls.show_presets(list(self._presets))
        self._show_state()
        self.settle()

    def __repr__(self) -> str:
        count = len(self.state.sentences)
        noun = "sentence" if count == 1 else "sentences"
        return f"Studio({self.engine.domain.spec.name}, {count} {noun})"

    @property
    def state(self) -> StudioState:
        """What is set now."""
        return self._history.present

    @state.setter
    def state(self, state: StudioState) -> None:
        self.change(lambda _old: state)

    def settle(self) -> None:
        """Draw now whatever is not yet drawn."""
        self.latest.settle()

    def change(self, make: Make, gesture: Hashable | None = None) -> None:
        """Another state, drawn soon; what cannot be is said in one line and changes nothing."""
        with self.turn:
            try:
                self._history = self._history.change(make(self.state), gesture)
            except DeltaEditError as error:
                self.screen.say(str(error), failed=True)
                self.controls.show(self.state)  # a control may show what was refused
                return
            self._show_state()

    def _show_state(self) -> None:
        self.controls.show(self.state)
        self.save_bar.show(self._history)
        self.latest.ask()

    def _draw(self) -> Iterator[float]:
        """The newest state, the picture first; each yield is the time until the next step."""
        state, engine = self.state, self.engine
        try:
            look = self.look = engine.look(state)
        except DeltaEditError as error:  # a photo that is no longer there
            self.screen.say(str(error), failed=True)
            return
        before = to_uint8(look.before)
        self.screen.pair.show(before, to_uint8(look.after), short(look.message, 200))
        self.screen.say(look.message, look.failed)
        self._show_strip(state)
        yield REST
        self._history = self._history.close_gesture()
        heat = heat_map(look.before, look.after)
        self.screen.show_heat(heat_colours(heat), float(heat.mean()))
        layout = engine.domain.layout
        self.screen.show_tables(
            group_changes(layout, look.delta_s),
            largest_changes(layout, look.delta_s),
            read_out(engine.domain, look),
        )
        yield 0.0
        film = []
        for share, frame in engine.frames(state, look):
            film.append((share, to_uint8(frame)))
            yield 0.0
        self.screen.show_film(film)

    def _show_strip(self, state: StudioState) -> None:
        wanted = (state.seed, state.truncation)
        if wanted != self._strip:
            self.controls.picker.show(to_uint8(self.engine.strip(state).images))
            self._strip = wanted

    def _walk(self, step: Callable[[History], History]) -> None:
        """One step back or forward."""
        with self.turn:
            self._history = step(self._history)
            self._show_state()

    @contextmanager
    def _about_files(self) -> Iterator[None]:
        """A turn in which what cannot be is said under the buttons, and changes nothing."""
        with self.turn:
            try:
                yield
            except DeltaEditError as error:
                self.save_bar.say(str(error), failed=True)

    def _apply_preset(self, name: str) -> None:
        self.change(lambda state: state.put(self._presets[name]))
        self.controls.show_presets(list(self._presets))

    def _remember(self, name: str) -> None:
        name = " ".join(name.split())
        with self._about_files():
            if not 0 < len(name) <= LONGEST_NAME:
                raise DeltaEditError(f"give the preset a name of 1 to {LONGEST_NAME} characters")
            self._presets[name] = self.state.sentences
            self.controls.show_presets(list(self._presets))
            self.save_bar.say(f"preset “{short(name)}” remembered")

    def _save(self, kind: str) -> None:
        """Make a file of the state, write it if there is a folder, and offer it to the browser."""
        with self._about_files():
            saved = SAVERS[kind](self.engine, self.state)
            path = None if self._folder is None else save_to(self._folder, saved)
            self.save_bar.offer(saved, None if path is None else str(path))

    def _take_recipe(self, file: File) -> None:
        with self._about_files():
            state = read_file(self.engine, file.name, file.checked())
            self.change(lambda _old: state)
            self.save_bar.say(f"{short(file.name)} loaded")

    def _take_photo(self, file: File) -> None:
        """The codes of an uploaded picture; of several faces the largest, for nobody can be asked.

        What cannot be (no picture, no encoder for this domain, no face found) is a line.
        """

        def inverted(state: StudioState) -> StudioState:
            self.screen.say(f"looking for the face in {short(file.name)} ...")
            found = invert(file.checked(), self.engine.domain, face="largest", progress=False)
            self.save_bar.say(f"{short(file.name)}: {found}")
            return state.show_photo(self.engine.keep_photo(found.faces))

        self.change(inverted)
