"""Where files of published domains lie, and the check that a file is what it should be.

    <cache>/files/       what was downloaded, shared by all domains, each with its SHA-256 beside it
    <cache>/<domain>/    what was made here for a domain: its mapper, its relevance matrix
    <cache>/partial/     downloads on their way
    <cache>/paper/       the released CLIP features of the paper
    <cache> = the environment's DELTAEDIT_CACHE, else the folder that this system has for caches

A published hash is enforced. Where nobody published one, the first file that its reader could read
is trusted, its hash recorded in the form that `sha256sum --check` reads, and any other content
refused from then on (trust on first use, as ssh does with the keys of hosts).
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from deltaedit_kit.domain.spec import PublishedFile
from deltaedit_kit.support.atomic import check_regular_file, write_text
from deltaedit_kit.support.errors import DeltaEditError

VARIABLE = "DELTAEDIT_CACHE"
HASH_DIGITS = 64  # of SHA-256


def cache_root() -> Path:
    """The one root of everything that the kit keeps between runs; nothing is made yet."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(os.path.expanduser(chosen))
    import pooch

    return Path(pooch.os_cache("deltaedit"))


def downloads_folder() -> Path:
    """Where downloads lie, those of all domains together: they share CLIP."""
    return cache_root() / "files"


def own_folder(domain: str) -> Path:
    """Where what is made on this machine for a domain lies: codes, mapper, relevance."""
    return cache_root() / domain


def record_of(path: Path) -> Path:
    """The file that holds the SHA-256 first seen for `path`."""
    return path.with_name(f"{path.name}.sha256")


def check_hashes(path: Path, file: PublishedFile) -> str:
    """Make sure that `path` holds what was published; returns its SHA-256.

    Raises `DeltaEditError` when the content is another; the message names both hashes and what to
    do.
    """
    found = sha256(path)
    if file.sha256 and found != file.sha256:
        raise DeltaEditError(
            f"{path} is damaged or another file: its SHA-256 is {found}, published is "
            f"{file.sha256}; delete it and run this again"
        )
    if file.git_blob and (blob := git_blob_of(path)) != file.git_blob:
        raise DeltaEditError(
            f"{path} is damaged or another file: git would store it as {blob}, published is "
            f"{file.git_blob}; delete it and run this again"
        )
    return found


def first_seen(path: Path) -> str | None:
    """The SHA-256 that was recorded for `path`; None where none was."""
    record = record_of(path)
    if not record.exists():
        return None
    with check_regular_file(record).open("rb") as file:  # no more of it, whoever wrote it
        found = file.read(HASH_DIGITS).decode("ascii", "replace").split(" ")[0].strip()
    if not found.isalnum():
        raise DeltaEditError(f"{record} holds no SHA-256; delete it, and what it stands beside")
    return found


def record_first_seen(path: Path, found: str) -> None:
    """Compare with the recorded hash, or record this one where there is none."""
    seen = first_seen(path)
    if seen is None:
        with suppress(PermissionError):  # a shared cache of a class: whoever filled it recorded it
            write_text(record_of(path), f"{found}  {path.name}\n")
    elif seen != found:
        raise DeltaEditError(
            f"{path} has changed: its SHA-256 is {found}, when first seen here it was {seen}; "
            f"delete it to download it again, or delete {record_of(path).name} if that is meant"
        )


def sha256(path: Path) -> str:
    """Hex digits of the content's SHA-256."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def git_blob_of(path: Path) -> str:
    """The name under which git stores this content: SHA-1 over a short header and the content."""
    header = f"blob {path.stat().st_size}\0".encode()
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, lambda: hashlib.sha1(header, usedforsecurity=False))
    return digest.hexdigest()
