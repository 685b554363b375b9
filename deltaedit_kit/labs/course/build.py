"""One source, three editions: `python -m deltaedit_kit.labs.course.build`, or `make course`.

    notebooks/*.ipynb ─┬─► student/    answers, rubrics, tests and outputs cleared
      (solved, tags)   ├─► solutions/  as they are, executed
                       └─► nbgrader/   source/LESSON/LESSON.ipynb, nbgrader_config.py, README.md

nbgrader's own preprocessors clear the student's edition, in the order of its generate_assignment,
so that it is what a department's release would be. The nbgrader folder is rewritten but for what
nbgrader itself puts there: releases, submissions and the gradebook stay.
"""

from __future__ import annotations

import argparse
import copy
import re
import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from deltaedit_kit.labs.course.marking import dependents, marked
from deltaedit_kit.support.atomic import check_regular_file
from deltaedit_kit.support.errors import DeltaEditError

STUB = '# YOUR CODE HERE\nraise NotImplementedError("write your answer here")'
TEXT_STUB = "*Write your answer here.*"
LINK = re.compile(r"\]\(\.\./([^)#\s]+)")  # of a notebook, to a file of the kit beside its folder
CONFIG = f"""\
c = get_config()  # noqa: F821  nbgrader gives it
c.CourseDirectory.course_id = "deltaedit"
c.ClearSolutions.code_stub = {{"python": {STUB!r}}}
c.ClearSolutions.text_stub = {TEXT_STUB!r}
c.Execute.timeout = 1200  # a guard against hangs
"""
GUIDE = """\
# The course in nbgrader

Each lesson is an assignment of `source/`. With the kit and its extra `course`, in this folder:

    nbgrader generate_assignment 01_delta_space    # -> release/01_delta_space
    nbgrader autograde 01_delta_space              # grades submitted/STUDENT/01_delta_space
    nbgrader export                                # grades.csv

A right function is a point, given automatically; an explanation two, given by hand in
`nbgrader formgrader` with the rubric of the solved edition. The checks of each student
draw inputs of their own: their seed is the name of the folder that they submitted.
"""


def build(notebooks: Path, out: Path) -> list[str]:
    """Write the three editions of every notebook of a folder into `out`; returns their names.

    Raises DeltaEditError where nbgrader is missing, where there is no notebook, and for a tag on a
    cell that lacks what belongs to it.
    """
    paths = sorted(notebooks.glob("*.ipynb"))
    if not paths:
        raise DeltaEditError(f"no notebooks in {notebooks}; name their folder with --notebooks")
    lessons = []
    for path in paths:
        solved = _read(path)
        graded = marked(solved, path.stem)
        lessons.append((path, solved, graded, student_edition(graded)))
    # Only now that all can be written: a wrong notebook costs nobody the editions of before.
    for old in (out / "student", out / "solutions", out / "nbgrader" / "source"):
        shutil.rmtree(old, ignore_errors=True)
    for path, solved, graded, student in lessons:
        _write(solved, path, out / "solutions")
        _write(graded, path, out / "nbgrader" / "source" / path.stem)
        _write(student, path, out / "student")
    (out / "nbgrader" / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    (out / "nbgrader" / "README.md").write_text(GUIDE, encoding="utf-8")
    return [path.stem for path in paths]


def _read(path: Path) -> NotebookNode:
    """A notebook; DeltaEditError where it is none."""
    try:
        return nbformat.read(check_regular_file(path), as_version=4)
    except (OSError, ValueError, AttributeError, TypeError, KeyError) as cause:  # nbformat's
        why = str(cause).splitlines()[0][:200] if str(cause) else type(cause).__name__
        raise DeltaEditError(f"cannot read {path}: {why}; mend it, or move it away") from cause


def student_edition(graded: NotebookNode) -> NotebookNode:
    """What a learner gets of a notebook with nbgrader's marks (`marking.marked`).

    A cell that fails until an answer is written carries Jupyter's tag `raises-exception`: the
    error shows, and Run All goes on. Raises DeltaEditError where nbgrader is missing.
    """
    try:
        from nbconvert.exporters.exporter import ResourcesDict
        from nbgrader import preprocessors as steps
    except ImportError:
        raise DeltaEditError(
            "nbgrader is not installed; pip install 'deltaedit-kit[course]'"
        ) from None
    notebook = copy.deepcopy(graded)
    for cell in dependents(notebook):
        cell.metadata["tags"] = [*cell.metadata.get("tags", []), "raises-exception"]
    solutions = steps.ClearSolutions(code_stub={"python": STUB}, text_stub=TEXT_STUB)
    for step in (solutions, steps.ClearOutput(), steps.ClearHiddenTests()):
        notebook, _ = step.preprocess(notebook, ResourcesDict())
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
        cell.source = cell.source.strip("\n")
    return notebook


def _write(notebook: NotebookNode, source: Path, folder: Path) -> None:
    """The notebook in `folder`, and beside it the files that it links to as ../NAME."""
    folder.mkdir(parents=True, exist_ok=True)
    notebook, home = copy.deepcopy(notebook), source.parent.parent.resolve()

    def beside(link: re.Match[str]) -> str:
        target = (home / link.group(1)).resolve()
        if not target.is_file() or home not in target.parents:
            return link.group()  # what is elsewhere is not the course's
        shutil.copyfile(target, folder / target.name)
        return f"]({target.name}"

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(beside, cell.source)
    nbformat.write(notebook, folder / source.name)


def main() -> None:
    """Write the editions."""
    parser = argparse.ArgumentParser(description="The course: student, solutions, nbgrader.")
    parser.add_argument("--notebooks", type=Path, default=Path("notebooks"))
    parser.add_argument("--out", type=Path, default=Path("build/course"))
    given = parser.parse_args()
    try:
        names = build(given.notebooks, given.out)
    except DeltaEditError as error:
        raise SystemExit(f"course: {error}") from None
    print(f"{len(names)} lessons -> {given.out}: student/, solutions/, nbgrader/")


if __name__ == "__main__":
    main()
