"""Every notebook is a lesson: goals, exercises with checks, numbers, a quiz, what one can now."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

import nbformat
import pytest
from nbformat import NotebookNode

from deltaedit_kit.labs.course import quiz
from deltaedit_kit.labs.course.build import student_edition
from deltaedit_kit.labs.course.exercises import EXERCISES
from deltaedit_kit.labs.course.marking import (
    CHECK,
    EXERCISE_TAGS,
    EXPLAIN,
    EXPLAIN_POINTS,
    IMPLEMENT,
    PREDICT,
    checked,
    has_tag,
    marked,
)
from recipes.notebooks import FOLDER

NOTEBOOKS = {
    path.stem: nbformat.read(path, as_version=4) for path in sorted(FOLDER.glob("*.ipynb"))
}
each_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


def exercises(notebook: NotebookNode) -> Counter[str]:
    return Counter(tag for cell in notebook.cells for tag in EXERCISE_TAGS if has_tag(cell, tag))


def code(name: str) -> list[NotebookNode]:
    return [cell for cell in NOTEBOOKS[name].cells if cell.cell_type == "code"]


def texts(cell: NotebookNode) -> Iterator[str]:
    """What a cell's outputs say to a reader."""
    for output in cell.outputs:
        data = output.get("data", {})
        yield output.get("text") or data.get("text/html") or data.get("text/plain", "")


@each_notebook
def test_a_lesson_begins_with_goals_needs_and_minutes(name: str) -> None:
    head = NOTEBOOKS[name].cells[0].source
    found = re.search(
        r"^# .+\*\*You will be able to\*\*(.+)\*\*You need\*\*.+\*\*Time\*\*(.+)", head, re.DOTALL
    )
    assert found, "title, **You will be able to**, **You need**, **Time**"
    goals, time = found.groups()
    assert 3 <= len(re.findall(r"^\s*(?:[-*]|\d\.)\s|\(\d\)", goals, re.MULTILINE)) <= 5
    assert all(word in time.lower() for word in ("reading", "running", "exercise"))
    assert len(re.findall(r"\d+", time)) >= 3


@each_notebook
def test_a_lesson_ends_with_what_one_can_now_and_a_quiz(name: str) -> None:
    last = NOTEBOOKS[name].cells[-8:]
    assert any("you can now" in cell.source.lower() for cell in last)
    assert any(f'quiz("{name}")' in cell.source for cell in last if cell.cell_type == "code")
    assert len(quiz(name).questions) == 5


@each_notebook
def test_a_lesson_has_four_exercises_of_all_three_kinds(name: str) -> None:
    found = exercises(NOTEBOOKS[name])
    assert found.total() >= 4
    assert set(found) == set(EXERCISE_TAGS)


@each_notebook
def test_the_checks_of_the_committed_answers_say_right(name: str) -> None:
    for cell in code(name):
        if has_tag(cell, CHECK):
            said = "\n".join(texts(cell))
            assert "not yet" not in said
            assert said


@each_notebook
def test_the_reasoning_of_a_prediction_is_folded(name: str) -> None:
    for cell in NOTEBOOKS[name].cells:
        if has_tag(cell, PREDICT):
            assert cell.source.count("<details>") == cell.source.count("</details>") >= 1


@each_notebook
def test_the_students_edition_has_no_answer_and_loses_no_cell_but_tests(name: str) -> None:
    graded = graders(name)
    edition = student_edition(graded)
    nbformat.validate(edition)
    assert len(edition.cells) == len(graded.cells)
    for cell in edition.cells:
        assert "SOLUTION" not in cell.source
        assert not has_tag(cell, IMPLEMENT) or "NotImplementedError" in cell.source


@each_notebook
def test_outputs_are_numbers_or_words_no_bare_booleans(name: str) -> None:
    for cell in code(name):
        for text in texts(cell):
            assert not re.search(r"(?<![=\w])(True|False)\b", text), text[:300]


@each_notebook
def test_every_picture_has_an_alternative_text(name: str) -> None:
    for number, cell in enumerate(code(name)):
        for output in cell.outputs:
            for kind in output.get("data", {}):
                if kind.startswith("image/"):
                    said = output.metadata.get(kind, {}).get("alt") or output.metadata.get("alt")
                    assert said, f"code cell {number}: {kind}"


def test_the_course_has_forty_five_exercises() -> None:
    total = sum((exercises(one) for one in NOTEBOOKS.values()), Counter())
    assert total.total() >= 45


# --- what each lesson is worth: every answer has its check, every check its points, nothing twice


@cache
def graders(name: str) -> NotebookNode:
    """A lesson as nbgrader's source."""
    return marked(NOTEBOOKS[name], name)


def notes(name: str) -> list[tuple[NotebookNode, NotebookNode]]:
    """Each cell that nbgrader knows, with what it knows of it."""
    return [(c, c.metadata["nbgrader"]) for c in graders(name).cells if "nbgrader" in c.metadata]


def graded_keys(text: str) -> list[str]:
    """The exercises that the hidden `grade(**{...})` of a cell gives points for."""
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    (found,) = [x for x in calls if isinstance(x.func, ast.Name) and x.func.id == "grade"]
    (answers,) = [x.value for x in found.keywords]
    assert isinstance(answers, ast.Dict)
    return [str(key.value) for key in answers.keys if isinstance(key, ast.Constant)]


@each_notebook
def test_each_answer_is_checked_in_the_next_graded_cell(name: str) -> None:
    code = [(cell, note) for cell, note in notes(name) if cell.cell_type == "code"]
    answers, checks = code[::2], code[1::2]
    assert len(answers) == len(checks) > 0
    for (answer, note), (check, locked) in zip(answers, checks, strict=True):
        assert (note["solution"], note["grade"]) == (True, False)
        assert (locked["solution"], locked["grade"], locked["locked"]) == (False, True, True)
        written = {x.name for x in ast.parse(answer.source).body if isinstance(x, ast.FunctionDef)}
        assert set(checked(check.source).values()) <= written


@each_notebook
def test_the_points_add_up(name: str) -> None:
    lesson = notes(name)
    assert max(Counter(note["grade_id"] for _, note in lesson).values()) == 1
    checks = [(cell, note) for cell, note in lesson if note["locked"]]
    for cell, note in checks:
        assert note["points"] == len(graded_keys(cell.source))
        assert graded_keys(cell.source) == list(checked(cell.source))
    explanations = sum(has_tag(cell, EXPLAIN) for cell in graders(name).cells)
    given = sum(note.get("points", 0) for _, note in lesson)
    assert given == sum(note["points"] for _, note in checks) + EXPLAIN_POINTS * explanations


def test_every_exercise_gives_its_point_in_one_lesson() -> None:
    keys = [
        key
        for name in NOTEBOOKS
        for cell, note in notes(name)
        if note["locked"]
        for key in graded_keys(cell.source)
    ]
    assert sorted(keys) == sorted(EXERCISES)
