"""Servers that run while a test does: JupyterLab, and the studio as an app."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

START_SECONDS = 600  # a guard against hangs, for a busy machine
ADDRESS = re.compile(r"http://\S+token=\w+")


@contextmanager
def serving(
    command: Sequence[str], own: Mapping[str, str], log: Path, ready: Callable[[], Any]
) -> Iterator[Any]:
    """Run a server with variables of its own; what `ready` answers once it answers something."""
    with log.open("w") as file:
        server = subprocess.Popen(
            command, env={**os.environ, **own}, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        end = time.monotonic() + START_SECONDS
        while not (answer := ready()):
            if server.poll() is not None or time.monotonic() > end:
                pytest.fail(f"{command[2]} did not start: {log.read_text()[-500:]}")
            time.sleep(0.1)
        yield answer
    finally:
        server.terminate()  # it ends its kernels first
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


@contextmanager
def serving_app(folder: Path, *options: str) -> Iterator[str]:
    """The studio, served as `make app` does: its address, with the token."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "deltaedit_kit.labs.app", "--no-browser", f"--port={port}"]
    command += ["--Voila.port_retries=0", *options]
    own, log = {"IPYTHONDIR": str(folder / "ipython")}, folder / "log"
    with serving(command, own, log, lambda: ADDRESS.search(log.read_text())) as found:
        yield found[0]
