"""Undo and redo: the states before this one, and those that were undone.

    change   past + [present] | new | -            undo   past[:-1] | past[-1] | [present] + future

Dragging a slider is one gesture, not two hundred: changes that carry the same gesture replace one
another, until the hand rests and the gesture is closed.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

from deltaedit_kit.labs.studio.state import StudioState

DEEPEST = 200  # states that can be undone; the oldest are forgotten


@dataclass(frozen=True)
class History:
    """The present state between its past (oldest first) and its undone future (next one first)."""

    present: StudioState
    past: tuple[StudioState, ...] = ()
    future: tuple[StudioState, ...] = ()
    gesture: Hashable | None = None  # which gesture made the present; None: it is finished


def change(history: History, state: StudioState, gesture: Hashable | None = None) -> History:
    """A new present; the undone future is gone. An equal state changes nothing."""
    if state == history.present:
        return history
    if gesture is not None and gesture == history.gesture:
        return replace(history, present=state, future=())
    past = (*history.past, history.present)[-DEEPEST:]
    return History(state, past, (), gesture)


def close_gesture(history: History) -> History:
    """The hand rests: the next change is a step of its own."""
    return replace(history, gesture=None)


def undo(history: History) -> History:
    """One step back; nothing happens at the beginning."""
    if not history.past:
        return history
    *past, present = history.past
    return History(present, tuple(past), (history.present, *history.future))


def redo(history: History) -> History:
    """One step forward again; nothing happens at the end."""
    if not history.future:
        return history
    present, *future = history.future
    return History(present, (*history.past, history.present), tuple(future))
