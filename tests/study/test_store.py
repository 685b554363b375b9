"""The file of a study: what was answered is there, once, and nothing else is."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from deltaedit_kit.labs.study.answers import INTACT, SHUFFLED, write_csv
from deltaedit_kit.labs.study.creation import create_study
from deltaedit_kit.labs.study.design import Design
from deltaedit_kit.labs.study.store import Question, StudyStore
from deltaedit_kit.support.errors import DeltaEditError
from tests.study.cases import FIRST, SECOND, fake_items

DESIGN = Design(participants=4, rounds=6, checks=2, seed=3)


@pytest.fixture
def store(tmp_path: Path) -> StudyStore:
    return create_study(tmp_path / "study.sqlite", fake_items(6), DESIGN, title="Which?")


def question(store: StudyStore, participant: int) -> Question:
    asked = store.next_question(participant)
    assert asked is not None
    return asked


def answer_everything(store: StudyStore, participant: int, choice: str = "left") -> int:
    count = 0
    while (ask := store.next_question(participant)) is not None:
        assert store.answer(ask, choice, seconds=1.5)
        count += 1
    return count


def test_answers_come_back_as_given_and_in_the_order_of_the_plan(store: StudyStore) -> None:
    who = store.join("code-one")
    assert answer_everything(store, who) == (6 + 2) * 2
    answers = store.answers()
    assert [a.position for a in answers] == [k for k in range(8) for _ in range(2)]
    assert sum(a.check for a in answers) == 4
    assert {a.choice for a in answers} == {"left"}
    assert {(a.left, a.right) for a in answers if a.check} <= {
        (INTACT, SHUFFLED),
        (SHUFFLED, INTACT),
    }
    compared = [a for a in answers if not a.check]
    assert sum(a.preferred == FIRST for a in compared) == 6  # sides are balanced
    assert all({a.left, a.right} == {FIRST, SECOND} for a in compared)
    assert not any(a.simulated for a in answers)


def test_pictures_stand_on_the_side_that_the_answer_is_filed_under(store: StudyStore) -> None:
    who = store.join("code-one")
    shown = {}
    while (ask := store.next_question(who)) is not None:
        shown[ask.position] = store.pictures(ask)
        store.answer(ask, "right", 2.0)
    names = {FIRST: b"first", SECOND: b"second", INTACT: b"intact", SHUFFLED: b"shuffled"}
    for a in store.answers():
        pictures = shown[a.position]
        assert pictures["before"] == b"before %d" % a.item
        assert pictures["left"] == names[a.left] + b" %d" % a.item
        assert pictures["right"] == names[a.right] + b" %d" % a.item


def test_closing_and_coming_back_goes_on_where_it_stopped(store: StudyStore) -> None:
    who = store.join("my code")
    store.answer(question(store, who), "left", 1.0)
    expected = store.next_question(who)
    store.close()
    again = StudyStore(store.path)
    assert again.join(" my code ") == who  # a code that was copied with spaces
    assert again.next_question(who) == expected
    assert (again.title, again.design, again.simulated) == ("Which?", DESIGN, False)


def test_the_first_answer_to_a_question_stands(store: StudyStore) -> None:
    ask = question(store, store.join("code-one"))
    assert store.answer(ask, "left", 1.0)
    assert not store.answer(ask, "right", 9.0)
    assert [(a.choice, a.seconds) for a in store.answers()] == [("left", 1.0)]


def test_places_are_given_once_and_end(store: StudyStore) -> None:
    assert [store.join(f"code-{k}") for k in range(4)] == [0, 1, 2, 3]
    assert store.join("code-2") == 2
    with pytest.raises(DeltaEditError, match="all 4 places"):
        store.join("code-5")
    assert store.find("code-5") is None
    answer_everything(store, 1)
    assert store.progress() == (1, 4)


def test_the_file_holds_no_personal_data(store: StudyStore) -> None:
    answer_everything(store, store.join("code-one"))
    with sqlite3.connect(store.path) as plain:
        columns = {
            table: [row[1] for row in plain.execute(f"PRAGMA table_info({table})")]
            for table in ("participant", "round", "answer")
        }
    assert columns["participant"] == ["participant", "code", "questions"]
    assert columns["answer"] == ["participant", "position", "question", "choice", "seconds"]


def test_it_is_written_ahead_and_needs_no_lock_to_read(store: StudyStore) -> None:
    other = sqlite3.connect(store.path, isolation_level=None)
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.join("code-one")
    other.execute("BEGIN IMMEDIATE")  # somebody is writing
    assert store.next_question(0) is not None
    other.execute("ROLLBACK")
    other.close()


def test_an_error_within_a_transaction_keeps_nothing_of_it(store: StudyStore) -> None:
    ask = question(store, store.join("code-one"))
    stray = Question(0, 99, "accuracy", "?", 0, False, False, 0, 1)
    with pytest.raises(DeltaEditError, match="FOREIGN KEY"):
        store.answer_all([(ask, "left", 1.0), (stray, "left", 1.0)])
    assert store.answers() == []
    assert store.answer(ask, "left", 1.0)


def test_simulations_and_people_do_not_mix(store: StudyStore, tmp_path: Path) -> None:
    with pytest.raises(DeltaEditError, match="answered by people"):
        store.join("robot-1", simulated=True)
    rehearsal = create_study(tmp_path / "other.sqlite", fake_items(6), DESIGN, simulated=True)
    assert "SIMULATED" in repr(rehearsal)
    with pytest.raises(DeltaEditError, match="people cannot answer"):
        rehearsal.join("a person")


@pytest.mark.parametrize(
    ("choice", "seconds", "words"),
    [
        *((choice, 1.0, "give 'left' or 'right'") for choice in ("up", "", "LEFT", None)),
        *(("left", seconds, "seconds is") for seconds in (float("nan"), -1.0, "fast")),
    ],
)
def test_what_is_no_answer_is_refused(
    store: StudyStore, choice: str, seconds: float, words: str
) -> None:
    with pytest.raises(DeltaEditError, match=words):
        store.answer(question(store, store.join("code-one")), choice, seconds)


def test_other_types_are_refused(store: StudyStore, tmp_path: Path) -> None:
    calls: list[Callable[[Any, Any], object]] = [
        lambda _, x: store.answer(x, "left", seconds=1.0),
        lambda path, x: write_csv([x], path),
        lambda path, x: create_study(path, [x] * 6, DESIGN),
        lambda path, x: create_study(path, fake_items(6), x),
        lambda path, x: create_study(path, fake_items(6), DESIGN, title=x),
    ]
    for call in calls:
        with pytest.raises(DeltaEditError, match="is a int; give"):
            call(tmp_path / "new", 3)
    assert not (tmp_path / "new").exists()


def test_wrong_codes_and_strangers_are_refused(store: StudyStore) -> None:
    for code in ("", "abc", "x" * 65):
        with pytest.raises(DeltaEditError, match="4 to 64 characters"):
            store.join(code)
    with pytest.raises(DeltaEditError, match="has not joined"):
        store.next_question(3)


def test_a_study_is_never_overwritten(store: StudyStore) -> None:
    before = store.path.read_bytes()
    with pytest.raises(DeltaEditError, match="is there already"):
        create_study(store.path, fake_items(6), DESIGN)
    assert store.path.read_bytes() == before
    assert [p.name for p in store.path.parent.glob(".*")] == []


def test_files_that_are_no_study_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DeltaEditError, match="there is no study"):
        StudyStore(tmp_path / "nothing.sqlite")
    text = tmp_path / "text.sqlite"
    text.write_text("not a database " * 100)
    with pytest.raises(DeltaEditError, match="not a database"):
        StudyStore(text)
    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as plain:
        plain.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(DeltaEditError, match="not a study; give a file"):
        StudyStore(foreign)


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(DeltaEditError, match="cannot write"):
        create_study(file / "study.sqlite", fake_items(6), DESIGN)


CHANGES = {
    "a trigger that flips answers": "CREATE TRIGGER t AFTER INSERT ON answer BEGIN "
    "UPDATE answer SET choice = 'right'; END",
    "a trigger that drops them": "CREATE TRIGGER t BEFORE INSERT ON answer BEGIN "
    "SELECT RAISE(IGNORE); END",
    "a view that never ends": "DROP TABLE study; CREATE VIEW study AS WITH RECURSIVE "
    "n(key, value) AS (SELECT 1, 1 UNION ALL SELECT key + 1, 1 FROM n) SELECT * FROM n",
    "a trigger under a name of SQLite's own": "CREATE TRIGGER t BEFORE INSERT ON answer BEGIN "
    "SELECT RAISE(IGNORE); END; PRAGMA writable_schema = ON; UPDATE sqlite_master SET "
    "name = 'sqlite_t', sql = replace(sql, 'TRIGGER t', 'TRIGGER sqlite_t') WHERE name = 't'",
    "another table": "CREATE TABLE notes (text TEXT)",
    "a table that is gone": "DROP TABLE picture",
    "an index": "CREATE INDEX i ON answer (seconds)",
}
SETTINGS = {
    "simulated": ("", "1", "[", '"true"'),
    "design": ("", "[]", "{", '{"participants": -1}', '{"rounds": 1e300}', "[" * 20_000),
}


def changed(store: StudyStore, script: str, *values: object) -> Path:
    store.close()
    with closing(sqlite3.connect(store.path)) as plain, plain:
        plain.execute(script, values) if values else plain.executescript(script)
    return store.path


@pytest.mark.parametrize("script", CHANGES.values(), ids=CHANGES)
def test_a_file_that_does_more_than_keep_answers_is_refused(store: StudyStore, script: str) -> None:
    with pytest.raises(DeltaEditError, match="has been changed"):
        StudyStore(changed(store, script))


def test_statistics_of_sqlite_are_no_change(store: StudyStore) -> None:
    assert StudyStore(changed(store, "ANALYZE")).join("code-one") >= 0


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in SETTINGS.items() for value in values]
)
def test_damaged_settings_are_one_line(store: StudyStore, key: str, value: str) -> None:
    path = changed(store, "UPDATE study SET value = ? WHERE key = ?", value, key)
    with pytest.raises(DeltaEditError, match=r"settings of .* are damaged"):
        StudyStore(path)


def test_settings_that_are_gone_are_one_line(store: StudyStore) -> None:
    path = changed(store, "DELETE FROM study WHERE key = ?", "title")
    with pytest.raises(DeltaEditError, match=r"settings of .* are damaged"):
        StudyStore(path)


def test_questions_and_pictures_that_are_damaged_are_one_line(store: StudyStore) -> None:
    ask = question(store, store.join("code-one"))
    path = changed(store, "DELETE FROM picture WHERE role = ?", "before")
    with pytest.raises(DeltaEditError, match="no picture before"):
        StudyStore(path).pictures(ask)
    path = changed(StudyStore(path), "UPDATE participant SET questions = ?", '["beauty"]')
    with pytest.raises(DeltaEditError, match="are not questions"):
        StudyStore(path).next_question(0)


@pytest.mark.skipif(os.name == "nt", reason="no limit of file sizes there")
def test_a_full_disk_keeps_what_was_answered(store: StudyStore) -> None:
    import resource

    who = store.join("code-one")
    assert store.answer(question(store, who), "left", 1.5)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, usual[1]))  # as if no byte had room any more
    try:
        with pytest.raises(DeltaEditError, match="make room"):
            store.answer(question(store, who), "left", 1.5)
        store.close()
        with pytest.raises(DeltaEditError, match="make room"):
            StudyStore(store.path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    again = StudyStore(store.path)
    assert len(again.answers()) == 1
    assert again.answer(question(again, who), "left", 1.5)


def test_half_a_character_is_one_line(store: StudyStore, tmp_path: Path) -> None:
    with pytest.raises(DeltaEditError, match="give other texts"):
        store.join("code-\ud800")
    with pytest.raises(DeltaEditError, match="give other texts"):
        create_study(tmp_path / "half.sqlite", fake_items(6), DESIGN, title="\ud800?")
    assert not (tmp_path / "half.sqlite").exists()
    path = changed(store, "UPDATE study SET value = CAST(x'ff' AS TEXT) WHERE key = ?", "title")
    with pytest.raises(DeltaEditError, match="cannot use"):
        StudyStore(path)
