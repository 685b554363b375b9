"""The tables of a study's SQLite file.

    study(key, value)                       title, consent, design, simulated
    item(item, ...) picture(item, role)     the pairs and their PNG files: the file needs no network
    participant(code) round(...)            who joined, and what they will be asked
    answer(participant, position, question) each answered at most once: it is the primary key

Idea: let the database hold the rules. What must not happen twice is a primary key, what must
belong to something is a reference, and no table has a column for a name or a time of day.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

APPLICATION_ID = 0x44454B53  # "DEKS", in the file's header: SQLite's way to tell programs apart
VERSION = 1

TABLES = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


# (type, name, SQL) of everything in a file: tables, triggers, views, whatever they are called. Only
# the tables of statistics that SQLite's ANALYZE makes may be there or not.
OBJECTS = """
SELECT type, name, coalesce(sql, '') FROM sqlite_master
WHERE NOT (type = 'table' AND name LIKE 'sqlite!_stat_' ESCAPE '!'
           AND sql LIKE 'CREATE TABLE sqlite!_stat_(%' ESCAPE '!')
"""


def expected_objects() -> set[tuple[str, str, str]]:
    """The objects of an empty study: exactly these tables and nothing that runs by itself."""
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.executescript(TABLES)
        return set(empty.execute(OBJECTS))
