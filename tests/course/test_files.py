"""What comes with the kit: from a checkout, from an installed wheel, and copied for a learner."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackagePath, PathDistribution
from pathlib import Path

import pytest

from deltaedit_kit.labs.cli.main import WRONG_INPUT, main
from deltaedit_kit.labs.course import files
from deltaedit_kit.labs.course.files import CHECKOUT, PATTERNS, course_file, course_files, unpack
from deltaedit_kit.support.errors import DeltaEditError


def test_a_checkout_has_the_notebooks_the_glossary_and_the_table() -> None:
    found = course_files()
    assert {"notebooks/00_quickstart.ipynb", "docs/glossary.md"} <= set(found)
    assert course_file("figures/fig7_worlds.csv").is_file()
    assert course_file("figures/fig5_metrics.csv").read_text(encoding="utf-8").count("\n") > 10
    with pytest.raises(DeltaEditError, match=r"gone\.csv did not come with the kit"):
        course_file("gone.csv")


def test_the_wheel_is_told_to_carry_the_same() -> None:
    text = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)["tool"]["setuptools"]["data-files"]
    assert sorted(pattern for row in data.values() for pattern in row) == sorted(PATTERNS)
    for place, patterns in data.items():
        for pattern in patterns:
            assert f"{place}/" == f"{files.SHARE}{pattern.rpartition('/')[0]}/"


def test_an_installed_wheel_is_asked_where_its_files_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "lib" / "site-packages"
    target = tmp_path / files.SHARE / "notebooks" / "00_quickstart.ipynb"
    for folder in (packages, target.parent):
        folder.mkdir(parents=True)
    target.write_text("{}")
    record = PackagePath("../../share/deltaedit-kit/notebooks/00_quickstart.ipynb")
    record.dist = PathDistribution(packages / "deltaedit_kit.dist-info")
    monkeypatch.setattr(files, "CHECKOUT", tmp_path)
    monkeypatch.setattr(files, "files", lambda _name: [record])
    assert course_files() == {"notebooks/00_quickstart.ipynb": target}


def test_the_command_unpacks_once_and_overwrites_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "lessons"
    assert main(["course", str(folder)]) == 0
    mine = folder / "notebooks" / "00_quickstart.ipynb"
    assert mine.read_bytes() == course_file("notebooks/00_quickstart.ipynb").read_bytes()
    mine.write_text("my own work")
    (folder / "docs" / "glossary.md").unlink()
    assert main(["course", str(folder)]) == WRONG_INPUT
    assert "is there already; name another folder" in capsys.readouterr().err
    assert mine.read_text() == "my own work"
    assert not (folder / "docs" / "glossary.md").exists()


def test_what_fails_half_way_is_not_in_the_way_of_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[Path] = []

    def copyfile(source: Path, target: Path) -> None:
        if len(copied) == 3:
            target.write_bytes(b"half")
            raise OSError(28, "No space left on device")
        copied.append(target)
        target.write_bytes(source.read_bytes())

    with monkeypatch.context() as full:
        full.setattr(files.shutil, "copyfile", copyfile)
        with pytest.raises(OSError, match="No space"):
            unpack(tmp_path / "lessons")
    assert not [path for path in (tmp_path / "lessons").rglob("*") if path.is_file()]
    assert unpack(tmp_path / "lessons")


def test_without_notebooks_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "course_files", dict)
    with pytest.raises(DeltaEditError, match="install its wheel"):
        unpack(tmp_path / "lessons")


@pytest.mark.slow
def test_the_wheel_has_them(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(tmp_path), str(CHECKOUT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No module named 'setuptools" in done.stderr or "BackendUnavailable" in done.stderr:
        pytest.skip("setuptools is not installed")
    assert done.returncode == 0, done.stderr[-500:]
    (wheel,) = tmp_path.glob("*.whl")
    packed = zipfile.ZipFile(wheel).namelist()
    for name in course_files():
        assert any(entry.endswith(f"{files.SHARE}{name}") for entry in packed), name


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    lesson = tmp_path / "lessons" / "notebooks" / "00_quickstart.ipynb"
    lesson.parent.mkdir(parents=True)
    lesson.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DeltaEditError, match="is there already"):
        unpack(tmp_path / "lessons")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("folder", ["~nosuchuser/lessons", "n" * 400, "file"])
def test_a_place_that_cannot_be_is_one_line(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    code = main(["course", folder])
    assert code == (0 if folder.startswith("~") else WRONG_INPUT)
