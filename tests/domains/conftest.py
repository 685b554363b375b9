"""A domain of random networks; a server on the loopback address, a cache of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deltaedit_kit.domain import Domain
from tests.domains.server import BODY, Site, serving
from tests.tiny_domain import tiny_domain


@pytest.fixture(scope="module")
def domain() -> Domain:
    return tiny_domain()


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
