"""Make the file of a study: pairs, pictures and settings, written once and then only answered.

Idea: the file is built beside its place and renamed when it is whole (see `atomic`), so no browser
ever opens half a study; and it never replaces one that is there, for that may hold answers.

What a participant reads and agrees to is informed, voluntary, and short enough to be read. It
states only what the store keeps: no personal data. A teacher may replace it (`consent=...`); ethics
boards want that.

Citation: the points that a consent must cover follow the World Medical Association's Declaration of
Helsinki, articles 25 and 26, and article 7 of the European Union's GDPR.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from deltaedit_kit.labs.study.database import Database
from deltaedit_kit.labs.study.design import QUESTIONS, Design, plan
from deltaedit_kit.labs.study.items import Item
from deltaedit_kit.labs.study.store import StudyStore
from deltaedit_kit.support.atomic import check_path, replacing
from deltaedit_kit.support.errors import DeltaEditError, check_kind

SECONDS_A_QUESTION = 6  # a calm pace; only for telling people how long it may take
ROLES = ("before", "first", "second", "intact", "shuffled")  # of an item's pictures


def create_study(
    path: str | Path,
    items: Sequence[Item],
    design: Design | None = None,
    title: str = "Edited portraits, two at a time",
    consent: str | None = None,
    simulated: bool = False,
) -> StudyStore:
    """Write a new study and open it (design None: 40 participants x 20 rounds).

    `consent` None takes the kit's text. `simulated` studies accept simulated answers only, and say
    so wherever they are shown. Raises `DeltaEditError` when the file is there, when there are fewer
    items than rounds, and for a place that cannot be written to.
    """
    path = check_path(path)
    design = check_kind("design", design or Design(), Design, "Design(participants=40, rounds=20)")
    check_kind("title", title, str, "a text")
    for item in items:
        check_kind("an item", item, Item, "what make_items returned")
    plan(design, len(items), 0)  # refuses too few items before anything is written
    _refuse_old(path)
    settings = {
        "title": title,
        "consent": consent_text(design) if consent is None else consent,
        "design": json.dumps(asdict(design)),
        "simulated": json.dumps(simulated),
    }
    try:
        with replacing(path) as beside:
            beside.touch()  # a Database opens files that are there
            _fill(beside, items, settings)
            _refuse_old(path)
    except OSError as cause:
        raise DeltaEditError(
            f"cannot write {path}: {cause.strerror}; choose another file or folder"
        ) from cause
    return StudyStore(path)


def consent_text(design: Design) -> str:
    """The text for a study of this design; paragraphs are parted by empty lines."""
    rounds = design.rounds + design.checks
    minutes = max(1, round(rounds * len(design.questions) * SECONDS_A_QUESTION / 60))
    asked = " ".join(f"“{QUESTIONS[name]}”" for name in design.questions)
    questions = (
        "one question" if len(design.questions) == 1 else f"{len(design.questions)} questions"
    )
    return (
        f"This study compares programs that change a portrait as described by a sentence. You "
        f"will see {rounds} pairs of pictures, made by a computer, and answer {questions} about "
        f"each: {asked} It takes about {minutes} minutes.\n\n"
        "There are no right or wrong answers: choose what you see. A few pairs only check whether "
        "participants look at the pictures.\n\n"
        "Taking part is voluntary, and you can stop at any time without giving a reason: close "
        "the page. Your choices and how many seconds each one took are stored under a random "
        "number, without your name, your address or the time of day. The answers are used to "
        "compare the programs, and may be published as a table."
    )


def _fill(path: Path, items: Sequence[Item], settings: dict[str, str]) -> None:
    """Tables, then everything in one transaction, then the journal mode that the file keeps."""
    file = Database(path)
    file.make_tables()

    def insert(connection: sqlite3.Connection) -> None:
        connection.executemany("INSERT INTO study VALUES (?, ?)", settings.items())
        for row, item in enumerate(items):
            connection.execute(
                "INSERT INTO item VALUES (?, ?, ?, ?, ?)",
                (row, item.sentence, item.face, item.first, item.second),
            )
            rows = [(row, role, getattr(item, f"{role}_png")) for role in ROLES]
            connection.executemany("INSERT INTO picture VALUES (?, ?, ?)", rows)

    try:
        file.write(insert)
        file.script("PRAGMA journal_mode = WAL")  # kept in the file's header
    finally:
        file.close()  # the last one to close folds the log into the file


def _refuse_old(path: Path) -> None:
    if os.path.lexists(path):
        raise DeltaEditError(
            f"{path} is there already, maybe with answers; open it with StudyStore, "
            "or give another name"
        )
