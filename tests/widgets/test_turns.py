"""Two controls heard by two threads, as in JupyterLab: what is shown last is what is set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from deltaedit_kit.labs.compare import explorer
from deltaedit_kit.labs.studio import quickstart
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


def a_quickstart(_: Path) -> tuple[Any, Any, Any]:
    made = quickstart.QuickstartPanel(DOMAIN, FACES)
    return made, (made.sentence, "an old face"), (made.face, 1)


def a_channel_panel(_: Path) -> tuple[Any, Any, Any]:
    made = channels.ChannelPanel(DOMAIN, FACES, ChannelStatistics.of(DOMAIN, samples=50))
    return made, (made.channel, 2), (made.sigmas, 9.0)


@pytest.mark.parametrize(
    ("module", "name", "make"),
    [
        (explorer, "explore", an_explorer),
        (quickstart, "look", a_quickstart),
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


def first_value(change: tuple[Any, Any]) -> Any:
    """Another value of the control than the one it was set to."""
    control, value = change
    options = [0.0, 1] if not hasattr(control, "options") else list(control.options)
    values = [option[1] if isinstance(option, tuple) else option for option in options]
    return next(other for other in values if other != value)
