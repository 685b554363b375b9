"""Ctrl-C and the notebook's stop button, without losing anything.

Idea: an interruption may arrive in the middle of a step, when half of the weights have moved. So
while a run goes on, the first one is only noted; the loop ends the step, saves, and then raises
KeyboardInterrupt as Python would have done. A second one does not wait.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


class Interruption:
    """Context in which SIGINT is noted in `.wanted`. Off the main thread it does nothing.

    Nor does it when not `active`: processes that stop at different steps would wait for each other.
    """

    def __init__(self, active: bool = True) -> None:
        self.wanted = False
        self._active = active and threading.current_thread() is threading.main_thread()
        self._before: Any = None

    def __enter__(self) -> Interruption:
        if self._active:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.wanted:
            raise KeyboardInterrupt
        self.wanted = True
