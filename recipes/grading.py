"""Grade lessons with nbgrader, as a department would: does its gradebook hold the right points?

    python -m recipes.grading                 all lessons, one after the other: half an hour
    python -m recipes.grading 01_delta_space  one of them: as long as the lesson takes, three times

    make course ─► generate_assignment ─► three submissions ─► autograde ─► points in the gradebook

    solved   every answer of the solved edition        wanted: all points
    half     the first half of the answers; in place of each other one, a planted mistake of its
             exercise                                  wanted: a point for each answer of that half
    empty    the release as it was given out           wanted: none

The first half, since an answer may use an earlier one. What is printed are rows of the table in
docs/teaching/grading.md; a submission that got other points ends the command with an error.
"""

from __future__ import annotations

import argparse
import copy
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from deltaedit_kit.labs.course.build import build
from deltaedit_kit.labs.course.marking import checked
from deltaedit_kit.support.errors import DeltaEditError
from recipes.notebooks import FOLDER

Points = dict[str, float | None]  # "check-3", a graded cell -> its points; None: wait for a person
MISTAKEN = """\
from deltaedit_kit.labs.course.exercises import EXERCISES

exercise = EXERCISES["{key}"]
{answer} = exercise.mistaken(next(iter(exercise.mistakes)))"""


def released(folder: Path, lesson: str) -> NotebookNode:
    """What nbgrader gives out of a lesson, from the folder `nbgrader/` of `make course`."""
    _nbgrader(folder, "generate_assignment", lesson)
    return nbformat.read(folder / "release" / lesson / f"{lesson}.ipynb", as_version=4)


def autograded(
    folder: Path, lesson: str, submissions: Mapping[str, NotebookNode]
) -> dict[str, Points]:
    """Hand in a notebook for each student of a released lesson, and let nbgrader grade them.

    Raises DeltaEditError with the end of what nbgrader said where it failed.
    """
    for student, notebook in submissions.items():
        place = folder / "submitted" / student / lesson
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{lesson}.ipynb")
    _nbgrader(folder, "autograde", lesson)
    from nbgrader.api import Gradebook  # seconds, which collecting tests need not take

    with Gradebook(f"sqlite:///{folder}/gradebook.db", "deltaedit") as book:
        found = {x: book.find_submission_notebook(lesson, lesson, x) for x in submissions}
        return {x: {one.name: one.auto_score for one in found[x].grades} for x in found}


def answered(
    release: NotebookNode, source: NotebookNode, right: int, wrong: int = 0
) -> NotebookNode:
    """The release with the first `right` answers of the source, and `wrong` planted mistakes after.

    Each cell with answers stands before the cell that checks them, as in all lessons.
    """
    notebook = copy.deepcopy(release)
    solved = {cell.metadata["nbgrader"]["grade_id"]: cell.source for cell in _marked(source)}
    number, writing = 0, NotebookNode()
    for cell in _marked(notebook):
        if cell.cell_type != "code":
            continue
        if cell.metadata["nbgrader"]["solution"]:
            writing, number = cell, number + 1
            if number <= right:
                cell.source = solved[cell.metadata["nbgrader"]["grade_id"]]
        elif right < number <= right + wrong:
            writing.source = "\n".join(
                MISTAKEN.format(key=key, answer=answer)
                for key, answer in checked(cell.source).items()
            )
    return notebook


def row(lesson: str) -> str:
    """Grade the three submissions of a lesson: its row of the table.

    Raises DeltaEditError where one of them got other points than it should.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "nbgrader"
        build(FOLDER, Path(temporary))
        release = released(folder, lesson)
        source = nbformat.read(folder / "source" / lesson / f"{lesson}.ipynb", as_version=4)
        checks = [cell for cell in _marked(source) if cell.metadata["nbgrader"]["locked"]]
        full = sum(cell.metadata["nbgrader"]["points"] for cell in checks)
        half = len(checks) // 2
        wanted = {"solved": full, "half": half, "empty": 0}
        submissions = {
            "solved": answered(release, source, len(checks)),
            "half": answered(release, source, half, len(checks) - half),
            "empty": release,
        }
        before = os.times()
        graded = autograded(folder, lesson, submissions)
        after = os.times()  # nbgrader and its kernels have ended: they stand among the children
    user = after.children_user - before.children_user
    minutes = math.ceil((user + after.children_system - before.children_system) / 6) / 10
    names = [cell.metadata["nbgrader"]["grade_id"] for cell in checks]
    given = {
        student: sum(points[name] or 0 for name in names) for student, points in graded.items()
    }
    if given != wanted:
        raise DeltaEditError(f"{lesson}: wanted {wanted}, given {given}: {graded}")
    return f"| `{lesson}` | {full} of {full} | {half} | 0 | {minutes} |"


def _marked(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if "nbgrader" in cell.metadata]


def _nbgrader(folder: Path, *arguments: str) -> None:
    # It calls alembic by name, as in an activated environment.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DeltaEditError(f"nbgrader {' '.join(arguments)} failed: {done.stderr[-3000:]}")


def main() -> None:
    """Print a row for each named lesson."""
    parser = argparse.ArgumentParser(description="Points that nbgrader gives for known answers.")
    parser.add_argument("names", nargs="*", help="such as 00_quickstart (default: all)")
    names = parser.parse_args().names or [path.stem for path in sorted(FOLDER.glob("*.ipynb"))]
    for name in names:
        try:
            print(row(name), flush=True)
        except DeltaEditError as error:
            raise SystemExit(f"grading: {error}") from None


if __name__ == "__main__":
    main()
