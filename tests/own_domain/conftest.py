"""One small project, built once for all tests of the room."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deltaedit_kit.labs.own_domain import MINIATURE, Sizes, build, new_project
from deltaedit_kit.labs.own_domain.loop import Schedule

TINY = replace(
    MINIATURE,
    renders=200,
    held_out=100,
    reader_width=4,
    reading=Schedule(6, 3e-3),
)


@pytest.fixture(scope="session")
def tiny() -> Sizes:
    """Sizes that make every step run in seconds; nothing comes out well."""
    return TINY


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, built with these sizes."""
    folder = new_project(tmp_path_factory.mktemp("own") / "toadstools")
    return build(folder, TINY, say=lambda _: None)
