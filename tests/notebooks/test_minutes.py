"""The minutes at the head of a lesson are those that its text, its exercises and its table give."""

from __future__ import annotations

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

from recipes.minutes import TABLE, Minutes, minutes, page, recorded, stated
from recipes.notebooks import FOLDER

LESSONS = {path.stem: nbformat.read(path, as_version=4) for path in sorted(FOLDER.glob("*.ipynb"))}
WRITTEN = TABLE.read_text(encoding="utf-8")
AGAIN = "python -m recipes.minutes corrects heads and table; --run NAME measures a new lesson"


@pytest.mark.parametrize("name", sorted(LESSONS))
def test_the_head_says_the_minutes_that_are_derived(name: str) -> None:
    seconds = recorded(WRITTEN)
    assert name in seconds, AGAIN
    wanted = minutes(LESSONS[name], seconds[name])
    assert stated(LESSONS[name].cells[0].source) == wanted, AGAIN


def test_the_table_for_teachers_is_the_one_that_the_command_writes() -> None:
    assert page(LESSONS, recorded(WRITTEN)) == WRITTEN, AGAIN


def small(text: str, *tags: str) -> NotebookNode:
    cells = [new_markdown_cell(text)]
    cells += [new_markdown_cell("Why?", metadata={"tags": [tag]}) for tag in tags]
    return new_notebook(cells=cells)


def test_minutes_grow_with_words_exercises_and_seconds() -> None:
    lesson = small("word " * 499, "exercise-predict", "exercise-explain", "exercise-implement")
    assert minutes(lesson, 60) == Minutes(reading=10, running=1, exercises=25)
    assert minutes(lesson, 61).running == 2
    assert minutes(small("word " * 500), 0) == Minutes(reading=5, running=1, exercises=5)


def test_a_head_is_read_however_its_line_is_broken() -> None:
    head = "**Time**: reading 15 minutes, running 2 to 4,\nexercises 60; the project, days."
    assert stated(head) == Minutes(15, 2, 60)
    with pytest.raises(ValueError, match="Time"):
        stated("**Time**: reading 15 minutes.")
