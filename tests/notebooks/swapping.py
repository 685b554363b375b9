"""What a learner does first: put another sentence into the cell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

# Known and unknown things, another language, a sign that is no word.
OTHERS = (
    "a very old man",
    "face with thick eyebrows",
    "a sad woman with green eyes",
    "face with a red hat",
    "a bicycle in the rain",
    "face without glasses",
    "ein lachendes Gesicht",
    "portrait of somebody \N{GRINNING FACE}",
    "face with short grey hair",
    "someone who has just won the lottery",
)
SENTENCE = re.compile(r"(?=.*\b(?:face|man|woman)\b)[a-z]+( [a-z]+)+")


def sentences(source: str) -> list[str]:
    """The literals of a cell that are sentences about a picture."""
    return sorted(set(_found(source)))


def swapped(source: str, first: int) -> str:
    """The cell with its sentences replaced by others, beginning with number `first`."""
    for number, text in enumerate(sentences(source)):
        source = source.replace(f'"{text}"', f'"{OTHERS[(first + number) % len(OTHERS)]}"')
    return source


def _found(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # the set-up cell's %pip
        return
    formatted = {
        id(part) for x in ast.walk(tree) if isinstance(x, ast.JoinedStr) for part in x.values
    }
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in formatted:
                if SENTENCE.fullmatch(text):
                    yield text
