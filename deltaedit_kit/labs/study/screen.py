"""What a participant sees now, and what a key does: plain functions over the store.

    screen_for(store, code) -> Screen          consent, a question, or thanks
    press(store, screen, key, seconds) -> was it an answer?

Idea: the store is the only state, so a screen is a pure function of it, and continuing after a
crash is calling that function again. A screen names no method: what a browser does not get, nobody
can find in its page. The widget copies screens to widgets and keys to `press`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deltaedit_kit.labs.study.design import QUESTIONS
from deltaedit_kit.labs.study.store import Question, StudyStore

SIDE_OF_KEY = {
    **dict.fromkeys(("ArrowLeft", "f", "F", "1"), "left"),
    **dict.fromkeys(("ArrowRight", "j", "J", "2"), "right"),
}
LEAST_SECONDS = 0.3  # nobody compares two pictures faster: such a press was meant for the last pair


@dataclass(frozen=True)
class Screen:
    """One page of the study, all of it plain text and PNG files."""

    kind: Literal["consent", "question", "done"]
    title: str
    text: str  # consent, or the sentence that the edit followed, or thanks
    question: str = ""
    before: bytes = b""
    left: bytes = b""
    right: bytes = b""
    done: int = 0  # questions answered
    total: int = 0
    ask: Question | None = None  # what an answer to this screen belongs to

    @property
    def token(self) -> str:
        """Names the question of this screen, so that a late key cannot answer the next one."""
        ask = self.ask
        return f"{ask.participant}/{ask.position}/{ask.question}" if ask else ""


def screen_for(store: StudyStore, code: str | None) -> Screen:
    """The page of the participant with this code; None, or a code that has not joined: consent."""
    participant = None if code is None else store.find(code)
    if participant is None:
        return Screen("consent", store.title, store.consent)
    ask = store.next_question(participant)
    if ask is None:
        thanks = "Thank you: you have answered everything. You can close this page."
        return Screen("done", store.title, thanks)
    return Screen(
        kind="question",
        title=store.title,
        text=ask.sentence,
        question=QUESTIONS[ask.question],
        **store.pictures(ask),
        done=ask.done,
        total=ask.total,
        ask=ask,
    )


def press(store: StudyStore, screen: Screen, key: str, seconds: float) -> bool:
    """Answer the screen's question with a key, `seconds` after it was shown.

    False, and nothing kept: another key, a screen without question, or a press so early that it
    cannot be about these pictures. An answer that another page gave first stands, and is True.
    """
    side = SIDE_OF_KEY.get(key)
    if side is None or screen.ask is None or seconds < LEAST_SECONDS:
        return False
    store.answer(screen.ask, side, seconds)
    return True
