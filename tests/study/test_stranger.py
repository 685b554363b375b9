"""A study that somebody sent, with more beside it than a study leaves; a place one cannot write."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from deltaedit_kit.labs.study.creation import create_study
from deltaedit_kit.labs.study.database import Database
from deltaedit_kit.labs.study.store import StudyStore
from deltaedit_kit.support.errors import DeltaEditError
from tests.study.cases import fake_items

MAGIC = bytes.fromhex("d9d505f920a163d7")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "sent" / "study.sqlite"
    create_study(path, fake_items(20)).close()
    return path


def test_a_journal_does_not_delete_the_file_that_it_names(study: Path, tmp_path: Path) -> None:
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("three years")
    page = int.from_bytes(study.read_bytes()[16:18], "big")
    header = MAGIC + struct.pack(">5I", 0, 0, study.stat().st_size // page, 512, page)
    name = os.fsencode(thesis)
    sizes = struct.pack(">II", len(name), sum(name))
    last = struct.pack(">I", 2**30 // page + 1) + name + sizes + MAGIC
    study.with_name("study.sqlite-journal").write_bytes(header.ljust(512, b"\0") + last)
    with pytest.raises(DeltaEditError, match="journal"):
        StudyStore(study)
    assert thesis.read_text() == "three years"


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither")
@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("thing", ["pipe", "link"])
def test_pipes_and_links_beside_a_study_are_refused(
    study: Path, tmp_path: Path, end: str, thing: str
) -> None:
    beside = study.with_name(study.name + end)
    beside.unlink(missing_ok=True)
    if thing == "pipe":
        os.mkfifo(beside)  # opening it would wait for ever
    else:
        beside.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DeltaEditError, match=end):
        StudyStore(study)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such links")
def test_a_study_may_be_opened_through_a_link(study: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.sqlite").symlink_to(study)
    assert StudyStore(tmp_path / "mine.sqlite").items == 20


@pytest.mark.parametrize("name", ["n" * 400, "a\0b"])
def test_a_name_that_no_file_can_have_is_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(DeltaEditError):
        StudyStore(tmp_path / name)
    with pytest.raises(DeltaEditError):
        create_study(tmp_path / name, fake_items(20))


def test_what_sqlite_says_of_a_script_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").touch()
    with pytest.raises(DeltaEditError, match="no such table"):
        Database(tmp_path / "x.sqlite").script("INSERT INTO nobody VALUES (1);")
