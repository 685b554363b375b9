"""A cell that waits, and hears its widgets meanwhile: `await until(ended)`.

    a click          ─► handled while the cell waits
    the next cells   ─► stay queued, in their order, until it ends

Idea: a kernel answers one message after the other, and a cell is a message, so a click waits for
the cell. A cell that awaits lets the kernel's loop turn, and ipykernel 7.4 then hands on what
widgets say. ipykernel 6 puts every message in one queue that nobody empties before the cell has
ended: here the wait takes the widgets' messages out of it and leaves the others. From 7.0 to 7.3 a
click is heard where the page sends it through a subshell, as JupyterLab does since 4.4, and nowhere
else. Without a kernel this is a wait like any other.

Source: ipykernel's `Kernel.shell_main` (7.4) and `Kernel.process_one` (6).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from IPython.core.getipython import get_ipython

OF_WIDGETS = ("comm_open", "comm_msg", "comm_close")
LOOK_SECONDS = 0.05


async def until(ended: Callable[[], bool]) -> None:
    """Return once `ended()` is true. An interruption of the cell cancels it."""
    kernel = getattr(get_ipython(), "kernel", None)
    while not ended():
        if hasattr(kernel, "msg_queue"):
            await _hear(kernel)
        await asyncio.sleep(LOOK_SECONDS)


async def _hear(kernel: Any) -> None:
    """ipykernel 6: handle the widgets' messages of the queue, leave the others in their order."""
    queue, heard = kernel.msg_queue, []
    for entry in [queue.get_nowait() for _ in range(queue.qsize())]:
        if _kind(kernel, *entry[2]) in OF_WIDGETS:
            heard.append(entry)
        else:
            queue.put_nowait(entry)
    for _, dispatch, message in heard:
        # What this cell prints later is its own, and an interruption still ends it.
        ident, parent = kernel._parent_ident["shell"], kernel.get_parent("shell")
        handler = kernel.saved_sigint_handler
        try:
            await dispatch(*message)
        finally:
            kernel.saved_sigint_handler = handler
            kernel.set_parent(ident, parent, "shell")


def _kind(kernel: Any, *message: list[Any]) -> str:
    """The type in the header of a message as it came, "" for what else the queue may hold."""
    if not message:
        return ""
    _, (_, header, *_) = kernel.session.feed_identities(message[0], copy=False)
    return kernel.session.unpack(header.bytes)["msg_type"]
