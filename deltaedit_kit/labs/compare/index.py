"""Which run stands for a method, a setting and a sentence now: index.json of a comparison.

    (method, setting, sentence) -> key of the run

Runs are never overwritten: other weights or another choice of "best" have other keys, and the
index says which one the tables are made from. Two terminals may compute other methods of one
comparison at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter

from deltaedit_kit.labs.compare.files import Key, read_json, write_json
from deltaedit_kit.lock import only_writer

FILE = "index.json"
PATIENCE = 60.0  # seconds; another process writes one entry
Entries = TypeAdapter(list[tuple[str, str, str, Key]])


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
        entries = read_json(path, Entries)
        return cls({(method, setting, text): key for method, setting, text, key in entries})

    def put(self, method: str, setting: str, sentence: str, key: str) -> None:
        """Let this run stand for these three."""
        self._entries[method, setting, sentence] = key

    @classmethod
    def record(cls, folder: Path, names: tuple[str, str, str], key: str) -> None:
        """Put one entry into a folder's index, which other processes may write to as well."""
        with only_writer(folder, FILE, PATIENCE):
            index = cls.read(folder)
            index.put(*names, key)
            index.write(folder)

    def write(self, folder: Path) -> None:
        """Write the file, whole or not at all."""
        entries = [(*names, key) for names, key in self._entries.items()]
        write_json(folder / FILE, entries, Entries)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """(setting, key) of every entry."""
        for (_, setting, _), key in self._entries.items():
            yield setting, key
