"""A real browser for the widgets: find a Chromium, start JupyterLab or Voilà, hand out pages.

    chromium (installed, or skip) ─► browser ─┬─► open_app() ─► Playwright's page, from Voilà
    JupyterLab on a free port, own settings ──┴─► open_notebook(path) ─► NotebookPage

A page is driven as a person would: `run_all()`, the mouse and the keyboard of `.page`, then
`run_cell(k)` and `text_of(k)` read what the kernel answers. No test here needs the network.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser.servers import serving, serving_app

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ROOT = str(Path(__file__).parents[2])
CELL_MILLISECONDS = 300_000  # a guard against hangs, for a busy machine
FITS = "pane => pane.getBoundingClientRect().right <= window.innerWidth"
RUN_ALL = "notebook:run-all-cells"
COUNTS = """() => Array.from(window.jupyterapp.shell.currentWidget.content.model.cells)
  .filter(cell => cell.type === "code").map(cell => cell.executionCount)"""
PRINTED = """number => window.jupyterapp.shell.currentWidget.content.model.cells.get(number)
  .outputs.toJSON().filter(output => output.output_type === "stream")
  .map(output => [output.text].flat().join("")).join("")"""
# Cells out of sight stay in the page, so that a test finds their outputs; no news, no questions.
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


def find_chromium() -> str | None:
    """The Chromium named in DELTAEDIT_CHROMIUM, one on the PATH, or Playwright's own."""
    named = os.environ.get("DELTAEDIT_CHROMIUM")
    found = named or next((path for name in NAMES if (path := shutil.which(name))), None)
    if found:
        return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


@dataclass
class NotebookPage:
    """An open notebook of JupyterLab; `page` is Playwright's."""

    page: Any
    errors: list[str]  # what the page's JavaScript threw

    def run_all(self) -> None:
        """Run every cell and wait until the kernel has answered them all."""
        self._command(RUN_ALL)

    def begin_all(self) -> None:
        """Run every cell, as `run_all`, but wait for nothing."""
        self.page.evaluate("name => { window.jupyterapp.commands.execute(name) }", RUN_ALL)

    def all_ran(self) -> None:
        """Wait until every cell of code has run. JupyterLab's own answer ends at an error."""
        self.page.wait_for_function(f"() => ({COUNTS})().every(count => count !== null)")

    def counts(self) -> list[int | None]:
        """The number in front of each cell of code: when it ran, None before."""
        return self.page.evaluate(COUNTS)

    def run_cell(self, number: int) -> None:
        """Run the cell with this number, counted from 0, and wait for its answer."""
        # Choosing a cell with the mouse could press a widget; the notebook's model is told.
        self.page.evaluate(
            """number => {
                 const panel = window.jupyterapp.shell.currentWidget;
                 panel.content.activeCellIndex = number;
               }""",
            number,
        )
        self._command("notebook:run-cell")

    def text_of(self, number: int) -> str:
        """What a cell has printed, from the notebook's model: the screen follows a little later."""
        return str(self.page.evaluate(PRINTED, number)).strip()

    def narrow(self, pane: Any) -> dict[str, int]:
        """Make the window 900 pixels wide, wait until the pane fits into it; the size before."""
        old = self.page.viewport_size
        self.page.set_viewport_size({"width": 900, "height": 1000})
        self.page.wait_for_function(FITS, arg=pane.element_handle())
        return old

    def cell(self, number: int) -> Any:
        """Playwright's locator of a cell, to look for a widget in it."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def _command(self, name: str) -> None:
        self.page.evaluate("name => window.jupyterapp.commands.execute(name)", name)


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """A headless Chromium under Playwright; skips, saying why, where one of them is missing."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium: apt-get install chromium, or name one in DELTAEDIT_CHROMIUM")
    # Chromium's own sandbox refuses to run as root, which is what containers are.
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=path, args=[*root, "--disable-dev-shm-usage"]
        )
        yield launched
        launched.close()


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address, its token, and the folder it serves."""

    url: str
    token: str
    folder: Path


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on a free port, with settings and runtime files of its own."""
    pytest.importorskip("jupyterlab", reason="jupyterlab is not installed")
    base = tmp_path_factory.mktemp("lab")
    folder, runtime, settings = base / "notebooks", base / "runtime", base / "settings"
    for place in (folder, runtime):
        place.mkdir()
    for name, values in SETTINGS.items():
        file = settings / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    token = secrets.token_hex(16)
    own = {
        "JUPYTER_TOKEN": token,
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTER_CONFIG_DIR": str(base / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(base / "workspaces"),
        "IPYTHONDIR": str(base / "ipython"),
        "PYTHONPATH": os.pathsep.join([ROOT, os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.port=0"]
    command += ["--ip=127.0.0.1", "--allow-root", "--LabApp.expose_app_in_browser=True"]
    command += [f"--ServerApp.root_dir={folder}"]
    with serving(command, own, base / "log", lambda: _address(runtime)) as url:
        yield Lab(url, token, folder)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The studio, served as `make app` does: its address, with the token."""
    pytest.importorskip("voila", reason="voila is not installed")
    with serving_app(tmp_path_factory.mktemp("app")) as address:
        yield address


@pytest.fixture
def open_app(browser: Any, app: str) -> Iterator[Callable[..., Any]]:
    """Open a session of the studio as an app; options are those of Playwright's context."""
    contexts = []

    def opened(**options: Any) -> Any:
        wide = {"viewport": {"width": 1280, "height": 1150}}
        contexts.append(browser.new_context(**{**wide, **options}))
        page = contexts[-1].new_page()
        page.set_default_timeout(CELL_MILLISECONDS)
        page.goto(app)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def open_notebook(browser: Any, lab: Lab) -> Iterator[Callable[[Path], NotebookPage]]:
    """Open a copy of a notebook in JupyterLab; returns when its kernel is ready."""
    contexts = []

    def opened(notebook: Path) -> NotebookPage:
        shutil.copy(notebook, lab.folder / notebook.name)
        contexts.append(browser.new_context(viewport={"width": 1400, "height": 1000}))
        page, errors = contexts[-1].new_page(), []
        page.set_default_timeout(CELL_MILLISECONDS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{lab.url}lab/tree/{notebook.name}?token={lab.token}&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_function(
            """() => window.jupyterapp?.shell.currentWidget?.sessionContext
                 ?.session?.kernel?.status === 'idle'"""
        )
        return NotebookPage(page, errors)

    yield opened
    for context in contexts:
        for page in context.pages:
            # Ends the kernel: the next test needs the core that this one used.
            page.evaluate("() => window.jupyterapp.shell.currentWidget?.sessionContext.shutdown()")
        context.close()


def _address(runtime: Path) -> str | None:
    """The address that the server wrote about itself; with port 0 only it knows the number."""
    for file in runtime.glob("jpserver-*.json"):
        try:
            return str(json.loads(file.read_text())["url"])
        except ValueError:  # half written
            continue
    return None
