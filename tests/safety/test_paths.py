"""What a user gives for a path: any type, any text; one line where it is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deltaedit_kit import load_domain
from deltaedit_kit.codes import CodeStore, make_codes
from deltaedit_kit.io.checkpoints.arrays import open_codes
from deltaedit_kit.io.checkpoints.converting import convert
from deltaedit_kit.io.checkpoints.describing import describe
from deltaedit_kit.io.checkpoints.loaders import load_clip, load_stylegan2
from deltaedit_kit.io.drafting import Given, draft
from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.labs.delta_space.clouds.reading import read_captions
from deltaedit_kit.labs.own_domain.project import new_project, open_project
from deltaedit_kit.labs.photo.alignment import find_faces
from deltaedit_kit.labs.photo.code_sources import Photos
from deltaedit_kit.labs.photo.photos import read_photo
from deltaedit_kit.labs.study.answers import read_csv
from deltaedit_kit.labs.study.creation import create_study
from deltaedit_kit.labs.study.design import Design
from deltaedit_kit.labs.study.store import StudyStore
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.pictures import read_recipe
from tests.study.cases import fake_items
from tests.tiny_domain import tiny_domain

TAKERS: dict[str, Callable[[Any], object]] = {
    "load_domain": load_domain,
    "load_stylegan2": load_stylegan2,
    "load_clip": lambda path: load_clip("ViT-B-32", path),
    "describe": describe,
    "convert": lambda path: convert(path, "x.safetensors"),
    "convert to": lambda path: convert("x.pt", path),
    "open_codes": open_codes,
    "CodeStore.open": CodeStore.open,
    "make_codes": lambda path: make_codes(tiny_domain(), path, 4),
    "draft": lambda path: draft(path, Given(Path("x.pt"), "cat")),
    "Results": Results,
    "read_captions": read_captions,
    "new_project": new_project,
    "open_project": open_project,
    "Photos.of": lambda path: Photos.of(tiny_domain(), path, lambda x: x),
    "read_photo": read_photo,
    "find_faces": find_faces,
    "read_csv": read_csv,
    "create_study": lambda path: create_study(path, fake_items(3), Design(2, 2, 0)),
    "StudyStore": StudyStore,
    "read_recipe": read_recipe,
}
NO_PATHS = {
    "a long name": "n" * 300,
    "a deep path": "/".join(["d" * 100] * 50),
    "a null character": "a\0b",
    "half a surrogate": "\ud83dx",
    "nobody's home": "~nosuchuser/" + "n" * 300,
    **{type(x).__name__: x for x in (None, 3, 1.5, b"x", ["a"], object())},
}


@pytest.mark.parametrize("path", NO_PATHS)
@pytest.mark.parametrize("taker", TAKERS)
def test_what_is_no_path_is_one_line(
    taker: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DeltaEditError):
        TAKERS[taker](NO_PATHS[path])
