"""Which run stands for a method, a setting and a sentence now: index.json of a comparison.

    (method, setting, sentence) -> key of the run

Runs are never overwritten: other weights or another choice of "best" have other keys, and the
index says which one the tables are made from. Two terminals may compute other methods of one
comparison at the same time.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter

from deltaedit_kit.labs.compare.files import Key, read_json, write_json
from deltaedit_kit.lock import only_writer

FILE = "index.json"
PATIENCE = 60.0  # seconds; another process writes one entry
Names = tuple[str, str, str]  # method, setting, sentence
Entries = TypeAdapter(list[tuple[str, str, str, Key]])


def read_index(folder: Path) -> dict[Names, str]:
    """The key of each entry's run, in order; {} without an index. DeltaEditError for damage."""
    path = folder / FILE
    if not path.exists():
        return {}
    return {(method, setting, text): key for method, setting, text, key in read_json(path, Entries)}


def record(folder: Path, names: Names, key: str) -> None:
    """Put one entry into a folder's index, which other processes may write to as well."""
    with only_writer(folder, FILE, PATIENCE):
        index = read_index(folder) | {names: key}
        write_json(folder / FILE, [(*each, of) for each, of in index.items()], Entries)
