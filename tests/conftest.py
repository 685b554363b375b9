"""What every test may rely on: a fixed seed, no display, and the shipped domain loaded once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

if TYPE_CHECKING:
    from deltaedit_kit import Domain

os.environ.setdefault("MPLBACKEND", "Agg")  # before matplotlib is first imported: no window


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    """Start every test from the same random state, whatever ran before it."""
    import torch  # here: the process that only hands out tests needs none

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.fixture(scope="session")
def toyfaces() -> Domain:
    """The embedded domain with its shipped weights, on the CPU."""
    from deltaedit_kit import load_domain  # the tests of the parts need no weights

    return load_domain("toyfaces", device="cpu")


@pytest.fixture(scope="session")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a domain of random numbers; a test that spoils it takes a copy."""
    from deltaedit_kit.io.standin import write_standin

    return write_standin(tmp_path_factory.mktemp("standin"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site; skips where the extra `site` is not installed.

    Two files ask for it. In a run of several processes the first that asks builds it, the others
    wait: their temporary folders lie side by side.
    """
    for name in ("myst_nb", "furo", "sphinx_copybutton", "latex2mathml"):
        pytest.importorskip(name, reason="the extra `site` is not installed")
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "site"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            from recipes.site.__main__ import build

            draft = tmp_path_factory.mktemp("site")
            build(draft / "pages", draft / "sources")
            (draft / "pages").rename(folder)
    return folder
