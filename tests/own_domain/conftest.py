"""One small project, built once for all tests of the room."""

from __future__ import annotations

from pathlib import Path

import pytest

from deltaedit_kit.labs.own_domain import Sizes, build, new_project
from deltaedit_kit.labs.own_domain.loop import Schedule

TINY = Sizes(
    renders=200,
    held_out=100,
    reader_width=4,
    oracle_schedule=Schedule(6, 3e-3),
    channels=8,
    last_channels=4,
    style_dim=32,
    generator_schedule=Schedule(10, 3e-3),
    critic_pictures=64,
    clip_width=64,
    clip_layers=1,
    embed=16,
    image_schedule=Schedule(4, 1e-3),
    text_schedule=Schedule(4, 1e-3),
    codes=64,
    mapper_steps=10,
    relevance_pictures=2,
    evaluation_faces=4,
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
