"""The studio under many events: dragging, and a hand that does anything in any order."""

from __future__ import annotations

import asyncio

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deltaedit_kit.labs.studio import Studio
from deltaedit_kit.labs.studio.engine import Engine
from deltaedit_kit.support.pictures import to_uint8
from tests.widgets.studio_fixture import DOMAIN, choose


def test_dragging_draws_the_newest_value_only() -> None:
    """A burst of 60 events in a running loop, as a notebook has one."""
    studio = Studio(DOMAIN, folder=None)
    started = studio.latest.started

    async def drag() -> None:
        for k in range(60):
            studio.controls.rows[0].strength.slider.value = round(-1 + k / 30, 4)
        while studio.latest.busy:
            await asyncio.sleep(0.01)

    asyncio.run(drag())
    assert studio.latest.started - started == 1
    assert studio.look is not None
    expected = Engine(DOMAIN).look(studio.state)
    assert np.array_equal(to_uint8(studio.look.after), to_uint8(expected.after))
    assert studio.state.sentences[0].strength == round(-1 + 59 / 30, 4)
    studio.save_bar.undo.click()  # a drag is one step
    assert studio.state.sentences[0].strength == DOMAIN.spec.strength


PANEL = Studio(DOMAIN, folder=None)
NASTY = (
    "",
    "\x00",
    "‮שלום",
    "😀" * 50,
    "x" * 10_000,
    "<script>alert(1)</script>",
    "\ud800",
    "&amp;",
)
texts = st.sampled_from(NASTY) | st.text(max_size=120)
events = st.one_of(
    st.tuples(st.just("text"), st.integers(0, 7), texts),
    st.tuples(st.just("strength"), st.integers(0, 7), st.floats(-2, 2)),
    st.tuples(st.just("on"), st.integers(0, 7), st.booleans()),
    st.tuples(st.sampled_from(["delete", "tile"]), st.integers(0, 5), st.none()),
    st.tuples(st.sampled_from(["add", "undo", "redo", "next_seed"]), st.none(), st.none()),
    st.tuples(st.just("neutral"), st.none(), texts),
    st.tuples(st.just("threshold"), st.none(), st.floats(0, 0.2)),
    st.tuples(st.just("recipe"), st.none(), st.binary(min_size=1, max_size=50)),
)


def happen(studio: Studio, kind: str, place, value) -> None:
    """One event of a person, on the control that it belongs to."""
    controls, save_bar = studio.controls, studio.save_bar
    rows = controls._list.children
    if kind in ("text", "strength", "on", "delete"):
        if place >= len(rows):
            return
        row = rows[place]
        if kind == "delete":
            row.delete.click()
        else:
            {"text": row.text, "strength": row.strength.slider, "on": row.on}[kind].value = value
    elif kind == "tile":
        controls.picker.tiles[place].click()
    elif kind == "recipe":
        choose(save_bar.recipe, "x.json", value)
    elif kind in ("neutral", "threshold"):
        {"neutral": controls.neutral, "threshold": controls.threshold.number}[kind].value = value
    else:
        {
            "add": controls.add,
            "next_seed": controls.next_seed,
            "undo": save_bar.undo,
            "redo": save_bar.redo,
        }[kind].click()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(events, min_size=1, max_size=12))
def test_no_event_escapes_the_panel(run: list[tuple]) -> None:
    async def all_of_them() -> None:
        for event in run:
            happen(PANEL, *event)
        PANEL.settle()

    asyncio.run(all_of_them())
    rows, state = PANEL.controls._list.children, PANEL.state
    assert [row.text.value for row in rows] == [s.text for s in state.sentences]
    assert [row.strength.number.value for row in rows] == [s.strength for s in state.sentences]
    assert PANEL.controls.neutral.value == state.neutral
    for html in (PANEL.screen.message, PANEL.screen.pair.picture, PANEL.save_bar.notice):
        assert "<script" not in html.value
        assert "\n" not in html.value
