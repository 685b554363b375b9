"""One SQLite file a study, which twenty browsers may write to at once without losing an answer.

    store = StudyStore("study.sqlite")
    who = store.join(code)                    the same code always finds the same place again
    ask = store.next_question(who)            None when everything is answered
    store.answer(ask, "left", seconds=2.1)    committed when it returns; False: had been answered

Idea: the file is the only state. Whoever is killed between two lines and comes back with the same
code goes on at the first question without an answer, so nothing is asked twice and nothing missing.
Each write is one transaction that takes SQLite's write lock at its beginning; the primary key of
`answer` refuses a second answer to a question, and the first one stands.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from deltaedit_kit.labs.study.answers import INTACT, SHUFFLED, Answer
from deltaedit_kit.labs.study.database import Database
from deltaedit_kit.labs.study.design import Design, plan
from deltaedit_kit.support.atomic import check_path
from deltaedit_kit.support.errors import DeltaEditError, check_kind, check_number

ANSWERED = (
    *("participant", "position", "item", "sentence", "face", "question", "choice", "seconds"),
)
CODE_LENGTH = (4, 64)  # of the code with which a participant continues


@dataclass(frozen=True)
class Question:
    """What a participant is asked next. It names no method: the study is blind."""

    participant: int
    position: int  # of the round in the participant's plan
    question: str  # "accuracy" or "realism"
    sentence: str
    item: int
    check: bool
    swapped: bool
    done: int  # questions that this participant has answered
    total: int


class StudyStore:
    """A study that `create_study` made. Safe to use from several threads and processes.

    Raises `DeltaEditError` for a path without a file, and a file that is no study of this version.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = check_path(path)
        if not os.path.isfile(self.path):  # Path.is_file may raise
            raise DeltaEditError(f"there is no study at {self.path}; make one with create_study")
        self._file = Database(self.path)
        try:
            self._file.check_tables()
            self.title, self.consent, self.simulated, self.design = _settings(self._file)
        except BaseException:
            self._file.close()
            raise
        self.items = int(self._file.read("SELECT count(*) FROM item")[0][0])

    def __repr__(self) -> str:
        kind = "SIMULATED study" if self.simulated else "study"
        finished, joined = self.progress()
        return f"StudyStore({self.path.name}: {kind}, {joined} joined, {finished} finished)"

    def close(self) -> None:
        """Give the file back; the object is of no further use."""
        self._file.close()

    def join(self, code: str, simulated: bool = False) -> int:
        """The number of the participant with this code, who gets a place and a plan if new.

        Raises `DeltaEditError` when all places are taken, for a code that is too short or long,
        and when a person would join a simulated study, or a simulation a study of people.
        """
        if simulated != self.simulated:
            raise DeltaEditError(
                "people cannot answer this study, it is a simulation; make one with create_study"
                if self.simulated
                else "this study is answered by people; make another one with simulated=True"
            )
        low, high = CODE_LENGTH
        if not isinstance(code, str) or not low <= len(code.strip()) <= high:
            raise DeltaEditError(f"a code has {low} to {high} characters; this one is {code!r:.80}")
        return self._file.write(lambda connection: self._find_or_add(connection, code.strip()))

    def find(self, code: str) -> int | None:
        """The number of the participant who has joined with this code; None if nobody has."""
        found = self._file.read("SELECT participant FROM participant WHERE code = ?", code.strip())
        return found[0][0] if found else None

    def next_question(self, participant: int) -> Question | None:
        """The first question without an answer, in the order of the plan; None at the end.

        Raises `DeltaEditError` for a participant who has not joined.
        """
        return next(iter(self.open_questions(participant)), None)

    def open_questions(self, participant: int) -> list[Question]:
        """All questions that this participant has not answered yet, in the order of the plan."""
        joined = self._file.read(
            "SELECT questions FROM participant WHERE participant = ?", participant
        )
        if not joined:
            raise DeltaEditError(f"participant {participant} has not joined; call join(code) first")
        questions = self._questions(joined[0][0])
        rounds = self._file.read(
            "SELECT position, item, is_check, swapped, sentence FROM round JOIN item USING (item) "
            "WHERE participant = ? ORDER BY position",
            participant,
        )
        given = set(
            self._file.read(
                "SELECT position, question FROM answer WHERE participant = ?", participant
            )
        )
        return [
            Question(
                participant=participant,
                position=position,
                question=question,
                sentence=sentence,
                item=item,
                check=bool(is_check),
                swapped=bool(swapped),
                done=len(given),
                total=len(rounds) * len(questions),
            )
            for position, item, is_check, swapped, sentence in rounds
            for question in questions
            if (position, question) not in given
        ]

    def pictures(self, ask: Question) -> dict[Literal["before", "left", "right"], bytes]:
        """The PNG files of a question's round, each on the side that the plan says."""
        pair = ("intact", "shuffled") if ask.check else ("first", "second")
        left, right = pair[::-1] if ask.swapped else pair
        found = dict(self._file.read("SELECT role, png FROM picture WHERE item = ?", ask.item))
        lacking = {"before", left, right} - found.keys()
        if lacking:
            raise DeltaEditError(
                f"{self.path} has no picture {', '.join(sorted(lacking))} of pair {ask.item}; "
                "use an undamaged copy of the study"
            )
        return {"before": found["before"], "left": found[left], "right": found[right]}

    def answer(self, ask: Question, choice: str, seconds: float) -> bool:
        """Keep an answer: when this returns it is on the disk. False: there was one, which stands.

        Raises `DeltaEditError` for another choice than "left" and "right", seconds that are no
        number >= 0, and a question that is not in the participant's plan.
        """
        return self.answer_all([(ask, choice, seconds)]) == 1

    def answer_all(self, answers: Iterable[tuple[Question, str, float]]) -> int:
        """Several answers in one transaction, all or none; how many of them were new."""
        rows = [_checked(ask, choice, seconds) for ask, choice, seconds in answers]

        def insert(connection: sqlite3.Connection) -> int:
            before = connection.total_changes
            connection.executemany(
                "INSERT INTO answer VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (participant, position, question) DO NOTHING",
                rows,
            )
            return connection.total_changes - before

        return self._file.write(insert)

    def answers(self) -> list[Answer]:
        """Every answer so far, by participant and in the order of asking."""
        rows = self._file.read(
            "SELECT first, second, is_check, swapped, "
            "participant, position, item, sentence, face, question, choice, seconds FROM answer "
            "JOIN round USING (participant, position) JOIN item USING (item) "
            "ORDER BY participant, position, answer.rowid"
        )
        found = []
        for first, second, check, swapped, *columns in rows:
            pair = (INTACT, SHUFFLED) if check else (first, second)
            left, right = pair[::-1] if swapped else pair
            values = dict(zip(ANSWERED, columns, strict=True))
            sides = {"left": left, "right": right, "check": bool(check)}
            found.append(Answer(**values, **sides, simulated=self.simulated))
        return found

    def progress(self) -> tuple[int, int]:
        """How many participants have finished, and how many have joined."""
        total = (self.design.rounds + self.design.checks) * len(self.design.questions)
        finished = self._file.read(
            "SELECT count(*) FROM (SELECT 1 FROM answer GROUP BY participant HAVING count(*) = ?)",
            total,
        )
        return finished[0][0], self._file.read("SELECT count(*) FROM participant")[0][0]

    def _questions(self, text: str) -> Sequence[str]:
        """The questions of a participant, as the file keeps them."""
        try:
            return TypeAdapter(list[Literal["accuracy", "realism"]]).validate_json(text)
        except ValidationError:
            raise DeltaEditError(
                f"{self.path} is damaged: {text[:60]!r} are not questions; use an undamaged copy"
            ) from None

    def _find_or_add(self, connection: sqlite3.Connection, code: str) -> int:
        """Inside a transaction: nobody else can take the place that is counted here."""
        found = connection.execute(
            "SELECT participant FROM participant WHERE code = ?", (code,)
        ).fetchone()
        if found:
            return found[0]
        (taken,) = connection.execute("SELECT count(*) FROM participant").fetchone()
        if taken >= self.design.participants:
            raise DeltaEditError(
                f"all {taken} places of this study are taken; "
                "continue with the code that you were given, or ask for another study"
            )
        planned = plan(self.design, self.items, taken)
        connection.execute(
            "INSERT INTO participant VALUES (?, ?, ?)", (taken, code, json.dumps(planned.questions))
        )
        connection.executemany(
            "INSERT INTO round VALUES (?, ?, ?, ?, ?)",
            [(taken, r.position, r.item, r.check, r.swapped) for r in planned.rounds],
        )
        return taken


def _checked(ask: Question, choice: str, seconds: float) -> tuple[int, int, str, str, float]:
    """A row of the table `answer`, or a `DeltaEditError`."""
    check_kind("ask", ask, Question, "what next_question returned")
    if choice not in ("left", "right"):
        raise DeltaEditError(f"choice is {choice!r:.60}; give 'left' or 'right'")
    seconds = check_number("seconds", seconds, low=0.0)
    return ask.participant, ask.position, ask.question, choice, seconds


def _settings(file: Database) -> tuple[str, str, bool, Design]:
    """Title, consent, simulated, design. Raises `DeltaEditError` for settings that are damaged."""
    given = dict(file.read("SELECT key, value FROM study"))
    try:
        design = TypeAdapter(Design).validate_json(given["design"])
        simulated = {"true": True, "false": False}[given["simulated"]]
        return given["title"], given["consent"], simulated, design
    except (KeyError, ValueError) as cause:
        raise DeltaEditError(
            f"the settings of {file.path} are damaged ({cause!r:.120}); use an undamaged copy"
        ) from None
