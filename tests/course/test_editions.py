"""Three editions of one source: what a student gets, and what nbgrader gives for it."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from deltaedit_kit import DeltaEditError
from deltaedit_kit.labs.course.build import build, main
from deltaedit_kit.labs.course.exercises import EXERCISES
from deltaedit_kit.labs.course.marking import checked, dependents, marked
from recipes.grading import answered, autograded, released

TRUNCATE, MASK = (
    next(key for key in EXERCISES if key.endswith(end)) for end in (".truncate", ".mask")
)
TRUNCATED, KEPT = "mean_w + psi * (w - mean_w)", "(r @ t).abs() >= threshold"
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
RUBRIC = "Names the mean of w."


def tagged(cell: NotebookNode, *tags: str) -> NotebookNode:
    cell.metadata["tags"] = list(tags)
    return cell


def answer(head: str, body: str) -> NotebookNode:
    lines = [head, "    ### BEGIN SOLUTION", f"    return {body}", "    ### END SOLUTION"]
    return tagged(new_code_cell("\n".join(lines)), "exercise-implement")


def lesson(truncated: str = TRUNCATED, kept: str = KEPT) -> NotebookNode:
    """A lesson of two functions and an explanation."""
    cells = [
        new_markdown_cell("# A lesson\n[w+](../docs/glossary.md#w-plus)"),
        new_code_cell("import torch\n\nfrom deltaedit_kit.labs.course import check"),
        answer("def truncate(w, mean_w, psi):", truncated),
        tagged(new_code_cell(f'check("{TRUNCATE}", truncate)'), "exercise-check"),
        new_code_cell("half = truncate(torch.ones(1, 2), torch.zeros(2), 0.5)"),
        new_code_cell("print(half)"),
        answer("def mask(r, t, threshold):", kept),
        tagged(new_code_cell(f'print(check("{MASK}", mask))'), "exercise-check"),
        tagged(new_code_cell("assert float(half.sum()) == 1.0"), "test-only"),
        tagged(
            new_markdown_cell(
                "1. What does ψ = 0 draw?\n\n   Your answer:\n\n"
                f"   <details><summary>Rubric</summary>\n\n   {RUBRIC}\n\n   </details>"
            ),
            "exercise-explain",
        ),
        tagged(
            new_markdown_cell("Predict. <details>It is the mean.</details>"), "exercise-predict"
        ),
    ]
    for cell in cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text="shown")]
    return new_notebook(cells=cells, metadata=KERNEL)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """The editions of the small lesson, in a folder of their own."""
    notebooks = tmp_path / "kit" / "notebooks"
    (tmp_path / "kit" / "docs").mkdir(parents=True)
    (tmp_path / "kit" / "docs" / "glossary.md").write_text("# Glossary\n")
    notebooks.mkdir()
    nbformat.write(lesson(), notebooks / "lesson.ipynb")
    assert build(notebooks, tmp_path / "course") == ["lesson"]
    return tmp_path / "course"


def text_of(notebook: NotebookNode) -> str:
    return "\n".join(cell.source for cell in notebook.cells)


def student(course: Path) -> NotebookNode:
    return nbformat.read(course / "student" / "lesson.ipynb", as_version=4)


def test_a_student_gets_no_answer_no_rubric_no_test_and_no_output(course: Path) -> None:
    notebook = student(course)
    text = text_of(notebook)
    nbformat.validate(notebook)
    for gone in (TRUNCATED, KEPT, RUBRIC, "SOLUTION", "HIDDEN", "grade(", "assert"):
        assert gone not in text
    for kept in ("def truncate", "def mask", f'check("{MASK}"', "What does ψ = 0", "Your answer"):
        assert kept in text
    assert "It is the mean" in text  # a prediction is not graded; its reasoning stays folded
    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")
    assert all("nbgrader" not in cell.metadata for cell in notebook.cells)


def test_cells_that_wait_for_an_answer_do_not_stop_run_all(course: Path) -> None:
    waiting = [
        cell.source
        for cell in student(course).cells
        if "raises-exception" in cell.metadata.get("tags", [])
    ]
    assert [source.split("\n")[-1][:11] for source in waiting] == [
        'check("' + TRUNCATE[:4],
        "half = trun",
        "print(half)",
        "print(check",
    ]
    assert f'hint("{TRUNCATE}", 1)' in waiting[0]


def test_only_a_name_of_the_notebook_makes_a_later_cell_wait() -> None:
    cells = [
        answer("def double(x):", "[y for y in x]"),
        new_code_cell("y = [1]\nprint(y)"),  # not the y of the answer
        new_code_cell("rows = double(y)"),
        new_code_cell("print(rows)"),
        new_code_cell("rows = [2]"),  # here whatever the answer does
        new_code_cell("print(rows)"),
    ]
    assert list(dependents(new_notebook(cells=cells))) == cells[2:4]


def test_solutions_are_the_committed_notebook(course: Path) -> None:
    solved = nbformat.read(course / "solutions" / "lesson.ipynb", as_version=4)
    assert [c.source for c in solved.cells[1:]] == [c.source for c in lesson().cells[1:]]
    assert solved.cells[1].outputs


@pytest.mark.parametrize("folder", ["student", "solutions", "nbgrader/source/lesson"])
def test_linked_files_lie_beside_the_lesson(course: Path, folder: str) -> None:
    first = nbformat.read(course / folder / "lesson.ipynb", as_version=4).cells[0].source
    assert "](glossary.md#w-plus)" in first
    assert (course / folder / "glossary.md").is_file()


def test_building_again_keeps_what_nbgrader_wrote(course: Path) -> None:
    kept = course / "nbgrader" / "submitted" / "alice" / "lesson" / "lesson.ipynb"
    kept.parent.mkdir(parents=True)
    kept.write_text("{}")
    stale = course / "student" / "old.ipynb"
    stale.write_text("{}")
    build(course.parent / "kit" / "notebooks", course)
    assert kept.exists()
    assert not stale.exists()


@pytest.mark.parametrize("wrong", ["{", "[]", '{"cells": 3}'])
def test_a_wrong_notebook_costs_no_edition_of_before(course: Path, wrong: str) -> None:
    notebooks = course.parent / "kit" / "notebooks"
    (notebooks / "wrong.ipynb").write_text(wrong)
    with pytest.raises(DeltaEditError, match=r"wrong\.ipynb"):
        build(notebooks, course)
    assert student(course).cells


def test_no_link_takes_a_file_from_outside_the_course(course: Path) -> None:
    kit = course.parent / "kit"
    (course.parent / "secret.txt").write_text("mine")
    (kit / "docs" / "door.txt").symlink_to(course.parent / "secret.txt")
    links = "[a](../../secret.txt) [b](../docs/door.txt)"
    nbformat.write(new_notebook(cells=[new_markdown_cell(links)]), kit / "notebooks" / "b.ipynb")
    build(kit / "notebooks", course)
    assert not [*course.rglob("secret.txt"), *course.rglob("door.txt")]
    assert student(course).cells


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (tagged(new_code_cell("x = 1"), "exercise-implement"), "BEGIN SOLUTION"),
        (new_code_cell("### BEGIN SOLUTION\n### END SOLUTION"), "tag the cell"),
        (tagged(new_code_cell("check(key, f)"), "exercise-check"), "plain text"),
        (tagged(new_markdown_cell("Why?"), "exercise-explain"), "<details>"),
    ],
)
def test_a_tag_without_what_belongs_to_it_is_one_line(cell: NotebookNode, words: str) -> None:
    with pytest.raises(DeltaEditError, match=f"lesson: cell 1: .*{words}"):
        marked(new_notebook(cells=[new_markdown_cell("# T"), cell]), "lesson")


def test_an_empty_folder_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["build", "--notebooks", str(tmp_path)])
    with pytest.raises(SystemExit, match="course: no notebooks"):
        main()


def test_checks_are_found_wherever_they_stand_in_a_cell() -> None:
    source = 'print(check("a.b", f))\nfor _ in range(2):\n    check("c.d", lambda x: x + 1)'
    assert checked(source) == {"a.b": "f", "c.d": "lambda x: x + 1"}


# --- nbgrader's own commands: release, submit, autograde


@pytest.mark.slow
def test_nbgrader_gives_full_half_and_no_marks(course: Path) -> None:
    folder = course / "nbgrader"
    release = released(folder, "lesson")
    assert RUBRIC not in text_of(release)
    assert "grade(" not in text_of(release)
    source = nbformat.read(folder / "source" / "lesson" / "lesson.ipynb", as_version=4)
    warned = answered(release, source, right=2)
    warned.cells[6].source = warned.cells[6].source.replace(
        "    return", "    import warnings; warnings.warn('slow')\n    return"
    )
    points = autograded(
        folder,
        "lesson",
        {"ada": warned, "ben": answered(release, source, right=1, wrong=1), "cem": release},
    )
    auto = {name: [cells["check-1"], cells["check-2"]] for name, cells in points.items()}
    assert auto == {"ada": [1, 1], "ben": [1, 0], "cem": [0, 0]}
    assert points["cem"]["explain-1"] == 0  # untouched; a written one waits for a person
