"""Where the result of hours goes: asked before the work, not after it.

no --out    the domain's own folder, if `load_domain` looks there; of a picture, figures/
--out       must be a place that can be written to
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain


def home_of(domain: Domain, network: str, begun: bool = False) -> Path:
    """The file in the domain's own folder where `load_domain` finds a network made here.

    Raises `DeltaEditError` for a domain that has the network already: it comes with the kit, its
    declaration names another file, or the file is there. What is made here would lie where nobody
    looks, or replace what another command made; where it was `begun` before, the file is its own.
    """
    spec, file = domain.spec, domain.folder / f"{network}.safetensors"
    declared = {one.name for one in spec.published.get(network, ())}
    if network in spec.files or (declared and file.name not in declared):
        raise DeltaEditError(
            f"domain {spec.name!r} has a {network} already, which load_domain uses; "
            "give another place for this one with --out"
        )
    if os.path.lexists(file) and not begun:
        raise DeltaEditError(
            f"domain {spec.name!r} has a {network} already, {file}; give another place for this "
            "one with --out, or delete that file"
        )
    return file


def check_folder(folder: Path) -> Path:
    """`folder` itself, there or not, if files can be written into it; nothing is made yet.

    Raises `DeltaEditError` for a file in its place, and without the right to write.
    """
    place = nearest(folder)
    if not place.is_dir():
        raise DeltaEditError(f"cannot write to {folder}: {place} is not a folder; give another")
    if not os.access(place, os.W_OK | os.X_OK):
        raise DeltaEditError(f"cannot write to {folder}: no permission; give another folder")
    return folder


def nearest(path: Path) -> Path:
    """The path itself, or the nearest place above it that is there."""
    path = path.absolute()
    while not os.path.exists(path) and path != path.parent:  # Path.exists may raise
        path = path.parent
    return path


def path_of(text: str) -> Path:
    """The path that was typed, with "~" expanded; "~nobody" stays as it is and is not found."""
    return Path(os.path.expanduser(text))


def check_figure(file: Path) -> Path:
    """`file` itself if a figure can be written there. Raises `DeltaEditError`."""
    # Comes with matplotlib, which `--help` has no use for.
    from deltaedit_kit.support.pictures import figure_kind

    figure_kind(file)
    if os.path.isdir(file):  # Path.is_dir may raise
        raise DeltaEditError(f"cannot write to {str(file)!r}: it is a folder; give a file")
    check_folder(file.parent)
    return file


def check_tensors(file: Path) -> Path:
    """`file` itself if a safetensors file can be written there. Raises `DeltaEditError`."""
    if file.suffix != ".safetensors" or file.is_dir():
        raise DeltaEditError(f"cannot write to {str(file)!r}; give a file NAME.safetensors")
    check_folder(file.parent)
    return file
