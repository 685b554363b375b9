"""Good inputs that several surfaces are spoilt from, and the file of a case."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def standin(folder: Path) -> Path:
    """A whole domain of random numbers, made once."""
    from deltaedit_kit.io.standin import write_standin

    place = folder / "standin"
    return place if (place / "domain.json").exists() else write_standin(place)


def load_standin(folder: Path) -> Any:
    """The domain itself, for surfaces that only read what is not a network."""
    from deltaedit_kit import load_domain

    return load_domain(standin(folder))


def write(folder: Path, name: str, data: bytes) -> Path:
    """The file of this case, in place of the one before."""
    path = folder / name
    path.write_bytes(data)
    return path
