"""Sentences of a comparison, with what each asks for and what it may be used for.

    text,asks,split
    face with glasses,glasses,test
    an old face with blue clothes,old+blue_clothes,test
    face with a beard,beard,tune

`asks` names attributes of the domain's table, joined by +; empty where no oracle can tell. `split`
is test (the default) or tune: hyper-parameters are chosen on sentences that the table never sees.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deltaedit_kit.clip_space import check_text
from deltaedit_kit.domain import Domain
from deltaedit_kit.support.atomic import check_regular_file
from deltaedit_kit.support.errors import DeltaEditError, did_you_mean

COLUMNS = ("text", "asks", "split")
SPLITS = ("test", "tune")

# Attributes of toyfaces: every factor that has words, both ends where people ask for both, and no
# factor more than twice.
TEST = (
    "glasses", "smile", "beard", "bangs", "long_hair", "short_hair", "blond_hair", "black_hair",
    "grey_hair", "big_hair", "dark_skin", "fair_skin", "wide_face", "big_eyes", "small_eyes",
    "angry_brows", "thick_brows", "big_nose", "open_mouth", "full_lips", "red_clothes",
    "green_background", "old", "looking_left",
)  # fmt: skip
TUNE = ("frown", "no_glasses", "red_hair", "narrow_face", "blue_clothes", "looking_right")


@dataclass(frozen=True)
class Prompt:
    """A sentence; `asks` are names of attributes."""

    text: str
    asks: tuple[str, ...] = ()
    split: str = "test"


def default_prompts(domain: Domain) -> list[Prompt]:
    """Sentences for the attributes of the domain's oracle; without one its examples, no asks.

    For toyfaces 24 to test and 6 to tune; elsewhere every fifth attribute is to tune.
    """
    rows = domain.attributes
    found = [
        Prompt(rows[name].prompt, (name,), split)
        for split, names in (("test", TEST), ("tune", TUNE))
        for name in names
        if name in rows
    ]
    found = found or [
        Prompt(row.prompt, (name,), "tune" if k % 5 == 4 else "test")
        for k, (name, row) in enumerate(rows.items())
    ]
    return found or [Prompt(text) for text in domain.spec.examples]


def read_prompts(path: str | Path) -> list[Prompt]:
    """The sentences of a CSV file with a header line; `asks` and `split` may be left out.

    Raises DeltaEditError for a file that cannot be read, a column with another name (and the
    nearest right one), no sentences, an unreadable or repeated sentence, and an unknown split.
    """
    try:
        with check_regular_file(path).open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns, rows = list(reader.fieldnames or ()), list(reader)
    except (OSError, ValueError, csv.Error) as cause:
        raise DeltaEditError(f"cannot read sentences from {path}: {cause}") from cause
    for column in columns:
        if columns.count(column) > 1:
            raise DeltaEditError(f"{path} has the column {column[:40]!r} twice; leave one out")
        if column not in COLUMNS:
            advice = did_you_mean(column, COLUMNS, likeness=0.3)
            raise DeltaEditError(
                f"{path} has a column {column[:40]!r}; {advice}the columns are {', '.join(COLUMNS)}"
            )
    if "text" not in columns:
        raise DeltaEditError(f"{path} has no column 'text'; begin it with the line text,asks,split")
    return checked([_prompt(row, f"{path}, line {n}") for n, row in enumerate(rows, start=2)])


def checked(prompts: Sequence[Prompt]) -> list[Prompt]:
    """The prompts as a list; DeltaEditError for none, unreadable texts and repeated ones."""
    if not prompts:
        raise DeltaEditError("the list of sentences is empty; give at least one")
    seen: set[str] = set()
    for prompt in prompts:
        check_text(prompt.text)
        if prompt.text in seen:
            raise DeltaEditError(f"{prompt.text[:60]!r} is in the list twice; give it once")
        seen.add(prompt.text)
    return list(prompts)


def of_split(prompts: Sequence[Prompt], split: str) -> list[Prompt]:
    """The prompts of one split, in their order."""
    return [prompt for prompt in prompts if prompt.split == split]


def _prompt(row: dict, place: str) -> Prompt:
    if None in row or (None in row.values() and row.get("text") is None):
        raise DeltaEditError(f"{place} has more or fewer cells than the header; quote its commas")
    split = (row.get("split") or "test").strip()
    if split not in SPLITS:
        raise DeltaEditError(f"{place}: split is {split[:40]!r}; use test or tune")
    asks = tuple(name.strip() for name in (row.get("asks") or "").split("+") if name.strip())
    return Prompt((row.get("text") or "").strip(), asks, split)
