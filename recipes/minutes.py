"""How long a lesson takes: the minutes at the head of each notebook, derived from the notebook.

    python -m recipes.minutes                          heads and table again, from the sources
    python -m recipes.minutes --run 05_your_own_photo  execute it first, and record its seconds

    reading   = words of its text / 100        a pace that pays for figures and code, too
    running   = processor seconds of all its cells / 60, one thread
    exercises = 8 a function + 3 a prediction + 5 an explanation + 5 the quiz

Reading and exercises are rounded up to five minutes, running to one. What was recorded stands in
docs/teaching/minutes.md, a page for teachers that this command writes and reads back.
"""

from __future__ import annotations

import argparse
import math
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from deltaedit_kit.labs.course.marking import EXPLAIN, IMPLEMENT, PREDICT, has_tag
from recipes.notebooks import FOLDER, ROOT, executed

TABLE = ROOT / "docs" / "teaching" / "minutes.md"
WORDS_A_MINUTE = 100
QUIZ_MINUTES = 5
EXERCISE_MINUTES = {IMPLEMENT: 8, PREDICT: 3, EXPLAIN: 5}
ROW = re.compile(r"^\| `(?P<name>\w+)` \|.*\| (?P<seconds>\d+) s \|", re.MULTILINE)
PAGE = """\
# Minutes

Written by `python -m recipes.minutes`, which also puts these minutes into the head of each lesson.

- **Reading**: the words of the text, answers to predictions included, at {words} a minute. That is
  slower than reading for pleasure: it pays for the figures, the tables and the code between them.
- **Running**: the processor seconds of executing all cells once, one thread of a busy AVX2 server.
- **Exercises**: {implement} minutes for a function, {predict} for a prediction, {explain} for an
  explanation, {quiz} for the quiz. These are a plan, not a measurement: no class has been timed.

| lesson | reading | measured | running | functions, predictions, explanations | exercises |
|---|---|---|---|---|---|
{rows}
| all | {all_reading} min | {all_seconds} s | | {all_parts} | {all_exercises} min |
"""


class Minutes(NamedTuple):
    """What a head says."""

    reading: int
    running: int
    exercises: int


def words(notebook: NotebookNode) -> int:
    """The number of words of the markdown cells."""
    return sum(len(c.source.split()) for c in notebook.cells if c.cell_type == "markdown")


def parts(notebook: NotebookNode) -> dict[str, int]:
    """How many exercises of each kind there are."""
    return {tag: sum(has_tag(cell, tag) for cell in notebook.cells) for tag in EXERCISE_MINUTES}


def minutes(notebook: NotebookNode, seconds: int) -> Minutes:
    """What the head of a notebook should say, whose cells take so many processor seconds."""
    exercises = QUIZ_MINUTES + sum(
        EXERCISE_MINUTES[tag] * count for tag, count in parts(notebook).items()
    )
    return Minutes(
        _up_to_five(words(notebook) / WORDS_A_MINUTE),
        max(1, math.ceil(seconds / 60)),
        _up_to_five(exercises),
    )


def stated(head: str) -> Minutes:
    """What the text of a head says; raises ValueError where one of the three is missing."""
    found = [re.search(rf"\b{word} (\d+)", head) for word in Minutes._fields]
    if not all(found):
        raise ValueError("**Time**: reading N minutes, running N, exercises N.")
    return Minutes(*(int(one.group(1)) for one in found if one))


def recorded(page: str) -> dict[str, int]:
    """Lesson -> its processor seconds, from the text of the table."""
    return {row["name"]: int(row["seconds"]) for row in ROW.finditer(page)}


def processor_seconds(path: Path) -> int:
    """Execute a notebook in a fresh kernel, throw its outputs away, return what it took."""
    before = os.times()
    executed(nbformat.read(path, as_version=4), path.parent)
    after = os.times()  # the kernel has ended: its time stands among that of the children
    user = after.children_user - before.children_user
    return math.ceil(user + after.children_system - before.children_system)


def page(lessons: dict[str, NotebookNode], seconds: dict[str, int]) -> str:
    """The table for teachers."""
    each = {name: minutes(notebook, seconds[name]) for name, notebook in lessons.items()}
    counts = {name: parts(notebook) for name, notebook in lessons.items()}
    rows = [
        f"| `{name}` | {derived.reading} min | {seconds[name]} s "
        f"| {derived.running} min | {_listed(counts[name].values())} | {derived.exercises} min |"
        for name, derived in each.items()
    ]
    return PAGE.format(
        words=WORDS_A_MINUTE,
        implement=EXERCISE_MINUTES[IMPLEMENT],
        predict=EXERCISE_MINUTES[PREDICT],
        explain=EXERCISE_MINUTES[EXPLAIN],
        quiz=QUIZ_MINUTES,
        rows="\n".join(rows),
        all_reading=sum(derived.reading for derived in each.values()),
        all_seconds=sum(seconds[name] for name in lessons),
        all_parts=_listed(sum(c[tag] for c in counts.values()) for tag in EXERCISE_MINUTES),
        all_exercises=sum(derived.exercises for derived in each.values()),
    )


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def _up_to_five(value: float) -> int:
    return 5 * math.ceil(value / 5)


def _corrected(path: Path, derived: Minutes) -> None:
    """Put these minutes into the head of a notebook's file, and change nothing else."""
    notebook = nbformat.read(path, as_version=4)
    head = notebook.cells[0]
    if stated(head.source) == derived:
        return
    for word, number in derived._asdict().items():
        head.source = re.sub(rf"\b{word} \d+( to \d+)?", f"{word} {number}", head.source, count=1)
    nbformat.write(notebook, path)
    print(f"{path.name}: {derived}")


def main() -> None:
    """Write the table and correct the heads."""
    parser = argparse.ArgumentParser(description="Minutes of the lessons.")
    parser.add_argument("--run", action="store_true", help="execute and record the seconds")
    parser.add_argument("names", nargs="*", help="such as 00_quickstart (default: all)")
    options = parser.parse_args()
    paths = {path.stem: path for path in sorted(FOLDER.glob("*.ipynb"))}
    names = options.names or list(paths)
    seconds = recorded(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}
    for name in names if options.run else []:
        seconds[name] = processor_seconds(paths[name])
        print(f"{name}: {seconds[name]} processor seconds", flush=True)
    if missing := sorted(set(paths) - set(seconds)):
        parser.error(f"not measured yet: {', '.join(missing)}; add --run and their names")
    lessons = {name: nbformat.read(path, as_version=4) for name, path in paths.items()}
    for name in names:
        _corrected(paths[name], minutes(lessons[name], seconds[name]))
    TABLE.write_text(page(lessons, seconds), encoding="utf-8")


if __name__ == "__main__":
    main()
