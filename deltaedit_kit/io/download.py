"""From an address to a checked file: resume, retry, mirrors, one process at a time.

    for each address:  transfer --cut?--> go on from there --whole?--> hash right? --> into place

gdown transfers (it resumes by HTTP ranges and knows the detours of Google Drive), pooch checks the
hash and moves the file into place. Bytes on their way lie in a folder of their own, so that a name
in the cache always is a whole file with the right hash. That folder outlives this process only
where a published hash can tell whether old and new bytes fit together.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deltaedit_kit.domain_spec import PublishedFile
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.io.cache import check_content

RETRIES = 3  # after a cut, each with a longer pause; more as long as bytes arrive in between
SILENCE = (15.0, 60.0)  # seconds to wait for a connection, and for the next byte
PAGE_MARKS = (b"<!doctype", b"<html")  # a server's excuse, sent in place of a file

Tell = Callable[[str], None]


def obtain(
    files: Sequence[PublishedFile],
    folder: Path,
    tell: Tell | None = None,
    retries: int = RETRIES,
) -> Path:
    """The path of the first of `files` that lies in `folder` or can be downloaded into it.

    `tell` is given the licence note before a download starts (None: to stderr, together with the
    progress bar). Any number of processes may ask for the same file at once: one of them loads it.
    Raises `DeltaEditError` when a file in place is not what it should be, when no address answers
    (naming the file, the pages where it is, and the folder), and when the disk is full.
    """
    found = in_place(files, folder)
    if found is not None:
        return found
    reachable = [file for file in files if file.addresses]
    failures: list[str] = []
    for file in reachable:
        with only_me(folder, file.name, tell or note):
            waited_for = in_place([file], folder)
            if waited_for is not None:
                return waited_for
            (tell or note)(f"{described(file)}. Licence: {file.licence or 'not stated'}")
            if load(file, folder, failures, retries):
                return folder / file.name
    raise DeltaEditError(by_hand(files, folder, failures))


def in_place(files: Iterable[PublishedFile], folder: Path) -> Path | None:
    """The first file that lies in `folder`, its content checked; None if there is none."""
    for file in files:
        path = folder / file.name
        if path.is_file():
            check_content(path, file)
            return path
    return None


def load(file: PublishedFile, folder: Path, failures: list[str], retries: int) -> bool:
    """Try every address in turn; what went wrong is added to `failures`. True when in place."""
    import pooch
    from gdown.exceptions import DownloadError
    from requests import RequestException

    pooch.get_logger().setLevel("WARNING")  # it would repeat what `tell` says
    partial = folder / f".{file.name}.partial"
    if not file.sha256:
        shutil.rmtree(partial, ignore_errors=True)  # of a killed process, and not to be checked

    def transfer(address: str, target: Any, _: Any) -> None:
        os.replace(transferred(address, partial, file.name, retries), target)

    downloader: Any = transfer  # what pooch calls a Downloader: (address, file to write, pooch)
    for address in file.addresses:
        try:
            pooch.retrieve(address, file.sha256, file.name, folder, downloader=downloader)
            check_content(folder / file.name, file)
        except (RequestException, DownloadError, ValueError) as cause:
            # ValueError: pooch's for a wrong hash, and ours of check_content.
            if isinstance(cause, DeltaEditError):
                (folder / file.name).unlink(missing_ok=True)
            wrong = isinstance(cause, ValueError) and not isinstance(cause, RequestException)
            failures.append(f"{urlsplit(address).netloc} {reason(cause, wrong)}")
            if wrong or not file.sha256:  # nothing could tell whether a later rest fits to it
                shutil.rmtree(partial, ignore_errors=True)
        except OSError as cause:
            shutil.rmtree(partial, ignore_errors=True)
            raise DeltaEditError(disk_trouble(cause, file, folder)) from cause
        else:
            shutil.rmtree(partial, ignore_errors=True)
            return True
    return False


def transferred(address: str, partial: Path, name: str, retries: int) -> Path:
    """The whole answer of one address as a file in `partial`, going on from what is there."""
    from gdown import download
    from gdown.exceptions import DownloadError
    from requests import HTTPError, RequestException
    from tqdm.auto import tqdm

    partial.mkdir(parents=True, exist_ok=True)
    target, started_afresh = partial / name, False
    while True:
        before = bytes_in(partial)
        with tqdm(desc=name, unit="B", unit_scale=True, initial=before) as bar:

            def show(done: int, total: int | None, bar: tqdm = bar) -> None:
                bar.total = total
                bar.update(done - bar.n)

            try:
                download(
                    address,
                    str(target),
                    quiet=True,
                    use_cookies=False,
                    resume=True,
                    progress=show,
                    timeout=SILENCE,
                    retries=retries,
                )
            except HTTPError:  # the server answered: it has no such file
                raise
            except (DownloadError, RequestException):
                if bytes_in(partial) > before:  # slow, but it moves
                    continue
                if not before or started_afresh:
                    raise
                # Perhaps this server cannot go on in the middle, or the file is a new one.
                started_afresh = True
                shutil.rmtree(partial)
                partial.mkdir()
                continue
        refuse_page(target)
        return target


def refuse_page(path: Path) -> None:
    """Raise when a web page came in place of a file, as it does when a quota is used up."""
    from gdown.exceptions import DownloadError

    with path.open("rb") as content:
        start = content.read(200).lstrip().lower()
    if start.startswith(PAGE_MARKS):
        path.unlink()
        raise DownloadError("sent a web page instead of the file")


def bytes_in(folder: Path) -> int:
    """How many bytes of a transfer have arrived so far."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


@contextmanager
def only_me(folder: Path, name: str, tell: Tell) -> Iterator[None]:
    """Inside, no other process loads the file `name` into `folder`; waits for one that does."""
    from filelock import FileLock, Timeout

    locks = folder / ".locks"
    try:
        locks.mkdir(parents=True, exist_ok=True)
        lock = FileLock(locks / f"{name}.lock")
        try:
            lock.acquire(timeout=0.1)
        except Timeout:
            tell(f"another process is loading {name}; waiting for it")
            lock.acquire()
    except OSError as cause:
        raise DeltaEditError(disk_trouble(cause, PublishedFile(name), folder)) from cause
    try:
        yield
    finally:
        lock.release()


def described(file: PublishedFile) -> str:
    """Name and size of a file, for people."""
    size = "size not known" if file.megabytes is None else f"{file.megabytes:.0f} MB"
    return f"{file.name} ({size})"


def note(text: str) -> None:
    """Say something beside the progress bar."""
    print(text, file=sys.stderr, flush=True)


def reason(cause: Exception, wrong_content: bool) -> str:
    """What went wrong at an address, in a few words."""
    response = getattr(cause, "response", None)
    if response is not None:
        return f"answered {response.status_code}"
    if wrong_content:
        return "sent another file than the one published or first seen here (wrong hash)"
    words = " ".join(str(cause).split())
    return words if len(words) <= 120 else f"{words[:117]}..."


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
