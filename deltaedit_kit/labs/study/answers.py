"""One row an answer, in a file that every spreadsheet opens; read again; counted.

    participant, position, item, sentence, face, check, question, left, right, choice, seconds,
    simulated

    tally    [P, I] of one question about two methods: 1 where participant p preferred `first` on
             pair i, 0 where the other, NaN where p was not asked

Idea: the analysis needs nothing else, and nothing else is there: no name, no address, no time of
day, not even the code with which a participant continues. `simulated` stands in every row, so no
part of a rehearsal can be taken for answers of people. CSV: RFC 4180, UTF-8.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pandas as pd

from deltaedit_kit.support.atomic import check_path, check_regular_file, replacing
from deltaedit_kit.support.errors import (
    DeltaEditError,
    check_kind,
    check_number,
    check_whole_number,
)

HIGHEST = 2**31 - 1  # of numbers that count participants, rounds and pairs
INTACT, SHUFFLED = "intact", "shuffled tiles"  # what attention checks compare


@dataclass(frozen=True)
class Answer:
    """One question of one round, answered."""

    participant: int  # in the order of joining, from 0
    position: int  # of the round in the participant's plan, from 0
    item: int  # which pair of pictures
    sentence: str
    face: str
    check: bool  # an attention check: `left` and `right` are then `INTACT` and `SHUFFLED`
    question: str
    left: str  # method whose picture stood left
    right: str
    choice: str  # "left" or "right"
    seconds: float  # from showing the question to the answer
    simulated: bool

    def __post_init__(self) -> None:
        """Refuse what no participant can have answered, wherever it comes from."""
        for name in ("participant", "position", "item"):
            check_whole_number(name, getattr(self, name), 0, HIGHEST)
        check_number("seconds", self.seconds, low=0.0)
        if self.choice not in ("left", "right"):
            raise DeltaEditError(f"choice is {self.choice!r:.60}; give left or right")

    @property
    def preferred(self) -> str:
        """The method that was chosen."""
        return self.left if self.choice == "left" else self.right


COLUMNS = tuple(field.name for field in fields(Answer))


def write_csv(answers: Iterable[Answer], path: str | Path) -> Path:
    """Write the answers, one a line under a header; the file appears whole or not at all.

    Raises `DeltaEditError` for a place that cannot be written to.
    """
    target = check_path(path)
    answers = [check_kind("an answer", one, Answer, "those of store.answers()") for one in answers]
    try:
        with replacing(target) as beside, beside.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows({**asdict(a), "seconds": f"{a.seconds:.3f}"} for a in answers)
    except OSError as cause:
        raise DeltaEditError(
            f"cannot write {target}: {cause.strerror}; choose another file or folder"
        ) from cause
    except UnicodeEncodeError as cause:
        raise DeltaEditError(
            f"cannot write {target}: a text holds half a character ({cause.reason}); write it anew"
        ) from cause
    return target


def read_csv(path: str | Path) -> list[Answer]:
    """Answers of a file that `write_csv` made (columns in any order; others are ignored).

    Raises `DeltaEditError` for a missing file, a missing or misspelt column, a cell that does not
    hold what its column is for, and a question that is answered twice, naming the line.
    """
    try:
        with check_regular_file(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            header, rows = list(reader.fieldnames or []), list(reader)
    except (OSError, ValueError, csv.Error) as cause:
        raise DeltaEditError(
            f"cannot read answers from {path}: {cause}; give a CSV file"
        ) from cause
    missing = [name for name in COLUMNS if header.count(name) != 1]
    if missing:
        raise DeltaEditError(
            f"{path} has not one column {', '.join(missing)}; "
            f"it has {', '.join(header)[:200] or 'none'}"
        )
    answers = [_answer(row, line, path) for line, row in enumerate(rows, start=2)]
    lines: dict[tuple[int, int, str], int] = {}
    for line, answer in enumerate(answers, start=2):
        question = (answer.participant, answer.position, answer.question)
        if question in lines:
            raise DeltaEditError(
                f"line {line} of {path} repeats the question of line {lines[question]}; "
                "keep one of them, and read the answers of two studies separately"
            )
        lines[question] = line
    return answers


def tally(answers: Sequence[Answer], question: str, first: str, second: str) -> pd.DataFrame:
    """The answers to `question` about `first` against `second`, [P, I]; checks are left out.

    Raises `DeltaEditError` when there is no such answer, when somebody answered one question
    twice, and when simulated answers and those of people are mixed.
    """
    if first == second:
        raise DeltaEditError(f"{first!r} is compared with itself; give answers about two methods")
    compared = [a for a in answers if not a.check]
    rows = [a for a in compared if (a.question, {a.left, a.right}) == (question, {first, second})]
    if not rows:
        found = sorted({(a.question, *sorted((a.left, a.right))) for a in compared})
        there = "; ".join(f"{q}: {x} against {y}" for q, x, y in found[:6]) or "none at all"
        raise DeltaEditError(
            f"no answer about {question!r} of {first!r} against {second!r}; there are {there}"
        )
    if len({a.simulated for a in rows}) > 1:
        raise DeltaEditError("simulated answers and people's are mixed; analyse them separately")
    places = [(a.participant, a.item) for a in rows]
    if len(set(places)) < len(places):
        raise DeltaEditError(
            "a participant answered the same question about the same pair twice; "
            "were two studies joined into one table? Analyse each of them separately"
        )
    index = pd.MultiIndex.from_tuples(places, names=("participant", "item"))
    return pd.Series([float(a.preferred == first) for a in rows], index).unstack()


def _answer(row: dict[str, str], line: int, path: str | Path) -> Answer:
    truth = {"True": True, "False": False, "TRUE": True, "FALSE": False}  # spreadsheets shout
    readers = {"int": int, "float": float, "bool": truth.__getitem__, "str": str}
    try:
        return Answer(**{f.name: readers[str(f.type)](row[f.name]) for f in fields(Answer)})
    except (KeyError, TypeError, ValueError) as cause:
        raise DeltaEditError(
            f"line {line} of {path} is not an answer ({cause}); export the study again"
        ) from cause
