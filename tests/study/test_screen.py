"""What is shown and what a key does, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from deltaedit_kit.labs.study.creation import create_study
from deltaedit_kit.labs.study.design import QUESTIONS, Design
from deltaedit_kit.labs.study.screen import LEAST_SECONDS, SIDE_OF_KEY, press, screen_for
from deltaedit_kit.labs.study.store import StudyStore
from tests.study.cases import FIRST, SECOND, fake_items

DESIGN = Design(participants=2, rounds=3, checks=1)


@pytest.fixture
def store(tmp_path: Path) -> StudyStore:
    return create_study(tmp_path / "study.sqlite", fake_items(3), DESIGN, title="Which?")


def test_consent_comes_first_and_says_what_is_stored(store: StudyStore) -> None:
    for code in (None, "a stranger"):
        screen = screen_for(store, code)
        assert (screen.kind, screen.title, screen.token) == ("consent", "Which?", "")
    text = screen_for(store, None).text
    for words in ("4 pairs", "2 questions", "voluntary", "stop at any time", "without your name"):
        assert words in text
    assert all(question in text for question in QUESTIONS.values())
    assert store.progress() == (0, 0)  # looking takes no place


def test_a_question_is_shown_with_its_pictures_until_it_is_answered(store: StudyStore) -> None:
    who = store.join("code-one")
    screen = screen_for(store, "code-one")
    ask = store.next_question(who)
    assert ask is not None
    assert screen == screen_for(store, "code-one")
    assert (screen.kind, screen.ask) == ("question", ask)
    assert screen.question == QUESTIONS[ask.question]
    assert screen.before == b"before %d" % ask.item
    assert {screen.left, screen.right} == {b"first %d" % ask.item, b"second %d" % ask.item}
    assert press(store, screen, "ArrowLeft", 1.0)
    following = screen_for(store, "code-one")
    assert (following.done, following.total) == (1, 8)
    assert following.token != screen.token
    assert {following.left, following.right} == {screen.left, screen.right}  # the second question


def test_no_screen_names_a_method(store: StudyStore) -> None:
    store.join("code-one")
    while (screen := screen_for(store, "code-one")).kind == "question":
        assert FIRST not in str(screen)
        assert SECOND not in str(screen)
        press(store, screen, "j", 1.0)
    assert screen.kind == "done"
    assert not press(store, screen, "j", 1.0)
    assert len(store.answers()) == 8


@pytest.mark.parametrize(("key", "side"), list(SIDE_OF_KEY.items()))
def test_every_key_is_its_side(store: StudyStore, key: str, side: str) -> None:
    store.join("code-one")
    assert press(store, screen_for(store, "code-one"), key, 1.0)
    assert [a.choice for a in store.answers()] == [side]


@pytest.mark.parametrize(
    ("key", "seconds"), [("x", 1.0), ("", 1.0), ("ArrowUp", 1.0), ("f", LEAST_SECONDS / 2)]
)
def test_other_keys_and_hasty_ones_answer_nothing(
    store: StudyStore, key: str, seconds: float
) -> None:
    store.join("code-one")
    assert not press(store, screen_for(store, "code-one"), key, seconds)
    assert store.answers() == []


def test_two_pages_of_one_participant_do_not_answer_twice(store: StudyStore) -> None:
    store.join("code-one")
    stale = screen_for(store, "code-one")
    assert press(store, screen_for(store, "code-one"), "f", 1.0)
    assert press(store, stale, "j", 1.0)  # the other page; the first answer stands
    assert [a.choice for a in store.answers()] == ["left"]
    assert screen_for(store, "code-one").done == 1
