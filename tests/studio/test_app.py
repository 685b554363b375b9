"""The app over loopback: a token, our own Host, a limit of sessions that is said."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

pytest.importorskip("voila", reason="voila is not installed")
import deltaedit_kit
from deltaedit_kit.labs.app.server import APP, StudioApp

GUARD = 600  # seconds: against hangs alone


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that the app prints, with its token; it takes one session."""
    folder = tmp_path_factory.mktemp("app")
    log = folder / "log"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "deltaedit_kit.labs.app", "--no-browser", f"--port={port}"]
    with log.open("w") as file:
        server = subprocess.Popen(
            [*command, "--SessionManager.most=1"],
            env={**os.environ, "IPYTHONDIR": str(folder / "ipython")},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        end = time.monotonic() + GUARD
        while not (found := re.search(r"http://\S+token=\w+", log.read_text())):
            assert server.poll() is None, log.read_text()[-500:]
            assert time.monotonic() < end
            time.sleep(0.1)
        yield found[0]
    finally:
        server.terminate()
        server.wait(GUARD)


def test_the_page_lies_in_the_package_and_so_in_its_wheel() -> None:
    assert APP.is_file()
    assert Path(deltaedit_kit.__file__).parent in APP.parents


def ask(address: str, **options) -> requests.Response:
    return requests.get(address, timeout=GUARD, allow_redirects=False, **options)


@pytest.mark.slow
@pytest.mark.browser
def test_only_who_has_the_address_gets_a_session_and_no_more_than_there_are(address: str) -> None:
    bare, token = address.split("?token=")
    assert len(token) >= 32
    for refused in (
        ask(bare),
        ask(f"{bare}?token={'0' * len(token)}"),
        ask(address, headers={"Host": "evil.example"}),
        ask(address, headers={"Host": "127.0.0.1.evil.example:8866"}),
        requests.post(f"{bare}voila/api/shutdown/{'0' * 8}", timeout=GUARD),
    ):
        assert refused.status_code == 403, refused.text
        assert "voila" not in refused.text  # no page, so no kernel either
    page = ask(address)
    assert page.status_code == 200
    assert "widget-view" in page.text  # the cell ended with the studio, not with an error
    late = ask(address)
    assert late.status_code == 503
    assert len(late.text.splitlines()) == 1
    assert "sessions" in late.text
    assert ask(bare).status_code == 403  # still


def test_kernels_that_nobody_is_connected_to_end() -> None:
    app = StudioApp()
    app.initialize([str(Path(__file__)), "--no-browser"])
    app.connection_dir = ""
    manager = app.init_settings()["kernel_manager"]
    assert 0 < manager.cull_interval <= manager.cull_idle_timeout <= 600
    assert not manager.cull_connected  # a page that is open keeps its session
    assert manager.most >= 1
