"""A domain written down: JSON that names files, words and settings, and nothing that could run.

    {"format": "deltaedit-domain", "version": 1, "name": "ffhq", "resolution": 1024, ...,
     "networks": {"generator": [{"file": "...", "addresses": ["https://..."], "sha256": "..."}]},
     "absent": {"mapper": "none was published"}}

The published domains of the kit and a folder of one's own are written in the same form. What the
form does not know is refused by name, since a misspelt `treshold` would be ignored silently; a
file name is a plain name, so that no declaration, whoever wrote it, can point outside its folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deltaedit_kit.clip_tokenizer import open_clip_file
from deltaedit_kit.domain_spec import NETWORKS, DomainSpec, PublishedFile
from deltaedit_kit.errors import DeltaEditError, finite_number, whole_number
from deltaedit_kit.io.cache import regular_file

FORMAT, VERSION = "deltaedit-domain", 1
FILE_NAME = "domain.json"  # of the declaration in a folder of one's own
LARGEST = 1_000_000  # bytes of a declaration; an honest one has some thousand
IMAGENET = "imagenet"  # stands for the 79 frames that DeltaEdit averages texts over
LEFT_OUT = "a photo of many {}."  # the one of CLIP's 80 frames that DeltaEdit does not use

# The fields that a declaration may have.
KNOWN = {
    *("format", "version", "name", "title", "resolution", "neutral", "licence", "preprocessing"),
    *("threshold", "strength", "truncation", "examples", "networks"),
    *("relevance_preprocessing", "templates", "absent"),
}
DEVICE = r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)"  # names that are no files on Windows
PLAIN_NAME = re.compile(
    rf"(?!(?i:{DEVICE}))[A-Za-z0-9][A-Za-z0-9._-]{{0,98}}[A-Za-z0-9_-]|[A-Za-z0-9]"
)
HASH_DIGITS = {"sha256": 64, "git_blob": 40}


def read_declaration(path: Path) -> DomainSpec:
    """The domain that the JSON file at `path` declares.

    Raises `DeltaEditError` naming the file, the field, and what is accepted there.
    """
    try:
        path = regular_file(path)
        if path.stat().st_size > LARGEST:
            raise DeltaEditError(f"{path} is larger than {LARGEST} bytes: no domain is declared so")
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as cause:
        raise DeltaEditError(
            f"cannot read a domain from {path}: {cause}; give a folder with a {FILE_NAME}"
        ) from None
    return declared(content, str(path))


def declared(content: Any, where: str) -> DomainSpec:
    """The domain that parsed JSON declares; `where` names it in errors, raised as above."""
    if not isinstance(content, Mapping) or content.get("format") != FORMAT:
        raise DeltaEditError(f'{where} declares no domain; begin it with {{"format": "{FORMAT}"}}')
    if content.get("version") != VERSION:
        raise DeltaEditError(
            f"{where} has version {content.get('version')!r}, this kit reads {VERSION}; update it"
        )
    check_keys(content, KNOWN, where)
    seen_by_relevance = "relevance_preprocessing"
    name = a_text(content, "name", where)
    if not PLAIN_NAME.fullmatch(name):  # it becomes the name of a folder in the cache
        raise DeltaEditError(
            f"{where}: name is {name[:60]!r}; give letters, digits, '.', '_' and '-'"
        )
    return DomainSpec(
        name=name,
        title=a_text(content, "title", where),
        resolution=whole_number(f"{where}: resolution", content.get("resolution"), 32, 4096),
        neutral=a_text(content, "neutral", where),
        threshold=a_number(content, "threshold", where),
        strength=a_number(content, "strength", where),
        truncation=a_number(content, "truncation", where),
        templates=templates(content.get("templates", []), where),
        preprocessing=a_text(content, "preprocessing", where),
        relevance_preprocessing=(
            a_text(content, seen_by_relevance, where) if seen_by_relevance in content else None
        ),
        licence=a_text(content, "licence", where),
        examples=text_list(content.get("examples", []), f"{where}: examples"),
        published=networks(content.get("networks", {}), where),
        absent=reasons(content.get("absent", {}), where),
    )


def templates(value: Any, where: str) -> tuple[str, ...]:
    """The frames of texts: a list, or "imagenet" for those of CLIP's authors without one.

    open_clip carries them.
    """
    if value != IMAGENET:
        return text_list(value, f"{where}: templates")
    module = open_clip_file("zero_shot_metadata")
    frames = (frame("{}") for frame in module.OPENAI_IMAGENET_TEMPLATES)
    return tuple(frame for frame in frames if frame != LEFT_OUT)


def networks(value: Any, where: str) -> dict[str, tuple[PublishedFile, ...]]:
    """For every network its files, best first."""
    if not isinstance(value, Mapping):
        raise DeltaEditError(f'{where}: networks is no object; give {{"generator": [...], ...}}')
    check_keys(value, set(NETWORKS), f"{where}: networks")
    found = {}
    for network, files in value.items():
        place = f"{where}: networks.{network}"
        if not isinstance(files, list) or not files:
            raise DeltaEditError(f"{place} is no list of files; give [{{...}}]")
        found[network] = tuple(one_file(entry, place) for entry in files)
    return found


def one_file(entry: Any, where: str) -> PublishedFile:
    """One file of a network, every field checked."""
    if not isinstance(entry, Mapping):
        raise DeltaEditError(f'{where}: a file is declared as {{"file": "name", ...}}')
    known = {field.name for field in fields(PublishedFile)} - {"name"} | {"file"}
    check_keys(entry, known, where)
    name = a_text(entry, "file", where)
    if not PLAIN_NAME.fullmatch(name):
        raise DeltaEditError(
            f"{where}: {name[:60]!r} is no plain file name; put the file into the folder of the "
            "domain and give its name, made of letters, digits, '.', '_' and '-'"
        )
    addresses = text_list(entry.get("addresses", []), f"{where}: addresses")
    for address in addresses:
        if urlsplit(address).scheme not in ("http", "https"):
            raise DeltaEditError(f"{where}: {address[:80]!r} is no http or https address")
    hashes = {key: a_hash(entry[key], key, where) for key in HASH_DIGITS if entry.get(key)}
    notes = {key: a_text(entry, key, where) for key in ("licence", "page", "facts") if key in entry}
    size = a_number(entry, "megabytes", where) if "megabytes" in entry else None
    return PublishedFile(name, addresses, megabytes=size, **hashes, **notes)


def reasons(value: Any, where: str) -> dict[str, str]:
    """Why a network is not there, for each one that is not."""
    if not isinstance(value, Mapping):
        raise DeltaEditError(f'{where}: absent is no object; give {{"mapper": "reason"}}')
    check_keys(value, set(NETWORKS), f"{where}: absent")
    return {network: a_text(value, network, f"{where}: absent") for network in value}


def check_keys(content: Mapping[str, Any], known: set[str], where: str) -> None:
    """Refuse a field that the form does not have, with the nearest one that it has."""
    for key in content:
        if key not in known:
            near = get_close_matches(str(key), sorted(known), n=1)
            advice = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
            raise DeltaEditError(f"{where}: there is no field {str(key)[:60]!r}; {advice}")


def a_text(content: Mapping[str, Any], key: str, where: str) -> str:
    """The text in a field that must hold one."""
    value = content.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DeltaEditError(f"{where}: {key} is {value!r:.60}; give a text")
    return value


def a_number(content: Mapping[str, Any], key: str, where: str) -> float:
    """The finite number in a field that must hold one."""
    return finite_number(f"{where}: {key}", content.get(key))


def text_list(value: Any, where: str) -> tuple[str, ...]:
    """A list of texts, as a tuple."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise DeltaEditError(f"{where} is no list of texts")
    return tuple(value)


def a_hash(value: Any, key: str, where: str) -> str:
    """Lower-case hex digits, as many as the hash has."""
    digits = HASH_DIGITS[key]
    if not isinstance(value, str) or not re.fullmatch(f"[0-9a-f]{{{digits}}}", value):
        raise DeltaEditError(f"{where}: {key} is {value!r:.60}; give {digits} hex digits")
    return value
