"""Which run stands for a method, a setting and a sentence now: index.json of a comparison.

    (method, setting, sentence) -> key of the run

Runs are never overwritten: other weights or another choice of "best" have other keys, and the
index says which one the tables are made from. Two terminals may compute other methods of one
comparison at the same time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock

from deltaedit_kit.atomic import write_text
from deltaedit_kit.errors import DeltaEditError

FILE = "index.json"


class Index:
    """The entries in the order in which they were first put there."""

    def __init__(self, entries: dict[tuple[str, str, str], str] | None = None) -> None:
        self._entries = {} if entries is None else entries

    @classmethod
    def read(cls, folder: Path) -> Index:
        """The index of a folder, empty if there is none. DeltaEditError for a damaged one."""
        path = folder / FILE
        if not path.exists():
            return cls()
        try:
            return cls({(m, s, text): key for m, s, text, key in read_json(path)})
        except (TypeError, ValueError) as cause:
            raise DeltaEditError(f"{path} is damaged ({cause}); delete it, runs are kept") from None

    def put(self, method: str, setting: str, sentence: str, key: str) -> None:
        """Let this run stand for these three."""
        self._entries[method, setting, sentence] = key

    @classmethod
    def record(cls, folder: Path, names: tuple[str, str, str], key: str) -> None:
        """Put one entry into a folder's index, which other processes may write to as well."""
        with FileLock(folder / f".{FILE}.lock"):
            index = cls.read(folder)
            index.put(*names, key)
            index.write(folder)

    def write(self, folder: Path) -> None:
        """Write the file, whole or not at all."""
        write_json(folder / FILE, [[*names, key] for names, key in self._entries.items()])

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """(setting, key) of every entry."""
        for (_, setting, _), key in self._entries.items():
            yield setting, key


def read_json(path: Path) -> Any:
    """What the file holds. DeltaEditError for one that cannot be read or is no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as cause:
        raise DeltaEditError(f"{path} is damaged ({cause}); delete it") from None


def write_json(path: Path, value: Any) -> None:
    """Write the file, whole or not at all."""
    write_text(path, json.dumps(value, indent=1))
