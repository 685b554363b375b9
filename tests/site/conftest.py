"""The site, built once for the tests that read it."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the pages; skips where the extra `site` is not installed."""
    for name in ("myst_nb", "furo", "sphinx_copybutton", "latex2mathml"):
        pytest.importorskip(name, reason="the extra `site` is not installed")
    from recipes.site.__main__ import build

    folder = tmp_path_factory.mktemp("site")
    build(folder / "pages", folder / "sources")
    return folder / "pages"
