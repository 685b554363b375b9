"""The list of sentences: each with a text, a strength of its own and a switch.

Any text may be written: what cannot be understood becomes a line in the panel when it is drawn,
and never stands in the way of the other sentences.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from deltaedit_kit.labs.studio.state import Sentence, StudioState
from deltaedit_kit.support.errors import DeltaEditError, check_number, check_whole_number

MOST_SENTENCES = 8
FARTHEST = 2.0  # strengths run from -2 to 2


def add(state: StudioState, text: str = "", strength: float = 1.0) -> StudioState:
    """One more sentence at the end; raises `DeltaEditError` when the list is full."""
    if len(state.sentences) >= MOST_SENTENCES:
        raise DeltaEditError(
            f"the list holds {MOST_SENTENCES} sentences already; delete one before adding another"
        )
    new = Sentence(_text(text), _strength(strength))
    return replace(state, sentences=(*state.sentences, new))


def write(state: StudioState, number: int, text: str) -> StudioState:
    """Another text for sentence `number` (counted from 0)."""
    return _with(state, number, text=_text(text))


def weigh(state: StudioState, number: int, strength: float) -> StudioState:
    """Another strength, in [-2, 2]; 0 leaves the picture alone, negative goes the other way."""
    return _with(state, number, strength=_strength(strength))


def switch(state: StudioState, number: int, on: bool) -> StudioState:
    """Whether the sentence counts; its text and strength stay."""
    return _with(state, number, on=bool(on))


def delete(state: StudioState, number: int) -> StudioState:
    """Take a sentence off the list."""
    place = _place(state, number)
    return replace(state, sentences=state.sentences[:place] + state.sentences[place + 1 :])


def put(state: StudioState, sentences: Iterable[Sentence]) -> StudioState:
    """A whole list in the place of this one, each sentence checked as if it were typed."""
    empty = replace(state, sentences=())
    for sentence in sentences:
        empty = add(empty, sentence.text, sentence.strength)
        empty = switch(empty, len(empty.sentences) - 1, sentence.on)
    return empty


def _with(state: StudioState, number: int, **fields: Any) -> StudioState:
    sentences = list(state.sentences)
    place = _place(state, number)
    sentences[place] = replace(sentences[place], **fields)
    return replace(state, sentences=tuple(sentences))


def _place(state: StudioState, number: int) -> int:
    if not state.sentences:
        raise DeltaEditError("there is no sentence; add one first")
    return check_whole_number("sentence", number, 0, len(state.sentences) - 1)


def _text(text: Any) -> str:
    if not isinstance(text, str):
        raise DeltaEditError(
            f"a sentence must be text, not {type(text).__name__}; put it in quotes"
        )
    return text


def _strength(value: Any) -> float:
    number = check_number("strength", value)
    if abs(number) > FARTHEST:
        raise DeltaEditError(
            f"strength is {number:g}; give a number from {-FARTHEST:g} to {FARTHEST:g}"
        )
    return number
