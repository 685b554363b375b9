"""What every test may rely on: a fixed seed, no display, and the shipped domain loaded once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

if TYPE_CHECKING:
    from deltaedit_kit import Domain

os.environ.setdefault("MPLBACKEND", "Agg")  # before matplotlib is first imported: no window


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    """Start every test from the same random state, whatever ran before it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.fixture(scope="session")
def toyfaces() -> Domain:
    """The embedded domain with its shipped weights, on the CPU."""
    from deltaedit_kit import load_domain  # the tests of the parts need no weights

    return load_domain("toyfaces", device="cpu")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site; skips where the extra `site` is not installed."""
    for name in ("myst_nb", "furo", "sphinx_copybutton", "latex2mathml"):
        pytest.importorskip(name, reason="the extra `site` is not installed")
    from recipes.site.__main__ import build

    folder = tmp_path_factory.mktemp("site")
    build(folder / "pages", folder / "sources")
    return folder / "pages"
