"""The app over loopback: a token, our own Host, a limit of sessions that is said."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

pytest.importorskip("voila", reason="voila is not installed")
import deltaedit_kit
from deltaedit_kit.labs.app.server import APP, StudioApp
from tests.browser.servers import serving_app

GUARD = 600  # seconds: against hangs alone


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that the app prints, with its token; it takes one session."""
    with serving_app(tmp_path_factory.mktemp("app"), "--SessionManager.most=1") as printed:
        yield printed


def test_the_page_lies_in_the_package_and_so_in_its_wheel() -> None:
    assert APP.is_file()
    assert Path(deltaedit_kit.__file__).parent in APP.parents


@pytest.mark.slow
def test_sessions_share_networks_that_are_loaded() -> None:
    """In a process of its own, as the module sets the number of threads."""
    code = "from deltaedit_kit.labs.app.warm import shared_domain; print(*vars(shared_domain()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"generator", "clip", "mapper", "relevance", "oracle"} <= set(done.stdout.split())


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
