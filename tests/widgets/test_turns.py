"""Two controls heard by two threads, as in JupyterLab: what is shown last is what is set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from deltaedit_kit.labs.compare import explorer
from deltaedit_kit.labs.studio import Studio
from deltaedit_kit.labs.style_space import panel as channels
from deltaedit_kit.relevance import ChannelStatistics
from tests.compare.handmade import SMILE, handmade
from tests.tiny_domain import tiny_domain

DOMAIN = tiny_domain()
FACES = DOMAIN.sample(2, seed=0)
OVERTAKING = 0.5  # seconds in which a second thread would overtake, if it might


def an_explorer(folder: Path) -> tuple[Any, Any, Any]:
    made = explorer.Explorer(handmade(folder))
    return made, (made.face, 1), (made.sentence, SMILE.text)


def a_channel_panel(_: Path) -> tuple[Any, Any, Any]:
    made = channels.ChannelPanel(DOMAIN, FACES, ChannelStatistics.of(DOMAIN, samples=50))
    return made, (made.channel, 2), (made.sigmas, 9.0)


@pytest.mark.parametrize(
    ("module", "name", "make"),
    [
        (explorer, "explore", an_explorer),
        (channels, "look_at", a_channel_panel),
    ],
)
def test_the_slower_of_two_threads_does_not_show_the_state_of_before(
    module: Any, name: str, make: Callable[..., Any], tmp_path: Path, monkeypatch: Any
) -> None:
    panel, first, second = make(tmp_path)
    drawn, waiting, go_on = getattr(module, name), Event(), Event()

    def slow_at_first(*given: Any) -> Any:
        view = drawn(*given)
        if not waiting.is_set():
            waiting.set()
            go_on.wait()
        return view

    def set_value(control: Any, value: Any) -> Thread:
        thread = Thread(target=setattr, args=(control, "value", value))
        thread.start()
        return thread

    monkeypatch.setattr(module, name, slow_at_first)
    threads = [set_value(*first)]
    waiting.wait()
    threads.append(set_value(*second))
    threads[1].join(OVERTAKING)
    go_on.set()
    for thread in threads:
        thread.join()
    shown = panel.view
    second[0].value, second[0].value = first_value(second), second[1]  # set once more, alone
    assert panel.view == shown


def send(control: Any, **state: Any) -> None:
    """What the page sends when a person has set a control."""
    data = {"method": "update", "state": state, "buffer_paths": []}
    control.comm.handle_msg({"content": {"data": data}, "buffers": []})


def test_a_text_typed_while_the_studio_shows_another_change_is_not_lost(monkeypatch: Any) -> None:
    studio = Studio(DOMAIN, folder=None)
    studio.controls.add.click()
    row, showing, go_on = studio.controls.rows[1], Event(), Event()  # made after the panel
    mark = studio.controls.picker.mark

    def slow_mark(number: Any) -> None:
        if not showing.is_set():
            showing.set()
            go_on.wait()
        mark(number)

    monkeypatch.setattr(studio.controls.picker, "mark", slow_mark)
    threads = [Thread(target=send, args=(studio.controls.seed,), kwargs={"value": 7})]
    threads[0].start()
    showing.wait()
    for control, value in ((studio.controls.neutral, "person"), (row.text, "an old face")):
        threads.append(Thread(target=send, args=(control,), kwargs={"value": value}))
        threads[-1].start()
        threads[-1].join(OVERTAKING)
    go_on.set()
    for thread in threads:
        thread.join()
    state = studio.state
    assert (state.seed, state.neutral, state.sentences[1].text) == (7, "person", "an old face")
    assert (studio.controls.neutral.value, row.text.value) == ("person", "an old face")


def first_value(change: tuple[Any, Any]) -> Any:
    """Another value of the control than the one it was set to."""
    control, value = change
    options = [0.0, 1] if not hasattr(control, "options") else list(control.options)
    values = [option[1] if isinstance(option, tuple) else option for option in options]
    return next(other for other in values if other != value)
