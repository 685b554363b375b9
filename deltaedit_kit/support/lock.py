"""One writer for each folder: a lock that ends with the process that holds it.

Idea: the operating system keeps the lock of an open file (flock; LockFileEx on Windows) and
releases it when the process ends, however it ends. So a killed run blocks nobody, and two runs
cannot overwrite each other's files. The empty lock file stays: deleting it would let a third
process lock a new file while somebody still waits for the old one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from deltaedit_kit.support.errors import DeltaEditError


@contextmanager
def only_writer(folder: Path | None, name: str, patience: float = 0.0) -> Iterator[None]:
    """While the block runs, nobody else writes `name` in `folder`; None locks nothing.

    Raises DeltaEditError when another process (or thread) holds it, after `patience` seconds.
    """
    if folder is None:
        yield
        return
    lock = FileLock(str(folder / f".{name}.lock"), timeout=patience, is_singleton=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise DeltaEditError(
            f"another process writes {name} in {folder}; wait until it ends, or give another folder"
        ) from None
    except OSError as cause:
        raise DeltaEditError(f"cannot write to {folder}: {cause}; give another folder") from None
    try:
        yield
    finally:
        lock.release()
