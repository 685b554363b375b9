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

    def change(self, state: StudioState, gesture: Hashable | None = None) -> History:
        """A new present; the undone future is gone. An equal state changes nothing."""
        if state == self.present:
            return self
        if gesture is not None and gesture == self.gesture:
            return replace(self, present=state, future=())
        return History(state, (*self.past, self.present)[-DEEPEST:], (), gesture)

    def close_gesture(self) -> History:
        """The hand rests: the next change is a step of its own."""
        return replace(self, gesture=None)

    def undo(self) -> History:
        """One step back; nothing happens at the beginning."""
        if not self.past:
            return self
        return History(self.past[-1], self.past[:-1], (self.present, *self.future))

    def redo(self) -> History:
        """One step forward again; nothing happens at the end."""
        if not self.future:
            return self
        return History(self.future[0], (*self.past, self.present), self.future[1:])
