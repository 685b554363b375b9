"""What comes with the kit beside its code: the notebooks, their documents, the comparison's table.

    checkout          notebooks/  docs/  figures/*.csv
    wheel, installed  PREFIX/share/deltaedit-kit/ with the same names inside ─► `unpack` ─► a folder

A wheel carries them as data files (pyproject.toml, `data-files`); where the installer put them, its
own record says (PEP 376). A learner works on copies: `deltaedit course DIR`.
"""

from __future__ import annotations

import os
import shutil
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from deltaedit_kit.support.atomic import all_or_none, replacing
from deltaedit_kit.support.errors import DeltaEditError

SHARE = "share/deltaedit-kit/"
CHECKOUT = Path(__file__).parents[3]
PATTERNS = ("notebooks/*.ipynb", "docs/*.md", "figures/*.csv")


def course_files() -> dict[str, Path]:
    """Name in the project, such as "notebooks/00_quickstart.ipynb" -> the file on this machine.

    Empty where neither a checkout nor an installed wheel is around.
    """
    if (CHECKOUT / "notebooks").is_dir() and (CHECKOUT / "pyproject.toml").is_file():
        found = [path for pattern in PATTERNS for path in sorted(CHECKOUT.glob(pattern))]
        return {path.relative_to(CHECKOUT).as_posix(): path for path in found}
    try:
        recorded = files("deltaedit-kit") or []
    except PackageNotFoundError:
        return {}
    named = {path.as_posix(): Path(str(path.locate())).resolve() for path in recorded}
    return {
        name.partition(SHARE)[2]: path
        for name, path in named.items()
        if SHARE in name and path.is_file()
    }


def course_file(name: str) -> Path:
    """One of the files, by its name in the project.

    Raises DeltaEditError where it did not come with the kit.
    """
    found = course_files().get(name)
    if found is None:
        raise DeltaEditError(f"{name} did not come with the kit; install its wheel, or clone it")
    return found


def unpack(folder: Path) -> list[Path]:
    """Copy everything into `folder`, which is made; returns the copies, in order.

    Nothing is overwritten: raises DeltaEditError, and copies nothing, where one of the files is
    there, and where the kit came without its notebooks. What fails half-way (OSError: a full
    disk) leaves no file.
    """
    sources = course_files()
    if not any(name.startswith("notebooks/") for name in sources):
        raise DeltaEditError("the notebooks did not come with the kit; install its wheel")
    targets = {folder / name: source for name, source in sorted(sources.items())}
    there = next((target for target in targets if os.path.lexists(target)), None)
    if there is not None:
        raise DeltaEditError(f"{there} is there already; name another folder, or move it away")
    with all_or_none() as made:
        for target, source in targets.items():
            with replacing(target) as beside:
                shutil.copyfile(source, beside)
            made.append(target)
    return made
