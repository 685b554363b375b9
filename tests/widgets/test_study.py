"""The study's widget without a browser: press what a person would press, read what they see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deltaedit_kit.labs.study.creation import create_study
from deltaedit_kit.labs.study.design import Design
from deltaedit_kit.labs.study.panel import Study
from deltaedit_kit.labs.study.screen import screen_for
from deltaedit_kit.labs.study.store import StudyStore
from deltaedit_kit.support.errors import DeltaEditError
from tests.study.cases import FIRST, SECOND, fake_items

DESIGN = Design(participants=2, rounds=3, checks=1)


class Clock:
    """A clock that a test turns."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> StudyStore:
    return create_study(tmp_path / "study.sqlite", fake_items(3), DESIGN, title="A <b> study")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def study(store: StudyStore, clock: Clock) -> Study:
    return Study(store, clock=clock)


def send(study: Study, key: str, token: str | None = None) -> None:
    """A message as the page's JavaScript sends it."""
    content: Any = {"key": key, "token": study.keyboard.token if token is None else token}
    study.keyboard._handle_custom_msg(content, [])


def shown(box: Any) -> bool:
    return box.layout.display != "none"


def test_it_begins_with_the_consent_text_and_takes_no_place(
    study: Study, store: StudyStore
) -> None:
    assert study.screen.kind == "consent"
    assert "voluntary" in study.text.value
    assert "A &lt;b&gt; study" in study.heading.value
    assert shown(study._consent)
    assert not shown(study._round)
    send(study, "ArrowLeft")
    assert store.progress() == (0, 0)


def test_a_whole_study_by_keyboard(study: Study, store: StudyStore, clock: Clock) -> None:
    study.agree.click()
    assert study.code is not None
    assert study.code in study.message.value
    assert shown(study._round)
    for number in range(8):
        assert study.screen == screen_for(store, study.code)
        assert (study.left.content, study.right.content) == (study.screen.left, study.screen.right)
        assert study.progress.value == number
        clock.now += 2.0
        send(study, "ArrowLeft" if number % 2 else "j")
    assert study.screen.kind == "done"
    assert "Thank you" in study.text.value
    assert [a.choice for a in store.answers()] == ["right", "left"] * 4
    assert {a.seconds for a in store.answers()} == {2.0}
    assert store.progress() == (1, 1)


def test_buttons_answer_as_keys_do(study: Study, store: StudyStore, clock: Clock) -> None:
    study.agree.click()
    clock.now += 1.0
    study.answer_right.click()
    clock.now += 1.0
    study.answer_left.click()
    assert [a.choice for a in store.answers()] == ["right", "left"]


def test_a_key_for_the_page_before_is_not_an_answer(
    study: Study, store: StudyStore, clock: Clock
) -> None:
    study.agree.click()
    old = study.keyboard.token
    clock.now += 1.0
    send(study, "f")
    clock.now += 1.0
    send(study, "f", token=old)  # pressed twice, before the next page had come
    assert len(store.answers()) == 1
    send(study, "j")
    clock.now += 0.1
    send(study, "j")  # faster than anybody looks
    assert len(store.answers()) == 2


def test_closed_and_opened_again_it_goes_on(study: Study, store: StudyStore, clock: Clock) -> None:
    study.agree.click()
    clock.now += 1.0
    send(study, "f")
    second = Study(str(store.path), code=study.code, clock=clock)  # another browser
    assert second.screen == study.screen
    third = Study(store, clock=clock)
    third.given_code.value = f" {study.code} "
    third.agree.click()
    assert third.screen == study.screen
    assert store.progress() == (0, 1)


def test_two_browsers_are_two_participants(store: StudyStore, clock: Clock) -> None:
    one, two, three = (Study(StudyStore(store.path), clock=clock) for _ in range(3))
    one.agree.click()
    two.agree.click()
    clock.now += 1.0
    for _ in range(8):
        send(one, "f")
        send(two, "j")
        clock.now += 1.0
    assert {(a.participant, a.choice) for a in store.answers()} == {(0, "left"), (1, "right")}
    assert len(store.answers()) == 16
    three.agree.click()
    assert "Not done: all 2 places" in three.message.value
    assert three.screen.kind == "consent"


def test_the_page_holds_no_name_of_a_method(study: Study, clock: Clock) -> None:
    study.agree.click()
    for _ in range(8):
        for widget in [study, *study.children, *study._round.children, study.left, study.right]:
            state = str(widget.get_state())
            assert FIRST not in state
            assert SECOND not in state
        clock.now += 1.0
        send(study, "f")


def test_a_double_click_takes_one_place(study: Study, store: StudyStore) -> None:
    study.agree.click()
    code = study.code
    study.agree.click()
    assert study.code == code
    assert store.progress() == (0, 1)


def test_a_mistyped_code_takes_no_place(study: Study, store: StudyStore) -> None:
    study.given_code.value = "<i>0123"
    study.agree.click()
    assert "Not done: no participant has the code" in study.message.value
    assert "<i>" not in study.message.value
    assert study.screen.kind == "consent"
    assert store.progress() == (0, 0)
    study.given_code.value = ""
    study.agree.click()
    assert store.progress() == (0, 1)


def test_a_code_that_the_notebook_gives_is_taken(store: StudyStore) -> None:
    study = Study(store, code="seat 7")
    study.agree.click()
    assert study.code == "seat 7"
    assert store.find("seat 7") == 0


def test_a_short_code_is_an_error_line(store: StudyStore) -> None:
    study = Study(store, code="<i>")
    study.agree.click()
    assert "Not done: a code has 4 to 64 characters" in study.message.value
    assert "<i>" not in study.message.value


def test_a_simulated_study_shows_that_it_is_one_and_takes_nobody(tmp_path: Path) -> None:
    store = create_study(tmp_path / "s.sqlite", fake_items(3), DESIGN, simulated=True)
    study = Study(store)
    assert "SIMULATED" in study.heading.value
    study.agree.click()
    assert "Not done: people cannot answer this study" in study.message.value


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DeltaEditError, match="there is no study"):
        Study(tmp_path / "nothing.sqlite")


def test_a_strange_message_of_the_page_is_ignored(study: Study, store: StudyStore) -> None:
    study.agree.click()
    for content in (None, "f", {}, {"key": None, "token": 3}):
        study.keyboard._handle_custom_msg(content, [])
    assert store.answers() == []
