"""A study's SQLite file: many processes write to it, everyone waits for their turn, no row is lost.

    study(key, value)                       title, consent, design, simulated
    item(item, ...) picture(item, role)     the pairs and their PNG files: the file needs no network
    participant(code) round(...)            who joined, and what they will be asked
    answer(participant, position, question) each answered at most once: it is the primary key

Idea: the database holds the rules (schema.sql). What must not happen twice is a primary key, what
must belong to something is a reference, and no table has a column for a name or a time of day.

Write-ahead logging (https://www.sqlite.org/wal.html) lets others read while one writes; a
transaction takes the one write lock at its beginning (BEGIN IMMEDIATE), so it never finds half-way
that somebody else was faster; a commit is on the disk when it returns. Where a file system cannot
share memory between processes (a mounted network drive), SQLite stays in its older journal mode:
slower, and as safe.

A study may come from anybody, and SQLite trusts the files beside it: a pipe would be waited for,
and a journal may name a "super-journal" of several databases, which SQLite deletes when it is done
(https://www.sqlite.org/fileformat2.html#the_rollback_journal). So those files are looked at first.
"""

from __future__ import annotations

import os
import random
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from deltaedit_kit.support.errors import DeltaEditError

T = TypeVar("T")
TABLES = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
APPLICATION_ID = 0x44454B53  # "DEKS", in the file's header: SQLite's way to tell programs apart
VERSION = 1
# (type, name, SQL) of everything in a file: tables, triggers, views, whatever they are called. Only
# the tables of statistics that SQLite's ANALYZE makes may be there or not.
OBJECTS = """
SELECT type, name, coalesce(sql, '') FROM sqlite_master
WHERE NOT (type = 'table' AND name LIKE 'sqlite!_stat_' ESCAPE '!'
           AND sql LIKE 'CREATE TABLE sqlite!_stat_(%' ESCAPE '!')
"""
PATIENCE = 30.0  # seconds that a writer waits for others
FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)  # how SQLite names a full disk
MAKE_ROOM = "make room on its disk; what was answered is kept"
BESIDE = ("-wal", "-shm", "-journal")
ENDS_IN_A_NAME = bytes.fromhex("d9d505f920a163d7")  # of a journal with a super-journal


class Database:
    """A connection to a SQLite file that is there. Any thread may use it.

    Every failure of SQLite becomes a `DeltaEditError` that names the file. One is raised too for a
    file with something beside it that no study of ours has.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        _check_beside(path)
        self._lock = threading.Lock()  # threads share the connection, one at a time
        try:
            self._connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=rw",  # never makes an empty file by accident
                uri=True,
                timeout=PATIENCE,
                isolation_level=None,  # transactions begin where we say so
                check_same_thread=False,
            )
            self._connection.execute("PRAGMA trusted_schema = OFF")  # the file may be anybody's
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.execute("PRAGMA synchronous = FULL")
        except (sqlite3.Error, UnicodeError) as cause:  # its messages quote the file
            writable = os.access(path, os.W_OK) and os.access(path.resolve().parent, os.W_OK)
            advice = "is it a SQLite file?" if writable else "copy it to where you may write"
            advice = MAKE_ROOM if _code(cause) in FULL else advice
            raise DeltaEditError(f"cannot open {path}: {cause}; {advice}") from cause

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def make_tables(self) -> None:
        """Make this file an empty study."""
        header = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
        self.script(header + TABLES)

    def check_tables(self) -> None:
        """Raise `DeltaEditError` for what is no study of this version.

        And for one with a trigger, a view or another table, which could change or drop answers.
        """
        application = self.read("PRAGMA application_id")[0][0]
        version = self.read("PRAGMA user_version")[0][0]
        if application != APPLICATION_ID or version != VERSION:
            ours = application == APPLICATION_ID
            reason = (
                f"a study of version {version}, this kit reads {VERSION}" if ours else "not a study"
            )
            raise DeltaEditError(f"{self.path} is {reason}; give a file that create_study made")
        with closing(sqlite3.connect(":memory:")) as empty:
            empty.executescript(TABLES)
            odd = set(self.read(OBJECTS)) ^ set(empty.execute(OBJECTS))
        if odd:
            kind, name, _ = min(odd)
            raise DeltaEditError(
                f"{self.path} has been changed: {kind} {name[:40]!r} is not as create_study makes "
                "it; use an unchanged copy of the study"
            )

    def script(self, statements: str) -> None:
        """Run several statements; for a file that nobody else has open."""
        self._patiently(lambda: self._connection.executescript(statements))

    def read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self._patiently(lambda: self._connection.execute(query, values).fetchall())

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do `work` in one transaction: all of it is kept, or after an error none."""
        return self._patiently(lambda: self._transaction(work))

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return result

    def _patiently(self, work: Callable[[], T]) -> T:
        """Try again while others hold the file.

        SQLite waits by itself for a lock that is held, but not while another process repairs the
        log of one that was killed: then it answers BUSY at once.
        """
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with self._lock:
                    return work()
            except sqlite3.Error as cause:
                busy = _code(cause) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
                if not busy or time.monotonic() > deadline:
                    advice = f"; {MAKE_ROOM}" if _code(cause) in FULL else ""
                    raise DeltaEditError(f"cannot use {self.path}: {cause}{advice}") from cause
            except (UnicodeError, OverflowError) as cause:  # half a character, a huge number
                raise DeltaEditError(
                    f"cannot use {self.path}: {cause}; give other texts"
                ) from cause
            time.sleep(random.uniform(0.005, 0.05))


def _code(cause: Exception) -> int:
    """SQLite's number of an error; 0 for what is no answer of it, as of a closed connection."""
    return (getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF


def _check_beside(path: Path) -> None:
    """Raise `DeltaEditError` for files that SQLite would wait for, follow or obey."""
    for end in BESIDE:
        beside = Path(f"{os.path.realpath(path)}{end}")
        if not os.path.lexists(beside):
            continue
        ours = stat.S_ISREG(beside.lstat().st_mode)
        if ours and end == "-journal" and beside.stat().st_size >= len(ENDS_IN_A_NAME):
            with beside.open("rb") as journal:
                journal.seek(-len(ENDS_IN_A_NAME), os.SEEK_END)
                ours = journal.read() != ENDS_IN_A_NAME
        if not ours:
            raise DeltaEditError(
                f"{beside} is no file that a study leaves; move it away, and ask who sent it"
            )
