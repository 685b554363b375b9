"""Every quiz file is five good questions, and a quiz shows itself without a script."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from deltaedit_kit import DeltaEditError
from deltaedit_kit.labs.course import quiz
from deltaedit_kit.labs.course.quiz import FOLDER, read

FILES = sorted(FOLDER.glob("*.json"))
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
each_quiz = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])


@each_quiz
def test_a_quiz_is_five_questions_with_feedback_on_every_option(path: Path) -> None:
    questions = quiz(path.stem).questions
    assert len(questions) == 5
    assert len({one.question for one in questions}) == 5
    for one in questions:
        assert len(one.answers) >= 3
        assert any(option.correct for option in one.answers)
        assert not all(option.correct for option in one.answers)
        for texts in ([o.answer for o in one.answers], [o.feedback for o in one.answers]):
            assert len(set(texts)) == len(texts)
        assert all(len(option.feedback.split()) >= 5 for option in one.answers)


@each_quiz
def test_the_right_answer_is_not_always_the_same_letter_nor_the_longest(path: Path) -> None:
    questions = quiz(path.stem).questions
    letters, longest = set(), 0
    for one in questions:
        right = [number for number, option in enumerate(one.answers) if option.correct]
        lengths = [len(option.answer) for option in one.answers]
        letters.add(tuple(right))
        longest += lengths.index(max(lengths)) in right
    assert len(letters) > 1
    assert longest < 5


@each_quiz
def test_a_quiz_belongs_to_a_notebook(path: Path) -> None:
    assert (NOTEBOOKS / f"{path.stem}.ipynb").exists()


class Tags(HTMLParser):
    """Counts of opened tags; every one has to be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


@each_quiz
def test_html_is_whole_has_no_script_and_all_words(path: Path) -> None:
    one = quiz(path.stem)
    page = Tags(one._repr_html_())
    assert not page.open
    assert "script" not in page.seen
    assert page.seen.count("details") == sum(len(q.answers) for q in one.questions)
    for option in (option for q in one.questions for option in q.answers):
        assert option.feedback.replace("`", "") in page.words
    assert one._repr_html_() == quiz(path.stem)._repr_html_()


def test_text_has_the_options_and_does_not_give_the_answer_away() -> None:
    one = quiz("00b_write_the_method")
    for option in (option for q in one.questions for option in q.answers):
        assert option.answer in repr(one)
        assert option.feedback not in repr(one)


def test_markup_in_a_question_is_text(tmp_path: Path) -> None:
    options = [{"answer": "<b>`x`", "correct": True, "feedback": "a & b"}] * 2
    path = tmp_path / "one.json"
    path.write_text(
        json.dumps([{"question": "1 < 2", "type": "multiple_choice", "answers": options}])
    )
    page = Tags(read(path)._repr_html_())
    assert "b" not in page.seen
    assert "code" in page.seen
    assert "<b>x" in page.words


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[", "JSON"),
        ('[{"question": "?"}]', "0.type"),
        (
            '[{"question": "?", "type": "multiple_choice", "answers": ['
            '{"answer": "a", "correct": false, "feedback": "f"},'
            '{"answer": "b", "correct": false, "feedback": ""}]}]',
            "0.answers.1.feedback",
        ),
        (
            '[{"question": "?", "type": "multiple_choice", "answers": ['
            '{"answer": "a", "correct": false, "feedback": "f"},'
            '{"answer": "b", "correct": false, "feedback": "f"}]}]',
            "no right answer",
        ),
    ],
)
def test_a_bad_file_is_one_line_that_says_where(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(DeltaEditError, match=named) as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_an_unknown_quiz_names_the_nearest() -> None:
    with pytest.raises(DeltaEditError, match="00b_write_the_method"):
        quiz("00b_write_the_methods")
