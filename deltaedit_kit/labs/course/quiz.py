"""Five questions on a lesson, each option with its feedback, in plain HTML.

    quizzes/NAME.json --quiz(NAME)--> Quiz     an option is a <details>: open it, and read

A quiz has to work in JupyterLab, in Colab, on a static page and in a notebook that nobody has run,
by keyboard and with a screen reader. The native disclosure does all of that without a script and
without a kernel: Tab goes to an option, Space opens it, and the feedback stands right behind. Ids
and order are fixed, so that two runs of a notebook give one text. The files have the format of
jupyterquiz, whose scripts show nothing in a notebook that is not trusted.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from deltaedit_kit.support.errors import DeltaEditError, did_you_mean

FOLDER = Path(__file__).parent / "quizzes"
LETTERS = "abcdefgh"
CODE = re.compile(r"`([^`]+)`")


class Option(BaseModel):
    """One answer to choose, and what to say to a learner who does."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_min_length=1)
    answer: str
    correct: bool
    feedback: str


class Question(BaseModel):
    """A question with two to eight options, of which at least one is right."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_min_length=1)
    question: str
    type: Literal["multiple_choice"]
    answers: tuple[Option, ...] = Field(min_length=2, max_length=len(LETTERS))


class Quiz:
    """Questions that show themselves: as HTML in a notebook, else as text without the feedback."""

    def __init__(self, name: str, questions: tuple[Question, ...]) -> None:
        self.name, self.questions = name, questions

    def __repr__(self) -> str:
        lines = [f"Quiz {self.name}: {len(self.questions)} questions"]
        for number, one in enumerate(self.questions, 1):
            lines.append(f"{number}. {one.question}")
            lines += [
                f"   {letter}) {option.answer}"
                for letter, option in zip(LETTERS, one.answers, strict=False)
            ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        body = "".join(_question(number, one) for number, one in enumerate(self.questions, 1))
        # JupyterLab's own keys (Enter edits the cell, arrows leave it) are not for what is inside.
        return (
            f'<section aria-label="Quiz" data-lm-suppress-shortcuts="true">'
            f"<p>Choose an answer to read why it is right or wrong.</p>{body}</section>"
        )


def quiz(name: str) -> Quiz:
    """The quiz of a lesson, such as "01_delta_space". Put it last in a cell.

    Raises DeltaEditError for a name that no lesson has, and for a file that is no quiz.
    """
    names = sorted(path.stem for path in FOLDER.glob("*.json"))
    if name not in names:
        advice = did_you_mean(name, names)
        raise DeltaEditError(
            f"no quiz is called {str(name)[:40]!r}; {advice}there are {', '.join(names)}"
        )
    return read(FOLDER / f"{name}.json")


def read(path: Path) -> Quiz:
    """The quiz in a file: a list of questions in jupyterquiz's format."""
    try:
        questions = TypeAdapter(tuple[Question, ...]).validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise DeltaEditError(f"{path.name}: {where}: {first['msg']}") from None
    for number, one in enumerate(questions, 1):
        if not any(option.correct for option in one.answers):
            raise DeltaEditError(f"{path.name}: question {number} has no right answer; mark one")
    return Quiz(path.stem, questions)


def _question(number: int, one: Question) -> str:
    # Styles are attributes: JupyterLab drops a style element where a notebook is not trusted.
    # The padding makes an answer 32 px high or more, enough for a finger (WCAG 2.2 asks for 24).
    options = "".join(
        f'<details><summary style="padding: 0.45em 0">{letter}) {_rich(option.answer)}</summary>'
        f'<p style="margin: 0.2em 0 0.8em 1.3em">'
        f"<strong>{'Right.' if option.correct else 'Wrong.'}</strong> "
        f"{_rich(option.feedback)}</p></details>"
        for letter, option in zip(LETTERS, one.answers, strict=False)
    )
    text = f"<strong>{number}.</strong> {_rich(one.question)}"
    return (
        f'<div role="group" aria-label="Question {number}" style="margin: 1.2em 0">'
        f"<p>{text}</p>{options}</div>"
    )


def _rich(text: str) -> str:
    """Text as HTML: markup is escaped, `code` becomes code, $formulas$ are left to the page."""
    return CODE.sub(r"<code>\1</code>", html.escape(text, quote=False))
