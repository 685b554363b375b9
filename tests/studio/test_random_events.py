"""Twelve thousand random events: no error but `DeltaEditError`, no state lost, all can be undone.

400 runs of 30 events each; pictures of the last states are drawn as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deltaedit_kit.labs.studio.engine import Engine
from deltaedit_kit.labs.studio.history import DEEPEST, History
from deltaedit_kit.labs.studio.recipe import from_recipe, to_recipe
from deltaedit_kit.labs.studio.state import (
    FARTHEST,
    MOST_SENTENCES,
    STRIP,
    WIDEST,
    StudioState,
    presets_of,
)
from deltaedit_kit.stylespace import GROUPS
from deltaedit_kit.support.errors import DeltaEditError
from tests.tiny_domain import tiny_domain

DOMAIN = tiny_domain()
ENGINE = Engine(DOMAIN)
OFFERED = presets_of(DOMAIN.spec)
Event = Callable[[StudioState], StudioState]

NASTY = (
    "", " ", "\x00", "\x1b[31m", "👩‍🦰😀" * 30, "‮right to left‬ שלום مرحبا", "a" * 10_000, "\ud800",
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "&lt;b&gt;", "$x_{1}$", "%s{}",
)  # fmt: skip
texts = st.sampled_from(NASTY) | st.text(max_size=300) | st.sampled_from(DOMAIN.spec.examples)
numbers = st.floats(-3, 3) | st.sampled_from([float("nan"), float("inf"), 1e308, -0.0])
places = st.integers(-2, MOST_SENTENCES + 1)
seeds = st.integers(0, 3) | st.sampled_from([-1, 2**32 - 1, 2**32, 10**30])


def event(function: Callable[..., StudioState], *arguments: st.SearchStrategy) -> st.SearchStrategy:
    """A strategy of functions state -> state with random arguments filled in."""
    return st.tuples(*arguments).map(lambda given: lambda state: function(state, *given))


events = st.one_of(
    event(StudioState.pick, st.integers(-1, STRIP)),
    event(StudioState.reseed, seeds),
    event(StudioState.truncate, numbers),
    event(StudioState.show_photo, st.integers(-1, 2)),
    event(StudioState.add, texts, numbers),
    event(StudioState.write, places, texts),
    event(StudioState.weigh, places, numbers),
    event(StudioState.switch, places, st.booleans()),
    event(StudioState.delete, places),
    event(StudioState.say_neutral, texts),
    event(StudioState.set_threshold, numbers),
    event(StudioState.allow, st.sampled_from([*GROUPS, "other"]), st.booleans()),
    event(StudioState.put, st.sampled_from([*OFFERED.values()])),
)


def sound(state: StudioState) -> bool:
    """Whether a state is one that could have been set by hand."""
    return (
        len(state.sentences) <= MOST_SENTENCES
        and all(abs(sentence.strength) <= FARTHEST for sentence in state.sentences)
        and all(isinstance(sentence.text, str) for sentence in state.sentences)
        and 0 <= state.row < STRIP
        and 0 <= state.seed < 2**32
        and 0 <= state.truncation <= WIDEST
        and 0 <= state.threshold < float("inf")
        and tuple(g for g in GROUPS if g in state.groups) == state.groups
    )


@pytest.mark.slow
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(events, st.sampled_from([None, "drag"])), min_size=30, max_size=30))
def test_random_events_lose_no_state(run: list[tuple[Event, str | None]]) -> None:
    history = History(StudioState.first(DOMAIN.spec))
    seen = [history.present]
    for happen, gesture in run:
        before = history.present
        try:
            history = history.change(happen(before), gesture)
        except DeltaEditError:
            assert history.present is before
        assert sound(history.present)
        seen.append(history.present)
    last, steps = history.present, len(history.past)
    assert steps <= DEEPEST
    for _ in range(steps):
        history = history.undo()
        assert history.present in seen
    assert history.present == seen[0]
    for _ in range(steps):
        history = history.redo()
    assert history.present == last


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(events, min_size=1, max_size=12))
def test_any_state_can_be_drawn_and_kept(run: list[Event]) -> None:
    state = StudioState.first(DOMAIN.spec)
    for happen in run:
        try:
            state = happen(state)
        except DeltaEditError:
            continue
    state = replace(state, photo=None)  # none was uploaded
    look = ENGINE.look(state)
    assert look.after.isfinite().all()
    assert "\n" not in look.message
    assert from_recipe(ENGINE, json.loads(json.dumps(to_recipe(ENGINE, state)))) == state
