"""A server on the loopback address with one file, no waiting, and a cache of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.domains.server import BODY, Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        site.files["net.bin"] = BODY
        yield site


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause before a retry, whose length is drawn at random."""
    monkeypatch.setattr("random.uniform", lambda low, _: low)


@pytest.fixture
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where downloads on their way lie."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("DELTAEDIT_CACHE", str(folder))
    return folder
