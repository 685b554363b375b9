"""Your own pictures and captions: from a folder, a CSV or a JSONL to a list, nothing lost silently.

    folder   pictures anywhere below it, each with a .txt of its name beside it, a caption a line;
             or all texts elsewhere, if names say which belongs to which
             (MultiModal-CelebA-HQ: images/0.jpg and text/celeba-caption/0.txt)
    CSV, JSONL   see caption_files.py; relative paths count from the file that names them

What cannot be used (a missing picture, an empty caption, a broken line) is listed in `skipped`,
with its reason; an error is raised only when nothing is left.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deltaedit_kit.labs.delta_space.clouds.caption_files import (
    Skip,
    read_captions_of,
    read_lines,
    read_table,
    unreadable,
)
from deltaedit_kit.labs.photo.bounds import shown
from deltaedit_kit.support.atomic import check_path
from deltaedit_kit.support.errors import DeltaEditError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})


@dataclass(frozen=True)
class PicturesAndCaptions:
    """`items`: (picture file, its captions), sorted as found; `skipped`: one line each."""

    items: tuple[tuple[Path, tuple[str, ...]], ...]
    skipped: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.items)


def read_captions(source: str | os.PathLike[str]) -> PicturesAndCaptions:
    """Pictures with captions of a folder, a .csv or a .jsonl file; pictures are not opened yet.

    White space inside a caption becomes single spaces, and equal captions of one picture count
    once; nothing else changes. Raises DeltaEditError when `source` is not there or of another
    kind, and when no picture with a caption is left.
    """
    place = check_path(source)
    skipped: list[str] = []
    captions: dict[Path, list[str]] = {}
    for where, picture, caption in _found(place, skipped.append):
        text = " ".join(caption.split())
        if why := unreadable(text) or unreadable(str(picture)) or _missing(picture):
            skipped.append(f"{where}: {why}")
        elif not text:
            skipped.append(f"{where}: the caption is empty")
        else:
            captions.setdefault(picture, []).append(text)
    skipped = [shown(line, 300) for line in skipped]
    if not captions:
        first = f"; first reason: {skipped[0]}" if skipped else ""
        raise DeltaEditError(
            f"no picture with a caption in {shown(place)}{first}; check its layout"
        )
    items = tuple((picture, tuple(dict.fromkeys(texts))) for picture, texts in captions.items())
    return PicturesAndCaptions(items, tuple(skipped))


Found = Iterator[tuple[str, Path, str]]  # where it stood, picture, caption


def _found(place: Path, skip: Skip) -> Found:
    kind = place.suffix.lower()
    try:
        folder, file = place.is_dir(), place.is_file()
    except OSError as cause:
        raise DeltaEditError(f"{shown(place)} cannot be opened: {cause.strerror}") from cause
    if folder:
        yield from _folder(place, skip)
    elif file and kind in (".csv", ".jsonl", ".ndjson"):
        for where, name, caption in (read_table if kind == ".csv" else read_lines)(place, skip):
            yield where, place.parent / os.path.expanduser(name), caption
    else:
        state = "is neither a folder nor a .csv or .jsonl file" if file else "is not there"
        raise DeltaEditError(
            f"{shown(place)} {state}; give pictures with captions as one of the three"
        )


def _folder(folder: Path, skip: Skip) -> Found:
    """Pictures below a folder, each with the text that is its own and nobody else's."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    pictures = [path for path in files if path.suffix.lower() in SUFFIXES]
    texts = [path for path in files if path.suffix.lower() == ".txt"]
    at_home = {text.with_suffix("") for text in texts} & {p.with_suffix("") for p in pictures}
    # Elsewhere a name must be unique on both sides: 0.jpg of one folder is not 0.jpg of another.
    lonely, apart = defaultdict(list), defaultdict(list)
    for paths, by_name in ((pictures, lonely), (texts, apart)):
        for path in paths:
            if path.with_suffix("") not in at_home:
                by_name[path.stem].append(path)
    beside = {text.with_suffix(""): text for text in texts}
    for picture in pictures:
        text = beside.get(picture.with_suffix(""))
        if text is None:
            there, alike = apart[picture.stem], lonely[picture.stem]
            if len(there) != 1 or len(alike) != 1:
                why = "several texts or pictures have its name; put each text beside its picture"
                why = why if there else f"no text file {picture.stem}.txt"
                skip(f"{picture.relative_to(folder)}: {why}")
                continue
            text = there[0]
        try:
            captions = read_captions_of(text)
        except DeltaEditError as error:
            skip(str(error))
            continue
        for caption in captions:
            yield text.name, picture, caption
    for text in texts:
        if text.with_suffix("") not in at_home and not lonely[text.stem]:
            skip(f"{text.relative_to(folder)}: no picture of this name")


def _missing(picture: Path) -> str:
    """Why a picture cannot be opened: "" where it is a file."""
    try:
        there = picture.is_file()
    except (OSError, ValueError) as cause:  # a name too long, a folder closed to us
        return f"{picture.name[:40]}: {cause.strerror if isinstance(cause, OSError) else cause}"
    return "" if there else f"there is no picture {picture.name}"
