"""Your own pictures and captions: from a folder, a CSV or a JSONL to a list, nothing lost silently.

    folder   pictures anywhere below it, each with a .txt of its name beside it, a caption a line;
             or all texts elsewhere, if names say which belongs to which
             (MultiModal-CelebA-HQ: images/0.jpg and text/celeba-caption/0.txt)
    CSV      a column picture (or image, file_name, path ...), and caption, caption_1, caption_2 ...
             (or text, sentence, description); rows of one picture add up
    JSONL    {"picture": "0.jpg", "caption": "..."} or {"captions": ["...", "..."]} a line

Relative paths count from the file that names them. Nothing is guessed: what cannot be used (a
missing picture, bytes that are no UTF-8, cells that do not fit the columns, no text where a caption
should be) is listed in `skipped`, with its place and the reason; an error is raised only when
nothing is left. Lines end at line feeds and carriage returns; U+2028, form feeds and the like are
white space.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deltaedit_kit.labs.photo.bounds import shown
from deltaedit_kit.support.atomic import check_path
from deltaedit_kit.support.errors import DeltaEditError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
PICTURE_NAMES = ("picture", "file_name", "filename", "image", "img", "file", "filepath", "path")
CAPTION_NAMES = ("caption", "text", "sentence", "description")
NUMBERED = re.compile(rf"({'|'.join(CAPTION_NAMES)})s?[ _-]?\d*")  # no caption_id, no text_length
LINE_END = re.compile(r"\r\n|\r|\n")
MOST_BYTES = 200_000_000  # of a list; a text file of captions is far smaller
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Skip = Callable[[str], None]
Row = tuple[str, str, str]  # where it stood, picture as named there, caption
Found = Iterator[tuple[str, Path, str]]  # where it stood, picture, caption


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


def read_table(file: Path, skip: Skip) -> Iterator[Row]:
    """Rows of a CSV. Raises DeltaEditError where its columns do not say which is which."""
    reader = csv.reader(io.StringIO(read_text(file), newline=""), strict=True)
    names = [name.strip().lower() for name in next(_rows(reader, file, skip), (0, []))[1]]
    picture, captions, unread = _choose(names)
    if not picture or not captions:
        found = shown(", ".join(names), 200) or "(none)"
        raise DeltaEditError(
            f"{file.name} has the columns {found}; name one of them 'picture' and one "
            "'caption', with commas between the columns"
        )
    if twice := [name for name in (picture, *captions) if names.count(name) > 1]:
        raise DeltaEditError(
            f"{file.name} has two columns {twice[0]!r}; rename one of them, captions as caption_1, "
            "caption_2"
        )
    for name, taken in unread:
        skip(f"{file.name}: the column {name!r} is not read, there is {taken!r}")
    for number, row in _rows(reader, file, skip):
        where = f"{file.name} line {number}"
        if len(row) > len(names):
            skip(f"{where}: {len(row)} cells for {len(names)} columns; quote captions with commas")
            continue
        cells = dict(zip(names, row, strict=False))
        texts = [cells[name] for name in captions if cells.get(name, "").strip()]
        if not cells.get(picture, "").strip():
            skip(f"{where}: no picture named")
            continue
        for text in texts or [""]:
            yield where, cells[picture].strip(), text


def _choose(names: Sequence[str]) -> tuple[str, list[str], list[tuple[str, str]]]:
    """The picture's name ("": none), those of the captions, and (one not read, one that is)."""
    pictures = [name for name in PICTURE_NAMES if name in names]
    captions = [name for name in names if NUMBERED.fullmatch(name)]
    kind = next((k for k in CAPTION_NAMES if any(name.startswith(k) for name in captions)), "")
    used = [name for name in captions if name.startswith(kind)]
    unread = [(name, pictures[0]) for name in pictures[1:]]
    unread += [(name, used[0]) for name in captions if name not in used]
    return next(iter(pictures), ""), used, unread


def read_lines(file: Path, skip: Skip) -> Iterator[Row]:
    """Entries of a JSONL."""
    for number, line in enumerate(LINE_END.split(read_text(file)), start=1):
        where = f"{file.name} line {number}"
        if not line.strip():
            continue
        try:
            entry = json.loads(line, object_pairs_hook=_once)
        except DeltaEditError as error:
            skip(f"{where}: {error}")
            continue
        except (ValueError, RecursionError) as cause:
            skip(f"{where}: {'not JSON' if isinstance(cause, ValueError) else 'nested too deeply'}")
            continue
        fields = entry if isinstance(entry, dict) else {}
        given = {name: value for name, value in fields.items() if value not in (None, [])}
        name, captions, unread = _choose(list(given))
        picture = given.get(name)
        if not isinstance(picture, str) or not picture.strip() or not captions:
            skip(f"{where}: no picture or no caption named")
            continue
        for other, taken in unread:
            skip(f"{where}: {other!r} is not read, there is {taken!r}")
        texts = [given[caption] for caption in captions]
        for text in (x for one in texts for x in (one if isinstance(one, list) else [one])):
            if isinstance(text, str):
                yield where, picture.strip(), text
            else:
                skip(f"{where}: a caption is of type {type(text).__name__}, no text")


def read_captions_of(file: Path) -> list[str]:
    """The lines of a text file that hold something; [""] where there is none."""
    return [line for line in LINE_END.split(read_text(file)) if line.strip()] or [""]


def read_text(file: Path) -> str:
    """A whole file; bytes that are no UTF-8 stay recognisable (`unreadable` finds them).

    Raises DeltaEditError for a file that is too large or cannot be opened.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise DeltaEditError(f"{file.name} has more than {MOST_BYTES // 10**6} MB; split it")
        content = file.read_bytes()
    except OSError as cause:
        raise DeltaEditError(f"{file.name} cannot be read: {cause.strerror}") from cause
    if content.startswith(UTF_16):  # what Windows calls Unicode
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError as cause:
            raise DeltaEditError(f"{file.name} is damaged UTF-16; save it as UTF-8") from cause
    return content.decode("utf-8-sig", errors="surrogateescape")


def unreadable(text: str) -> str:
    """Why a text is no caption or name: "" where it is one."""
    if any("\udc80" <= letter <= "\udcff" for letter in text):
        return "is not UTF-8; save the file as UTF-8"
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        return "holds half of a character (a lone surrogate)"
    if any((letter < " " and not letter.isspace()) or letter == "\x7f" for letter in text):
        return "holds a control character"
    return ""


def _rows(reader: Iterator[list[str]], file: Path, skip: Skip) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of all rows that are not empty; what cannot be parsed is listed."""
    while True:
        start = reader.line_num + 1  # pyright: ignore[reportAttributeAccessIssue]
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as cause:
            last = reader.line_num  # pyright: ignore[reportAttributeAccessIssue]
            lines = f"line {start}" if last <= start else f"lines {start} to {last}"
            skip(f"{file.name} {lines}: {cause}; look at the quotes")
            continue
        if any(cell.strip() for cell in row):
            yield start, row


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """An object of JSON; a name given twice would lose one of the two."""
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise DeltaEditError(f"{name[:40]!r} is given twice")
        found[name] = value
    return found
