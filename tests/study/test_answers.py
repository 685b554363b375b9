"""Answers as CSV, and the rule about whose answers count."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltaedit_kit.labs.study.answers import (
    COLUMNS,
    INTACT,
    Answer,
    read_csv,
    write_csv,
)
from deltaedit_kit.labs.study.design import Design
from deltaedit_kit.labs.study.exclusion import counted
from deltaedit_kit.labs.study.raters import Raters
from deltaedit_kit.support.errors import DeltaEditError
from tests.study.cases import simulated

DESIGN = Design(participants=8, rounds=6, checks=3)
ANSWERS = simulated(0.5, Raters(lapse=0.0), DESIGN)
text = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=30)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = write_csv(ANSWERS, tmp_path / "new folder" / "answers.csv")
    rounded = [replace(a, seconds=round(a.seconds, 3)) for a in ANSWERS]
    assert read_csv(path) == rounded
    assert path.read_text(encoding="utf-8").splitlines()[0] == ",".join(COLUMNS)
    assert [p.name for p in path.parent.iterdir()] == ["answers.csv"]


@settings(max_examples=25, deadline=None)
@given(sentence=text, face=text, method=text)
def test_any_text_survives(
    sentence: str, face: str, method: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    answer = Answer(0, 0, 0, sentence, face, False, "accuracy", method, "b", "left", 1.5, True)
    path = write_csv([answer], tmp_path_factory.mktemp("csv") / "a.csv")
    assert read_csv(path) == [answer]


def test_a_file_that_a_spreadsheet_saved_again_is_read(tmp_path: Path) -> None:
    path = write_csv(ANSWERS[:3], tmp_path / "a.csv")
    lines = path.read_text().replace("True", "TRUE").replace("False", "FALSE").splitlines()
    extra = [f"{line},note" for line in lines]
    path.write_text("﻿" + "\r\n".join(extra) + "\r\n", encoding="utf-8")
    assert [a.choice for a in read_csv(path)] == [a.choice for a in ANSWERS[:3]]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("choice", "choise", "has not one column choice; it has .*choise"),
        ("accuracy,", "accuracy", r"line \d+ .* is not an answer"),
        ("two,left,", "two,up,", r"line \d+ of .*choice is 'up'"),
        ("participant,", "participant,participant,", "has not one column participant"),
    ],
)
def test_a_damaged_file_is_refused_with_the_place(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    path = write_csv(ANSWERS, tmp_path / "a.csv")
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(DeltaEditError, match=words):
        read_csv(path)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        *(("seconds", cell) for cell in ("NaN", "-5", "inf", "", "soon")),
        *(("participant", cell) for cell in ("-1", "1e9", "10000000000000000000000")),
    ],
)
def test_cells_that_no_answer_has_are_refused(tmp_path: Path, column: str, cell: str) -> None:
    path = write_csv(ANSWERS[:1], tmp_path / "a.csv")
    header, line = path.read_text().splitlines()
    cells = line.split(",")
    cells[COLUMNS.index(column)] = cell
    path.write_text(f"{header}\n{','.join(cells)}\n")
    with pytest.raises(DeltaEditError, match=r"line 2 .* is not an answer"):
        read_csv(path)


def test_an_answer_that_stands_there_again_is_refused(tmp_path: Path) -> None:
    path = write_csv([*ANSWERS, *ANSWERS[:2]], tmp_path / "a.csv")
    with pytest.raises(DeltaEditError, match=rf"line {len(ANSWERS) + 2} .* repeats .* line 2"):
        read_csv(path)


def test_a_pipe_is_not_read_and_half_a_character_not_written(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DeltaEditError, match="cannot read answers"):
        read_csv(tmp_path / "pipe.csv")
    with pytest.raises(DeltaEditError, match="half a character"):
        write_csv([replace(ANSWERS[0], sentence="\ud800")], tmp_path / "a.csv")
    assert not (tmp_path / "a.csv").exists()


def test_missing_and_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DeltaEditError, match="cannot read answers"):
        read_csv(tmp_path / "nothing.csv")
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(DeltaEditError, match="cannot read answers"):
        read_csv(tmp_path / "picture.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DeltaEditError, match="it has none"):
        read_csv(tmp_path / "empty.csv")
    with pytest.raises(DeltaEditError, match="cannot write"):
        write_csv(ANSWERS, tmp_path / "empty.csv" / "a.csv")


def test_the_preferred_method_is_the_one_on_the_chosen_side() -> None:
    answer = replace(ANSWERS[0], left="x", right="y", choice="left")
    assert (answer.preferred, replace(answer, choice="right").preferred) == ("x", "y")


def test_attentive_participants_who_finished_count() -> None:
    rows = counted(ANSWERS)
    assert rows.participants == tuple(range(8))
    assert rows.inattentive == rows.unfinished == ()
    assert len(rows.answers) == 8 * 6 * 2
    assert not any(a.check for a in rows.answers)


def wrong_checks(answers: list[Answer], who: int, count: int) -> list[Answer]:
    """The same answers, with so many of one participant's checks answered wrongly."""
    checks = [k for k, a in enumerate(answers) if a.check and a.participant == who][:count]
    return [
        replace(a, choice="right" if a.left == INTACT else "left") if k in checks else a
        for k, a in enumerate(answers)
    ]


def test_more_than_one_wrong_check_excludes_and_preferences_never_do() -> None:
    assert counted(wrong_checks(ANSWERS, 5, 1)).inattentive == ()
    assert counted(wrong_checks(ANSWERS, 5, 2)).inattentive == (5,)
    always_left = [replace(a, choice="left") if not a.check else a for a in ANSWERS]
    assert counted(always_left).participants == tuple(range(8))


def test_who_stopped_early_does_not_count() -> None:
    rows = counted([a for a in ANSWERS if a.participant != 2 or a.position < 5])
    assert rows.unfinished == (2,)
    assert 2 not in {a.participant for a in rows.answers}


def test_nobody_left_is_an_error() -> None:
    for answers, count in (([], 0), ([a for a in ANSWERS if a.check], 8)):
        with pytest.raises(DeltaEditError, match=f"of {count} participants none"):
            counted(answers)
    everyone = ANSWERS
    for who in range(8):
        everyone = wrong_checks(everyone, who, 6)
    with pytest.raises(DeltaEditError, match="of 8 participants none"):
        counted(everyone)
