"""Tags of cells -> nbgrader's metadata and markers: the one source of all editions.

    exercise-implement   the answer between BEGIN and END SOLUTION       solution
    exercise-check       `check("method.loss", f)`, shown to learners     autograded, a point a key
    exercise-explain     the rubric in <details>, marked as solution     graded by hand, two points
    test-only            asserts on what a learner may change            left out

Behind the visible checks of a cell stand hidden ones, `grade(...)`, which nbgrader takes away on
release and puts back on grading, on inputs that differ from learner to learner (`seeds`).

Citation: nbgrader, doi:10.21105/joss.00032; its metadata, schema 3.
"""

from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from collections.abc import Iterator

from nbformat import NotebookNode

from deltaedit_kit.support.errors import DeltaEditError

IMPLEMENT, CHECK = "exercise-implement", "exercise-check"
PREDICT, EXPLAIN = "exercise-predict", "exercise-explain"
TEST_ONLY = "test-only"
EXERCISE_TAGS = (PREDICT, IMPLEMENT, EXPLAIN)  # each is one exercise; a check belongs to an answer

EXPLAIN_POINTS = 2
ANSWER = "### BEGIN SOLUTION"
FOLDED = re.compile(r"[ \t]*<details>.*?</details>", re.DOTALL)
HINT = '# Stuck? from deltaedit_kit.labs.course import hint; hint("{key}", 1), then 2 and 3\n'
HIDDEN = """

### BEGIN HIDDEN TESTS
from deltaedit_kit.labs.course.checking import grade

grade(**{{{answers}}})
### END HIDDEN TESTS"""


def has_tag(cell: NotebookNode, tag: str) -> bool:
    """Whether a cell carries this tag."""
    return tag in cell.metadata.get("tags", [])


def marked(notebook: NotebookNode, name: str) -> NotebookNode:
    """A copy with nbgrader's metadata and markers, without cells for tests only.

    Raises DeltaEditError for a tag on a cell that lacks what belongs to it, and for an answer in a
    cell without the tag, naming the cell.
    """
    notebook = copy.deepcopy(notebook)
    counts: Counter[str] = Counter()
    for number, cell in enumerate(notebook.cells):
        for tag, mark in ((IMPLEMENT, _answer), (CHECK, _test), (EXPLAIN, _text)):
            if has_tag(cell, tag):
                counts[tag] += 1
                grade_id = f"{tag.removeprefix('exercise-')}-{counts[tag]}"
                try:
                    mark(cell, grade_id)
                except DeltaEditError as error:
                    raise DeltaEditError(f"{name}: cell {number}: tag {tag}: {error}") from None
        if ANSWER in cell.source and not has_tag(cell, IMPLEMENT):
            raise DeltaEditError(f"{name}: cell {number}: an answer; tag the cell {IMPLEMENT}")
    notebook.cells = [cell for cell in notebook.cells if not has_tag(cell, TEST_ONLY)]
    return notebook


def checked(source: str) -> dict[str, str]:
    """The exercises that a cell's `check` calls name -> the text of the answer they are given."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id="check"), args=[ast.Constant(value=str(key)), answer]):
                found[key] = ast.unparse(answer)
    return found


def _answer(cell: NotebookNode, grade_id: str) -> None:
    if cell.cell_type != "code" or ANSWER not in cell.source:
        raise DeltaEditError("no answer; put it between ### BEGIN SOLUTION and ### END SOLUTION")
    _note(cell, grade_id, solution=True)


def _test(cell: NotebookNode, grade_id: str) -> None:
    answers = checked(cell.source) if cell.cell_type == "code" else {}
    if not answers:
        raise DeltaEditError('no check; write check("01.key", answer), the key as plain text')
    pairs = ", ".join(f'"{key}": {answer}' for key, answer in answers.items())
    hints = "".join(HINT.format(key=key) for key in answers)
    cell.source = hints + cell.source + HIDDEN.format(answers=pairs)
    _note(cell, grade_id, points=len(answers), locked=True)


def _text(cell: NotebookNode, grade_id: str) -> None:
    if cell.cell_type != "markdown" or not FOLDED.search(cell.source):
        raise DeltaEditError("no rubric; fold it in <details> ... </details>")
    cell.source = re.sub(r"\n{3,}", "\n\n", FOLDED.sub(_as_solution, cell.source))
    _note(cell, grade_id, points=EXPLAIN_POINTS, solution=True)


def _as_solution(folded: re.Match[str]) -> str:
    """The folded rubric between nbgrader's markers, on lines of their own, indented as it was."""
    text = folded.group()
    space = text[: len(text) - len(text.lstrip())]
    return f"\n{space}<!-- BEGIN SOLUTION -->\n{text}\n{space}<!-- END SOLUTION -->\n"


def _note(
    cell: NotebookNode,
    grade_id: str,
    points: int | None = None,
    solution: bool = False,
    locked: bool = False,
) -> None:
    graded = {} if points is None else {"points": points}
    cell.metadata["nbgrader"] = {
        "grade": points is not None,
        "grade_id": grade_id,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
        **graded,
    }


def dependents(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Cells that use what a learner has yet to write, directly or through another such cell."""
    names: set[str] = set()
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:  # the set-up cell's %pip
            continue
        used = {
            x.id for x in ast.walk(tree) if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Load)
        }
        made = set(_made(tree))
        if has_tag(cell, IMPLEMENT):
            names |= made
        elif used & names:
            names |= made
            yield cell
        else:
            names -= made  # used again for something that is there


def _made(node: ast.AST) -> Iterator[str]:
    """The names that a cell binds; those inside a function or a comprehension are its own."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case (
                ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp()
            ):
                continue
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case _:
                yield from _made(child)
