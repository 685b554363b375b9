"""What each lesson is worth: every answer has its check, every check its points, nothing twice."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache

import nbformat
import pytest
from nbformat import NotebookNode

from deltaedit_kit.labs.course.exercises import EXERCISES
from deltaedit_kit.labs.course.marking import EXPLAIN, EXPLAIN_POINTS, checked, has_tag, marked
from recipes.notebooks import FOLDER

LESSONS = [path.stem for path in sorted(FOLDER.glob("*.ipynb"))]
each_lesson = pytest.mark.parametrize("name", LESSONS)


@cache
def source(name: str) -> NotebookNode:
    """A lesson as nbgrader's source."""
    return marked(nbformat.read(FOLDER / f"{name}.ipynb", as_version=4), name)


def notes(name: str) -> list[tuple[NotebookNode, NotebookNode]]:
    """Each cell that nbgrader knows, with what it knows of it."""
    return [(c, c.metadata["nbgrader"]) for c in source(name).cells if "nbgrader" in c.metadata]


def graded_keys(text: str) -> list[str]:
    """The exercises that the hidden `grade(**{...})` of a cell gives points for."""
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    (found,) = [x for x in calls if isinstance(x.func, ast.Name) and x.func.id == "grade"]
    (answers,) = [x.value for x in found.keywords]
    assert isinstance(answers, ast.Dict)
    return [str(key.value) for key in answers.keys if isinstance(key, ast.Constant)]


@each_lesson
def test_each_answer_is_checked_in_the_next_graded_cell(name: str) -> None:
    code = [(cell, note) for cell, note in notes(name) if cell.cell_type == "code"]
    answers, checks = code[::2], code[1::2]
    assert len(answers) == len(checks) > 0
    for (answer, note), (check, locked) in zip(answers, checks, strict=True):
        assert (note["solution"], note["grade"]) == (True, False)
        assert (locked["solution"], locked["grade"], locked["locked"]) == (False, True, True)
        written = {x.name for x in ast.parse(answer.source).body if isinstance(x, ast.FunctionDef)}
        assert set(checked(check.source).values()) <= written


@each_lesson
def test_the_points_add_up(name: str) -> None:
    lesson = notes(name)
    assert max(Counter(note["grade_id"] for _, note in lesson).values()) == 1
    checks = [(cell, note) for cell, note in lesson if note["locked"]]
    for cell, note in checks:
        assert note["points"] == len(graded_keys(cell.source))
        assert graded_keys(cell.source) == list(checked(cell.source))
    explanations = sum(has_tag(cell, EXPLAIN) for cell in source(name).cells)
    given = sum(note.get("points", 0) for _, note in lesson)
    assert given == sum(note["points"] for _, note in checks) + EXPLAIN_POINTS * explanations


def test_every_exercise_gives_its_point_in_one_lesson() -> None:
    keys = [
        key
        for name in LESSONS
        for cell, note in notes(name)
        if note["locked"]
        for key in graded_keys(cell.source)
    ]
    assert sorted(keys) == sorted(EXERCISES)
