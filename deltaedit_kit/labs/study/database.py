"""A SQLite file that many processes write to: everyone waits for their turn, nobody loses a row.

Idea: write-ahead logging (https://www.sqlite.org/wal.html) lets others read while one writes; a
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
from pathlib import Path
from typing import Any, TypeVar

from deltaedit_kit.support.errors import DeltaEditError

T = TypeVar("T")
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

    def script(self, statements: str) -> None:
        """Run statements that make tables; for a file that nobody else has open."""
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
