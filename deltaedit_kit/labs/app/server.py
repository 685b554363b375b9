"""The studio as a page of its own: `make app`, or `python -m deltaedit_kit.labs.app`.

    request ─ Host is ours? ─ token? ─ a session free? ─► a kernel forked from the networks ─► page
                  403          403        503, one line

Voilà runs page/studio.ipynb and shows its output. By itself it asks for no token, answers to any
Host header (so that a foreign page can reach it by DNS rebinding), and keeps one kernel for each
request for good. Here a token is made and printed with the address, only addresses of this machine
are answered, a kernel that nobody is connected to ends after `IDLE` seconds, and no more than
`SessionManager.most` sessions run at once. Options are Voilà's, such as --port=8866 --no-browser.

Source: Voilà's and jupyter_server's configuration (traitlets); OWASP on DNS rebinding.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.kernelmanager import (
    AsyncMappingKernelManager,
    ServerKernelManager,
)
from tornado.web import HTTPError
from traitlets import Integer
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler

from deltaedit_kit.labs.app.forked import CAN_FORK, ForkedKernel, start_fork_server

APP = Path(__file__).parent / "page" / "studio.ipynb"
IDLE, LOOK_EVERY = 300, 30  # seconds without a connection until a kernel ends; and between looks
MOST = 8  # sessions


class SessionKernel(ServerKernelManager):
    """A kernel that is forked where the system can fork."""

    async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
        if CAN_FORK and self.provisioner is None:
            self.provisioner = ForkedKernel(
                kernel_id=options.get("kernel_id", self.kernel_id or ""),
                kernel_spec=self.kernel_spec,
                parent=self,
            )
        return await super()._async_pre_start_kernel(**options)

    pre_start_kernel = _async_pre_start_kernel


class SessionManager(AsyncMappingKernelManager):
    """The kernels of all sessions: never more than `most`, those that are starting counted."""

    most = Integer(MOST, help="sessions at the same time").tag(config=True)
    _starting = 0

    async def start_kernel(self, **options: Any) -> str:
        """One more kernel; HTTP 503 and one line for whoever comes too late."""
        if len(self) + self._starting >= self.most:
            raise HTTPError(
                503,
                f"all {self.most} sessions of this app are in use; close one of its pages, or try "
                f"again in {IDLE // 60} minutes",
            )
        self._starting += 1
        try:
            return await super().start_kernel(**options)
        finally:
            self._starting -= 1


class Page(TornadoVoilaHandler):
    """The page, for who has the token; the others get a line and no kernel."""

    async def prepare(self, *, _redirect_to_login: bool = False) -> None:
        """403 for a foreign Host and without the token; no page that asks for it."""
        base: Any = super()
        await base.prepare(_redirect_to_login=_redirect_to_login)

    async def get(self, path: str | None = None) -> None:
        """The page of a new session; 503 without a free one."""
        if path:
            raise HTTPError(404, "there is one page here; open the address without a path")
        base: Any = super()
        await base.get(path)

    def write_error(self, status_code: int, **options: Any) -> None:
        """One line of text: what is wrong, and what to do."""
        cause = options.get("exc_info", (None, None, None))[1]
        line = getattr(cause, "log_message", None) or {
            403: "only the address that the terminal printed is answered; open it with its token",
        }.get(status_code, "the app failed; see its terminal")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(line + "\n")


class StudioApp(Voila):
    """Voilà with the settings of this page."""

    def initialize(self, argv: list[str] | None = None) -> None:
        """Settings that are given on the command line come after these, and so hold."""
        self.update_config(SETTINGS)
        super().initialize(argv)

    # Voilà's own annotations name traitlets' Dict and List where they mean typing's.
    def init_settings(self) -> dict[str, Any]:  # type: ignore[override]
        """Only names and addresses of this machine are answered."""
        settings: Any = super().init_settings()
        return {**settings, "allow_remote_access": False}

    def init_handlers(self) -> list[Any]:  # type: ignore[override]
        """Voilà's, with `Page` in the place of its page."""
        handlers: Any = super().init_handlers()
        return [
            (route, Page if handler is TornadoVoilaHandler else handler, *options)
            for route, handler, *options in handlers
        ]

    @property
    def display_url(self) -> str:
        """The address with its token: who reads this terminal may use the app."""
        return f"{self.connection_url.rstrip('/')}/?token={self.identity_provider.token}"


SETTINGS = Config(
    {
        "Voila": {"auto_token": True, "ip": "127.0.0.1"},
        "VoilaConfiguration": {
            "multi_kernel_manager_class": SessionManager,
            "file_allowlist": [],
        },
        "SessionManager": {
            "kernel_manager_class": f"{SessionKernel.__module__}.{SessionKernel.__name__}",
            "cull_idle_timeout": IDLE,
            "cull_interval": LOOK_EVERY,
            "cull_connected": False,
        },
    }
)


def main(argv: list[str] | None = None) -> None:
    """Serve the app until Ctrl-C."""
    if CAN_FORK:
        start_fork_server()
    StudioApp.launch_instance([str(APP), *(sys.argv[1:] if argv is None else argv)])
