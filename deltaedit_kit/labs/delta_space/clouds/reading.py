"""Your own pictures and captions: from a folder, a CSV or a JSONL to a list, nothing lost silently.

    folder   pictures anywhere below it, beside or elsewhere a .txt of the same name, a caption a
             line (MultiModal-CelebA-HQ: images/0.jpg and text/celeba-caption/0.txt)
    CSV      a column picture (or image, file, path, file_name) and columns caption...; rows of one
             picture add up
    JSONL    {"picture": "0.jpg", "caption": "..."} or {"captions": ["...", "..."]} a line

What cannot be used (a missing picture, an empty caption, a broken line) is listed in `skipped`,
with its reason; an error is raised only when nothing is left.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deltaedit_kit.errors import DeltaEditError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
PICTURE_NAMES = ("picture", "image", "file", "path", "filepath", "file_name", "filename", "img")
CAPTION_NAMES = ("caption", "text", "sentence", "description")


@dataclass(frozen=True)
class PicturesAndCaptions:
    """`items`: (picture file, its captions), sorted as found; `skipped`: one line each."""

    items: tuple[tuple[Path, tuple[str, ...]], ...]
    skipped: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.items)


def read_captions(source: str | Path) -> PicturesAndCaptions:
    """Pictures with captions of a folder, a .csv or a .jsonl file; pictures are not opened yet.

    Raises DeltaEditError when `source` is not there or of another kind, and when no picture with
    a caption is left.
    """
    source = Path(source).expanduser()
    skipped: list[str] = []
    if source.is_dir():
        found = _folder(source, skipped)
    elif source.suffix.lower() == ".csv" and source.is_file():
        found = _table(source, skipped)
    elif source.suffix.lower() in (".jsonl", ".ndjson") and source.is_file():
        found = _lines(source, skipped)
    else:
        kind = "is not there" if not source.exists() else "is neither a folder nor .csv nor .jsonl"
        raise DeltaEditError(f"{source} {kind}; give pictures with captions as one of the three")
    captions: dict[Path, list[str]] = {}
    for where, picture, caption in found:
        text = " ".join(caption.split())
        if not text:
            skipped.append(f"{where}: the caption is empty")
        elif not picture.is_file():
            skipped.append(f"{where}: there is no picture {picture.name}")
        else:
            captions.setdefault(picture, []).append(text)
    if not captions:
        first = f"; first reason: {skipped[0]}" if skipped else ""
        raise DeltaEditError(f"no picture with a caption in {source}{first}; check its layout")
    items = tuple((picture, tuple(dict.fromkeys(texts))) for picture, texts in captions.items())
    return PicturesAndCaptions(items, tuple(skipped))


Found = Iterator[tuple[str, Path, str]]  # where it stood, picture, caption


def _folder(folder: Path, skipped: list[str]) -> Found:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    texts = {path.stem: path for path in files if path.suffix.lower() == ".txt"}
    for picture in (path for path in files if path.suffix.lower() in SUFFIXES):
        beside = picture.with_suffix(".txt")
        text = beside if beside.is_file() else texts.get(picture.stem)
        if text is None:
            skipped.append(f"{picture.name}: no text file {picture.stem}.txt")
            continue
        lines = text.read_text(encoding="utf-8-sig", errors="replace").splitlines()
        captions = [line for line in lines if line.strip()] or [""]
        for caption in captions:
            yield text.name, picture, caption


def _table(file: Path, skipped: list[str]) -> Found:
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        reader = csv.DictReader(opened)
        names = [str(name) for name in reader.fieldnames or ()]
        picture = next((name for name in names if name.strip().lower() in PICTURE_NAMES), None)
        captions = [name for name in names if name.strip().lower().startswith(CAPTION_NAMES)]
        if picture is None or not captions:
            raise DeltaEditError(
                f"{file.name} has the columns {', '.join(names) or '(none)'}; name one of them "
                "'picture' and one 'caption'"
            )
        for number, row in enumerate(reader, start=2):
            where = f"{file.name} line {number}"
            texts = [row[name] for name in captions if (row[name] or "").strip()]
            if not row[picture]:
                skipped.append(f"{where}: no picture named")
                continue
            for text in texts or [""]:
                yield where, _beside(file, str(row[picture])), str(text)


def _lines(file: Path, skipped: list[str]) -> Found:
    lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        where = f"{file.name} line {number}"
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except ValueError:
            skipped.append(f"{where}: not JSON")
            continue
        picture = _first(entry, PICTURE_NAMES) if isinstance(entry, dict) else None
        told = _first(entry, (*CAPTION_NAMES, "captions", "texts")) if picture else None
        if not isinstance(picture, str) or told is None:
            skipped.append(f"{where}: no picture or no caption named")
            continue
        for caption in told if isinstance(told, list) else [told]:
            yield where, _beside(file, picture), str(caption)


def _beside(file: Path, picture: str) -> Path:
    """Relative paths count from the file that names them; absolute ones stay."""
    return file.parent / picture.strip()


def _first(entry: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((entry[name] for name in names if name in entry), None)
