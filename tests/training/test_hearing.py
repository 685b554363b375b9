"""A cell that waits, in a kernel: a click is heard, and what is queued runs once, in its order."""

import asyncio

import pytest
from jupyter_client.manager import start_new_kernel

from deltaedit_kit.labs.training.hearing import until

GUARD = 120  # seconds, for a busy machine
SHOW = """\
import ipywidgets

from deltaedit_kit.labs.training.hearing import until

clicks, ran = [], []
button = ipywidgets.Button()
button.on_click(lambda _: (clicks.append(len(ran)), print("clicked")))
print(button.comm.comm_id, "is the button")"""
WAIT = "print('waits')\nawait until(lambda: len(clicks) == 2)\nprint('ended', clicks)"


@pytest.fixture
def client():
    """A kernel of this Python, as a notebook has it."""
    manager, client = start_new_kernel(startup_timeout=GUARD)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def click(client, comm: str) -> None:
    """What the page sends when somebody presses the button."""
    data = {"method": "custom", "content": {"event": "click"}}
    message = client.session.msg("comm_msg", {"comm_id": comm, "data": data})
    client.shell_channel.send(message)


def printed(client, last: str) -> dict[str, str]:
    """What is printed until a message has printed this: by message, in the order of beginning."""
    texts: dict[str, str] = {}
    while not any(last in text for text in texts.values()):
        message = client.get_iopub_msg(timeout=GUARD)
        assert message["msg_type"] != "error", message["content"]
        if message["msg_type"] == "stream":
            cause = message["parent_header"]["msg_id"]
            texts[cause] = texts.get(cause, "") + message["content"]["text"]
    return {cause: text.strip() for cause, text in texts.items()}


def counts(client, cells: int) -> list[int]:
    """Numbers of the next cells that have ended."""
    found: list[int] = []
    while len(found) < cells:
        reply = client.get_shell_msg(timeout=GUARD)
        if reply["msg_type"] == "execute_reply":
            found.append(reply["content"]["execution_count"])
    return found


@pytest.mark.slow
def test_a_waiting_cell_hears_clicks_and_the_next_cells_run_once_in_order(client):
    show = client.execute(SHOW)
    comm = printed(client, "is the button")[show].split()[0]
    cell = client.execute(WAIT)
    printed(client, "waits")
    later = [client.execute(f"ran.append({k}); print(*ran)") for k in range(3)]
    click(client, comm)
    printed(client, "clicked")
    later.append(client.execute("ran.append(3); print(*ran, 'all')"))
    click(client, comm)
    said = printed(client, "all")
    # No cell ran before the second click, and the words of each are its own.
    assert [said[cell], *(said[one] for one in later)] == [
        "ended [0, 0]",
        "0",
        "0 1",
        "0 1 2",
        "0 1 2 3 all",
    ]
    assert counts(client, 6) == [1, 2, 3, 4, 5, 6]


def test_without_a_kernel_it_is_a_wait():
    asked = iter((False, False, True))
    asyncio.run(asyncio.wait_for(until(lambda: next(asked)), GUARD))
