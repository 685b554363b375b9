"""Never queue stale work: whatever was asked for last is done next, the rest is dropped.

    ask, ask, ask  ──(first seconds)──►  work() ─step─ step ─ ... ─ end
                     a new ask drops the remaining steps and starts work() again

Work is a generator of short steps; each yields how long to wait before the next one, and events are
heard between two of them. The notebook's own event loop runs the steps: no thread is made. Without
a loop (a plain script, a test) everything is done at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from threading import RLock

FIRST = 0.01  # seconds in which events that came together become one


class LatestOnly:
    """Runs `work` for the newest request. JupyterLab may send the events of widgets through
    another thread than the cells' (kernel subshells), hence the lock.
    """

    def __init__(
        self, work: Callable[[], Iterator[float]], lock: RLock, first: float = FIRST
    ) -> None:
        self.started = 0  # times that work began: fewer than requests, when they came quickly
        self._work, self._lock, self._first = work, lock, first
        self._wanted = False
        self._steps: Iterator[float] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None  # where the next step is scheduled
        self._ticket = 0  # of the one scheduled step that is still valid

    @property
    def busy(self) -> bool:
        """Whether something is left to do."""
        return self._wanted or self._steps is not None

    def ask(self) -> None:
        """Something changed: what is under way is out of date."""
        with self._lock:
            waiting = self._wanted  # a first step is scheduled already: do not put it off
            self._wanted, self._steps = True, None
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self.settle()
                return
            if not waiting or loop is not self._loop:
                self._schedule(loop, self._first)

    def settle(self) -> None:
        """Do now, in this thread, all that is left: for a cell that wants to see the result."""
        with self._lock:
            self._ticket += 1
            while self._advance() is not None:
                pass

    def _schedule(self, loop: asyncio.AbstractEventLoop, delay: float) -> None:
        self._ticket += 1
        self._loop = loop
        loop.call_later(delay, self._tick, self._ticket)

    def _tick(self, ticket: int) -> None:
        with self._lock:
            if ticket != self._ticket:
                return  # newer work, or somebody who could not wait, has taken over
            delay = self._advance()
            if delay is not None and self._loop is not None:
                self._schedule(self._loop, delay)

    def _advance(self) -> float | None:
        """One step; how long to wait before the next, or None at the end."""
        if self._wanted:
            self._wanted = False
            self.started += 1
            self._steps = self._work()
        if self._steps is None:
            return None
        try:
            return next(self._steps)
        except StopIteration:
            self._steps = None
            return None
