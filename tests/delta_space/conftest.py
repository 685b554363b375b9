"""A folder of pictures and captions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.delta_space.small_clouds import picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """MultiModal-CelebA-HQ's layout, with one of each thing that can be wrong."""
    for k in range(4):
        picture(tmp_path / "images" / f"{k}.jpg", 40 * k + 20)
    (tmp_path / "images" / "4.jpg").write_bytes(b"not a picture")
    text = tmp_path / "text" / "celeba-caption"
    text.mkdir(parents=True)
    (text / "0.txt").write_text("a smiling face\na face with glasses\na smiling face\n")
    (text / "1.txt").write_text("an old man\n")
    (text / "2.txt").write_text("  \n\n")
    (text / "4.txt").write_text("a young face\n")
    return tmp_path
