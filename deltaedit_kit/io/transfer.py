"""The bytes of one address, all of one version: cut transfers go on, other answers are refused.

    GET                                              -> 200, the whole file
    GET, Range: bytes=n-, If-Range: its version      -> 206, the rest; or 200, another version whole

Idea: a server may cut, lie and change its mind, and nobody may have published a hash. So an answer
is the file only if its status says so, a rest is taken only for the version that was begun, and no
more is written than was declared.

The transfer is ours: `gdown.download` forgets the version of a file between two tries, and takes
answers that are none. What gdown knows of Google Drive's pages is used.

Source: RFC 9110, sections 13.1.5 (If-Range), 14 (ranges), 15.3 (status codes).
"""

from __future__ import annotations

import random
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from deltaedit_kit.domain.spec import PublishedFile

if TYPE_CHECKING:
    from requests import Response, Session
    from tqdm import tqdm

NOTE = ".version"  # of the file that says what is being loaded
RETRIES = 3  # after a cut, each with a longer pause; more as long as bytes arrive in between
SILENCE = (15.0, 60.0)  # seconds to wait for a connection, and for the next byte
CHUNK = 2**16  # bytes
LARGEST = 20e9  # bytes of a file whose size nobody declared
OK, PART, NO_SUCH_PART = 200, 206, 416
DRIVE = ("drive.google.com", "docs.google.com", "drive.usercontent.google.com")
PAGE = 2**20  # bytes of Google Drive's page that are looked at


class Refused(Exception):
    """An answer that is not the file; the words say what it is."""


def transferred(address: str, content: Path, file: PublishedFile) -> None:
    """Write the whole answer of one address to `content`, going on from what is there.

    Raises Refused for an answer that is not the file, and RequestException when it stays cut.
    """
    from requests import ConnectionError as CutError
    from requests import RequestException, Session
    from tqdm.auto import tqdm

    version = version_begun(content, address)  # of the bytes that are here
    failed = 0
    with Session() as session, tqdm(desc=file.name, unit="B", unit_scale=True) as bar:
        session.headers["Accept-Encoding"] = "identity"
        while True:
            known = version or file.sha256
            if not known:  # nothing could tell whether the rest is of the same version
                content.unlink(missing_ok=True)
            before = size_of(content)
            try:
                with ask(session, address, before, version) as answer:
                    try:
                        start = begins_at(answer, before, version)
                    except Refused as cause:
                        if not before:
                            raise
                        content.unlink()  # perhaps it only cannot go on in the middle
                        raise CutError(str(cause)) from None
                    version = version_of(answer)
                    if not start:  # or older bytes would pass for this version
                        content.unlink(missing_ok=True)
                    begin_version(content, address, version)
                    receive(answer, content, start, most_bytes(file), bar)
                break
            except RequestException:
                failed = 0 if known and size_of(content) > before else failed + 1
                if failed > RETRIES:
                    raise
                time.sleep(random.uniform(0, min(2**failed, 30)))
    if file.megabytes and not file.sha256 and size_of(content) < file.megabytes * 5e5 - 1e6:
        raise Refused(f"sent {size_of(content) / 1e6:.1f} MB, declared are {file.megabytes:g}")


def version_begun(content: Path, address: str) -> str | None:
    """The version that an earlier process began to load from this address, if it could tell."""
    try:
        note = content.with_suffix(NOTE).read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError):
        return None
    return note[1] if len(note) > 1 and note[0] == address and note[1] else None


def begin_version(content: Path, address: str, version: str | None) -> None:
    """Note it beside the content, before a byte of it arrives."""
    note, text = content.with_suffix(NOTE), f"{address}\n{version or ''}"
    if not note.exists() or note.read_text(encoding="utf-8", errors="replace") != text:
        note.write_text(text, encoding="utf-8")


def ask(session: Session, address: str, start: int, version: str | None) -> Response:
    """The answer to a request for the bytes from `start`, of this version if it is known."""
    from gdown.download import get_url_from_gdrive_confirmation
    from gdown.exceptions import FileURLRetrievalError

    headers = {"Range": f"bytes={start}-"} if start else {}
    if start and version:
        headers["If-Range"] = version
    answer = session.get(address, stream=True, timeout=SILENCE, headers=headers)
    page = answer.headers.get("Content-Type", "").startswith("text/html")
    if not page or urlsplit(answer.url).hostname not in DRIVE:
        return answer
    with answer:  # Google Drive asks whether one is sure, or says that a quota is used up
        text = next(answer.iter_content(PAGE), b"").decode("utf-8", "replace")
    try:
        confirmed = get_url_from_gdrive_confirmation(text)
    except FileURLRetrievalError:
        raise Refused("says that it gives no file now: its quota is used up") from None
    return session.get(confirmed, stream=True, timeout=SILENCE, headers=headers)


def begins_at(answer: Response, asked: int, version: str | None) -> int:
    """Where the bytes of an answer belong; Refused where it is not the file, or not this part."""
    status = answer.status_code
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise Refused("sent it compressed, which nobody asked for")
    if status == OK:
        return 0
    if status == NO_SUCH_PART and asked:
        raise Refused("has another version of the file than the one that was begun")
    if status != PART:
        raise Refused(f"answered {status}")
    found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.headers.get("Content-Range", ""))
    if not asked or not found or int(found[1]) != asked or int(found[2]) + 1 != int(found[3]):
        raise Refused("sent a part of the file that nobody asked for")
    if version and version_of(answer) not in (None, version):
        raise Refused("changed the file while it was being sent")
    return asked


def version_of(answer: Response) -> str | None:
    """What tells this version of a file from another: a strong ETag, or its date."""
    tag = answer.headers.get("ETag", "")
    return answer.headers.get("Last-Modified") if tag.startswith("W/") or not tag else tag


def receive(answer: Response, content: Path, start: int, most: float, bar: tqdm) -> None:
    """Write the bytes of an answer behind the first `start`; Refused for more than `most`."""
    from requests import ConnectionError as CutError

    length = answer.headers.get("Content-Length", "")
    expected = start + int(length) if length.isascii() and length.isdecimal() else None
    bar.total, done = expected, start
    with content.open("r+b" if start else "wb") as target:
        target.truncate(start)
        target.seek(start)
        bar.update(start - bar.n)
        if expected is not None and expected > most:
            raise Refused(f"sends {expected / 1e6:.1f} MB, declared are at most {most / 1e6:.1f}")
        for piece in answer.iter_content(CHUNK):
            target.write(piece)
            done += len(piece)
            if done > most:
                raise Refused(f"sends more than the {most / 1e6:.1f} MB that are declared")
            bar.update(done - bar.n)
    if expected is not None and done < expected:
        raise CutError("the connection was cut")
    if not done:
        raise Refused("sent nothing")


def most_bytes(file: PublishedFile) -> float:
    """How many bytes a file may have: its declared size is about right."""
    return LARGEST if file.megabytes is None else 1.5e6 * file.megabytes + 1e6


def size_of(content: Path) -> int:
    """Bytes of a file that may not be there yet."""
    return content.stat().st_size if content.exists() else 0
