"""Run an answer so that nothing it does can hurt the notebook: five seconds, a process of its own.

    fork -> the child asks the answer and writes one text -> the parent reads it, or kills the child

A forked child has the learner's function and the inputs without any copying by hand, and an
infinite loop, a crash or a changed global ends with it. Where that cannot be, a thread does the
work: on other systems than Linux, and for gradients, which PyTorch refuses to compute in a forked
child once the parent has. A thread is told to end when the time is over; one that does not listen
is left behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import threading
import warnings
from collections.abc import Callable

import torch

SECONDS = 5.0
MOST_BYTES = 100_000  # of a verdict; a longer one is cut


def bounded(
    work: Callable[[], str], seconds: float = SECONDS, gradients: bool = False
) -> str | None:
    """What `work` returns, or None when it crashed or did not end within `seconds`."""
    if sys.platform == "linux" and not gradients:
        return _in_child(work, seconds)
    return _in_thread(work, seconds)


def _in_child(work: Callable[[], str], seconds: float) -> str | None:
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # Python warns of forking beside threads: the child touches none of their locks.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:  # never returns: what the notebook would do next is not for the child
        os.close(reader)
        try:
            torch.set_num_threads(1)  # the parent's threads are not here
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(work().encode()[:MOST_BYTES])
        finally:
            os._exit(0)
    os.close(writer)
    try:
        return _read(reader, seconds)
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)  # still ours until it is waited for
        os.waitpid(child, 0)


def _read(reader: int, seconds: float) -> str | None:
    """All that comes until the child closes its end, or None when it takes too long."""
    parts: list[bytes] = []
    while select.select([reader], [], [], seconds)[0]:
        part = os.read(reader, 65536)
        if not part:
            return b"".join(parts).decode(errors="replace") or None
        parts.append(part)
    return None


def _in_thread(work: Callable[[], str], seconds: float) -> str | None:
    result: list[str] = []

    def run() -> None:
        with contextlib.suppress(SystemExit), torch.random.fork_rng(devices=[]):
            result.append(work())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not thread.is_alive():
        return result[0] if result else None
    for _ in range(20):  # an answer's own `except:` may swallow some of these
        if not thread.is_alive():
            break
        ident = ctypes.c_ulong(thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(SystemExit))
        thread.join(0.05)
    return None  # what `work` makes of being told to end is no result
