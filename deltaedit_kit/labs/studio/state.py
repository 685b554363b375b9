"""What is set in the studio, as one frozen value: all that a picture depends on, and every change.

    picture = G(s + Σ_k strength_k · Δs(text_k) · kept_k · group, w+)      arXiv:2303.06285, eq. 4-6

    kept_c = |R_c · (text - neutral)| >= threshold    and    group(layer of c) is switched on

Because the state is a value, undo is a list of states, a recipe is a state as JSON, and a test sets
one and looks. A change is a method that returns another state; what cannot be raises
`DeltaEditError`. Any text may be written: whether CLIP can read it shows when it is drawn, and a
sentence that it cannot read never stands in the way of the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from deltaedit_kit.domain.spec import DomainSpec
from deltaedit_kit.stylespace import GROUPS
from deltaedit_kit.support.errors import (
    HIGHEST_SEED,
    DeltaEditError,
    check_number,
    check_whole_number,
)

STRIP = 6  # faces that a seed shows to choose from
WIDEST = 1.5  # truncation beyond this leaves what a generator has seen
MOST_SENTENCES = 8
FARTHEST = 2.0  # strengths run from -2 to 2
TOGETHER = 3  # examples in the preset that mixes several


@dataclass(frozen=True)
class Sentence:
    """One line of the list: what to become, how far, and whether it counts now."""

    text: str = ""
    strength: float = 1.0
    on: bool = True

    @property
    def counts(self) -> bool:
        """Switched on and written: an empty line asks for nothing, and is no error either."""
        return self.on and bool(self.text.strip())


@dataclass(frozen=True)
class StudioState:
    """What is set. `row` is a face of the strip that `seed` and `truncation` sample; `photo`, when
    not None, is the number of an uploaded picture and stands in its place.
    """

    seed: int
    truncation: float
    row: int
    photo: int | None
    sentences: tuple[Sentence, ...]
    neutral: str
    threshold: float
    groups: tuple[str, ...] = GROUPS  # groups of layers that may change

    @classmethod
    def first(cls, spec: DomainSpec) -> StudioState:
        """Where the studio starts: the domain's own settings and its first example sentence."""
        return cls(
            seed=0,
            truncation=spec.truncation,
            row=0,
            photo=None,
            sentences=(Sentence(spec.examples[0], spec.strength),),
            neutral=spec.neutral,
            threshold=spec.threshold,
        )

    # The face. Any choice in the strip leaves the photo.

    def pick(self, row: int) -> StudioState:
        """The face at place `row` of the strip, counted from 0."""
        return replace(self, row=check_whole_number("face", row, 0, STRIP - 1), photo=None)

    def reseed(self, seed: int) -> StudioState:
        """Other faces in the strip, the same place in it; `seed` in [0, 2**32)."""
        return replace(self, seed=check_whole_number("seed", seed, 0, HIGHEST_SEED), photo=None)

    def truncate(self, truncation: float) -> StudioState:
        """The strip at another truncation in [0, 1.5]: 0 the mean face, 1 all variety."""
        psi = check_number("truncation", truncation, low=0.0)
        if psi > WIDEST:
            raise DeltaEditError(f"truncation is {psi:g}; give a number from 0 to {WIDEST:g}")
        return replace(self, truncation=psi, photo=None)

    def show_photo(self, number: int) -> StudioState:
        """The uploaded picture with this number, counted from 0, as `Engine.keep_photo` gave it."""
        return replace(self, photo=check_whole_number("photo", number, 0))

    # The sentences, by their number in the list, counted from 0.

    def add(self, text: str = "", strength: float = 1.0) -> StudioState:
        """One more sentence at the end, of at most 8."""
        if len(self.sentences) >= MOST_SENTENCES:
            raise DeltaEditError(
                f"the list holds {MOST_SENTENCES} sentences already; delete one before adding "
                "another"
            )
        new = Sentence(_text("a sentence", text), _strength(strength))
        return replace(self, sentences=(*self.sentences, new))

    def write(self, number: int, text: str) -> StudioState:
        """Another text for a sentence."""
        return self._with(number, text=_text("a sentence", text))

    def weigh(self, number: int, strength: float) -> StudioState:
        """Another strength, in [-2, 2]; 0 leaves the picture alone, negative goes the other way."""
        return self._with(number, strength=_strength(strength))

    def switch(self, number: int, on: bool) -> StudioState:
        """Whether the sentence counts; its text and strength stay."""
        return self._with(number, on=bool(on))

    def delete(self, number: int) -> StudioState:
        """Take a sentence off the list."""
        place = self._place(number)
        return replace(self, sentences=self.sentences[:place] + self.sentences[place + 1 :])

    def put(self, sentences: Iterable[Sentence]) -> StudioState:
        """A whole list in the place of this one, each sentence checked as if it were typed."""
        state = replace(self, sentences=())
        for number, sentence in enumerate(sentences):
            state = state.add(sentence.text, sentence.strength).switch(number, sentence.on)
        return state

    # What holds for all sentences.

    def say_neutral(self, text: str) -> StudioState:
        """What the pictures are already."""
        return replace(self, neutral=_text("the neutral word", text))

    def set_threshold(self, threshold: float) -> StudioState:
        """Channels with |R·Δt| below it stay; a number >= 0."""
        return replace(self, threshold=check_number("threshold", threshold, low=0.0))

    def allow(self, group: str, on: bool) -> StudioState:
        """Whether a group of layers may change: coarse (pose, shape), medium (features), fine
        (colour).
        """
        if group not in GROUPS:
            names = ", ".join(GROUPS)
            raise DeltaEditError(f"no group is called {group!r}; the groups are {names}")
        allowed = {*self.groups, group} if on else {*self.groups} - {group}
        return replace(self, groups=tuple(g for g in GROUPS if g in allowed))

    def _with(self, number: int, **fields: Any) -> StudioState:
        sentences = list(self.sentences)
        place = self._place(number)
        sentences[place] = replace(sentences[place], **fields)
        return replace(self, sentences=tuple(sentences))

    def _place(self, number: int) -> int:
        if not self.sentences:
            raise DeltaEditError("there is no sentence; add one first")
        return check_whole_number("sentence", number, 0, len(self.sentences) - 1)


def presets_of(spec: DomainSpec) -> dict[str, tuple[Sentence, ...]]:
    """Lists of sentences by name: the domain's examples one by one, and the first three at once."""
    presets: dict[str, tuple[Sentence, ...]] = {
        text: (Sentence(text, spec.strength),) for text in spec.examples
    }
    mixed = spec.examples[:TOGETHER]
    # Several steps add up: each a little shorter, so that the sum stays where faces are.
    shorter = round(0.8 * spec.strength, 2)
    presets[" + ".join(mixed)] = tuple(Sentence(text, shorter) for text in mixed)
    return presets


def _text(name: str, text: Any) -> str:
    if not isinstance(text, str):
        raise DeltaEditError(f"{name} must be text, not {type(text).__name__}; put it in quotes")
    return text


def _strength(value: Any) -> float:
    number = check_number("strength", value)
    if abs(number) > FARTHEST:
        raise DeltaEditError(
            f"strength is {number:g}; give a number from {-FARTHEST:g} to {FARTHEST:g}"
        )
    return number
