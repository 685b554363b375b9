"""From an address to a file in place: resume, retry, mirrors, checks, one process at a time.

    each address:  GET --cut?--> GET the rest of the same version --whole?--> check --> into place
    check:         published hash, or: sizes as declared, read whole by its reader, hash recorded

Idea: a name in a folder of files always is a whole file that its reader has read, so bytes on their
way lie in the cache of this machine and are moved when they have passed. The folder may be one that
somebody sent: nothing of its own is read, followed or written to on the way.

`pooch.retrieve` is not used: it has a file in place before anybody has read it, and leaves
temporary ones when it is killed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from deltaedit_kit.domain.spec import PublishedFile
from deltaedit_kit.io.cache import cache_root, check_hashes, first_seen, record_first_seen
from deltaedit_kit.io.transfer import Refused, size_of, transferred
from deltaedit_kit.support.atomic import remove_leftovers, replacing
from deltaedit_kit.support.errors import DeltaEditError

Accept = Callable[[Path], object]


def obtain(files: Sequence[PublishedFile], folder: Path, accept: Accept | None = None) -> Path:
    """The path of the first of `files` that lies in `folder` or can be downloaded into it.

    `accept` reads a file without a published hash whole, before it counts as the file, and raises
    DeltaEditError for another. Licence note and progress bar go to stderr. Any number of processes
    may ask for the same file at once: one of them loads it. Raises `DeltaEditError` when a file in
    place is not what it should be, when no address answers with it (naming the file, the pages
    where it is, and the folder), and when the disk is full.
    """
    found = in_place(files, folder, accept)
    if found is not None:
        return found
    failures: list[str] = []
    for file in files:
        if not file.addresses:
            continue
        with only_me(folder / file.name, file) as work:
            waited_for = in_place([file], folder, accept)
            if waited_for is not None:
                return waited_for
            note(f"{described(file)}. Licence: {file.licence or 'not stated'}")
            for address in file.addresses:
                failure = load(address, file, folder, work, accept)
                if failure is None:
                    return folder / file.name
                failures.append(f"{urlsplit(address).netloc} {failure}")
    raise DeltaEditError(by_hand(files, folder, failures))


def in_place(files: Iterable[PublishedFile], folder: Path, accept: Accept | None) -> Path | None:
    """The first file that lies in `folder`, its content checked; None if there is none."""
    for file in files:
        path = folder / file.name
        if path.is_file():
            found = check_hashes(path, file)
            if file.addresses and not file.sha256:  # else it is the user's own, to change
                if accept is not None and not file.git_blob and first_seen(path) is None:
                    accept(path)
                record_first_seen(path, found)
            return path
    return None


def load(
    address: str, file: PublishedFile, folder: Path, work: Path, accept: Accept | None
) -> str | None:
    """Get the file from one address into place; None, or in a few words why not."""
    from requests import RequestException

    target, content = folder / file.name, work / "content"
    try:
        try:
            transferred(address, content, file)
            found = check_hashes(content, file)
            if not file.sha256:
                if accept is not None and not file.git_blob:
                    accept(content)
                if first_seen(target) not in (None, found):
                    raise DeltaEditError("not the one first seen here")
        except RequestException as cause:  # what came is kept, for the next try
            return shortened(str(cause), content)
        except Refused as cause:
            content.unlink(missing_ok=True)
            return shortened(str(cause), content)
        except DeltaEditError as cause:
            content.unlink(missing_ok=True)
            return f"sent another file: {shortened(str(cause), content)}"
        move(content, target)
        if not file.sha256:
            record_first_seen(target, found)
    except OSError as cause:
        content.unlink(missing_ok=True)
        raise DeltaEditError(disk_trouble(cause, file, folder)) from cause
    return None


def move(content: Path, target: Path) -> None:
    """Put a checked file into its place in one step, also from another disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target.parent, {target.name})
    try:
        os.replace(content, target)
    except OSError as cause:
        if cause.errno != errno.EXDEV:
            raise
        with replacing(target) as beside:
            shutil.copyfile(content, beside)
        content.unlink()


@contextmanager
def only_me(target: Path, file: PublishedFile) -> Iterator[Path]:
    """A folder of this machine's cache to work in, while no other process loads `target`.

    Waits for one that does. It outlives a killed process, so that the next one goes on in it.
    """
    from filelock import FileLock, Timeout

    place = f"{os.path.realpath(target)} {file.sha256}"
    work = cache_root() / "partial" / hashlib.sha256(os.fsencode(place)).hexdigest()[:16]
    try:
        work.mkdir(parents=True, exist_ok=True)
        lock = FileLock(work.with_suffix(".lock"))
        try:
            lock.acquire(timeout=0.1)
        except Timeout:
            note(f"another process is loading {file.name}; waiting for it")
            lock.acquire()
        work.mkdir(exist_ok=True)  # whoever was waited for has removed it
    except OSError as cause:
        raise DeltaEditError(disk_trouble(cause, file, work)) from cause
    try:
        yield work
    finally:
        if not size_of(work / "content"):
            shutil.rmtree(work, ignore_errors=True)
        lock.release()


def described(file: PublishedFile) -> str:
    """Name and size of a file, for people."""
    size = "size not known" if file.megabytes is None else f"{file.megabytes:.0f} MB"
    return f"{file.name} ({size})"


def note(text: str) -> None:
    """Say something beside the progress bar."""
    print(text, file=sys.stderr, flush=True)


def shortened(words: str, content: Path) -> str:
    """What went wrong at an address, in a few words, without the place of unfinished work."""
    words = " ".join(words.replace(f"{content}: ", "").replace(str(content), "it").split())
    return words if len(words) <= 160 else f"{words[:157]}..."


def by_hand(files: Sequence[PublishedFile], folder: Path, failures: Sequence[str]) -> str:
    """What to do when no address gives the file: where a person finds it, where to put it."""
    names = " or ".join(described(file) for file in files)
    pages = " or ".join(dict.fromkeys(file.page for file in files if file.page))
    tried = "; ".join(failures) or "no address is known"
    source = f"get it from {pages}" if pages else "get it from where you got this domain"
    return (
        f"cannot download {names}: {tried}. Check the network, or {source} and put it in {folder}"
    )


def disk_trouble(cause: OSError, file: PublishedFile, folder: Path) -> str:
    """One line for a disk that is full or a folder that nobody may write to."""
    full = cause.errno in (errno.ENOSPC, errno.EDQUOT)
    what = "no room" if full else f"cannot write ({cause.strerror or cause})"
    return (
        f"{what} for {described(file)} in {folder}; make room, or set the environment variable "
        "DELTAEDIT_CACHE to another folder"
    )
