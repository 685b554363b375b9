"""A domain folder that somebody sent: nothing in it deletes, places or writes files outside it.

Links, hard links, pipes and devices, as git and tar keep them, in all places that the kit keeps
books in, and some that it does not; then everything that the kit writes is written.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deltaedit_kit import load_domain
from deltaedit_kit.io.listing import list_files, why_not_here
from deltaedit_kit.support.errors import DeltaEditError
from tests.domains.server import Site, serving

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")


@pytest.fixture
def site(standin: Path) -> Iterator[Site]:
    with serving() as site:
        site.files["r"] = (standin / "relevance.safetensors").read_bytes()
        yield site


@pytest.fixture
def folder(standin: Path, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Declares a relevance matrix that is still to be downloaded."""
    monkeypatch.setenv("DELTAEDIT_CACHE", str(tmp_path / "cache"))
    wanted = shutil.ignore_patterns("[!dg]*")  # but declaration and generator
    folder = Path(shutil.copytree(standin, tmp_path / "sent", ignore=wanted))
    declaration = json.loads((folder / "domain.json").read_text())
    declaration["networks"]["relevance"] = [{"file": "r.safetensors", "addresses": [site.url("r")]}]
    (folder / "domain.json").write_text(json.dumps(declaration))
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """What is not the sender's: a folder with a file in it."""
    (tmp_path / "home" / "sub").mkdir(parents=True)
    (tmp_path / "home" / "thesis.txt").write_text("three years")
    return tmp_path / "home"


def untouched(home: Path) -> bool:
    found = sorted(str(path.relative_to(home)) for path in home.rglob("*"))
    return found == ["sub", "thesis.txt"] and (home / "thesis.txt").read_text() == "three years"


NAMES = (
    *(".r.safetensors.partial", "r.safetensors", "r.safetensors.sha256", ".locks", ".partial"),
    *("codes", "codes.json", "mapper.safetensors", "relevance-parts", "relevance.safetensors"),
    *(".r.safetensors.abc.part", "training", "deep/er/link", "generator.safetensors"),
)


def to_folder(path: Path, home: Path) -> None:
    path.symlink_to(home, target_is_directory=True)


def to_file(path: Path, home: Path) -> None:
    path.symlink_to(home / "thesis.txt")


def to_nothing(path: Path, home: Path) -> None:
    path.symlink_to(home / "new-file")


def relative(path: Path, home: Path) -> None:
    path.symlink_to(os.path.relpath(home, path.parent))


def by_a_link_inside(path: Path, home: Path) -> None:
    step = path.with_name("step")
    step.symlink_to(home)
    path.symlink_to("step/sub")


def pipe(path: Path, home: Path) -> None:
    os.mkfifo(path)


def to_device(path: Path, home: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "make", [to_folder, to_file, to_nothing, relative, by_a_link_inside, pipe, to_device]
)
def test_what_leads_out_is_refused_before_anything_is_done(
    make: Callable[[Path, Path], None], name: str, folder: Path, home: Path, site: Site
) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    make(path, home)
    for use in (load_domain, list_files, lambda place: why_not_here(place, "cpu")):
        with pytest.raises(DeltaEditError, match=r"leads out of the folder|pipe or a device"):
            use(folder)
    assert untouched(home)
    assert site.asked == []


@pytest.mark.parametrize("make", [pipe, to_device])
def test_a_declaration_that_never_ends_is_refused_at_once(
    make: Callable[[Path, Path], None], folder: Path, home: Path
) -> None:
    (folder / "domain.json").unlink()
    make(folder / "domain.json", home)
    answers: list[str] = []

    def load() -> None:
        with pytest.raises(DeltaEditError, match="pipe or a device") as refusal:
            load_domain(folder)
        answers.append(str(refusal.value))

    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    thread.join(60)
    assert len(answers) == 1


def test_links_that_stay_inside_are_the_owners_affair(folder: Path) -> None:
    (folder / "kept").mkdir()
    (folder / "generator.safetensors").rename(folder / "kept" / "g")
    (folder / "generator.safetensors").symlink_to("kept/g")
    assert load_domain(folder).generator.resolution == 64


def test_a_download_lands_in_the_folder_and_nowhere_else(
    folder: Path, home: Path, tmp_path: Path
) -> None:
    before = {path.name for path in folder.iterdir()}
    assert load_domain(folder)._networks.relevance().dim() == 2
    made = {path.name for path in folder.iterdir()} - before
    assert made == {"r.safetensors", "r.safetensors.sha256"}
    assert not (folder / "r.safetensors").is_symlink()
    assert untouched(home)


def test_a_hard_link_is_replaced_and_not_written_through(
    folder: Path, home: Path, site: Site
) -> None:
    """One file under two names: what is written under one must not change the other."""
    os.link(home / "thesis.txt", folder / "r.safetensors.sha256")
    with pytest.raises(DeltaEditError, match="first seen here"):
        load_domain(folder)._networks.relevance()
    (folder / "r.safetensors.sha256").unlink()
    os.link(home / "thesis.txt", folder / "r.safetensors")
    with pytest.raises(DeltaEditError, match=r"r\.safetensors"):
        load_domain(folder)._networks.relevance()
    assert untouched(home)


def test_a_folder_of_too_many_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from deltaedit_kit.io import loading

    monkeypatch.setattr(loading, "MOST_FILES", 1)
    with pytest.raises(DeltaEditError, match="more than 1 files"):
        load_domain(folder)
