"""Draws a state of the studio, and remembers what the next state will need again.

    strip   (seed, truncation)         -> faces            sampled once
    asks    (face, text, neutral)      -> Δt, Δs           one mapper pass for all new sentences
    look    state                      -> one picture      all that a moving slider costs

    Δs = Σ_k strength_k · Δs_k · kept_k · group            Δs_k = mapper(s, i, Δt_k / |Δt_k|)
    frame(q) = G(s + q · Δs, w+),   q in SHARES;           q = 0 is before, q = 1 is after

Each sentence asks the mapper about the *unedited* face, so the order of sentences does not matter
and a strength enters linearly (equations 4 to 6 of arXiv:2303.06285 for each sentence). A text that
cannot be used is said in one line, and the others are drawn all the same. What is remembered only
saves time: `look` gives the same for the same state, whatever came before.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.editor import Editor, Moves
from deltaedit_kit.labs.studio.settings import group_mask
from deltaedit_kit.labs.studio.state import STRIP, Sentence, StudioState
from deltaedit_kit.labs.understanding import understand
from deltaedit_kit.support.errors import DeltaEditError, check_whole_number

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor


REMEMBERED_STRIPS, REMEMBERED_ASKS = 8, 512
SHOWN = 60  # characters of a sentence that a message repeats
SHARES = (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5)  # of the step, that the strip shows
Value = TypeVar("Value")


@dataclass(frozen=True)
class Mix:
    """One step for one face, and what each sentence may touch."""

    delta_s: Float[Tensor, " S"]  # all strengths in it; zero where no sentence may touch
    kept: Bool[Tensor, "T S"]  # one row a sentence that counts, groups already in it

    @property
    def touched(self) -> Bool[Tensor, " S"]:
        """The channels that at least one sentence may move."""
        return self.kept.any(dim=0)


@dataclass(frozen=True)
class Look:
    """What a state looks like. Pictures float32 [3, H, W], about [-1, 1]."""

    before: Float[Tensor, "3 H W"]
    after: Float[Tensor, "3 H W"]
    mix: Mix
    message: str  # one line of plain text
    failed: bool  # whether the message is about something that could not be done


class Engine:
    """Draws the states of one domain; photos that were inverted are kept here by number."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.editor = Editor(domain)
        self.photos: list[Faces] = []
        self._strips: OrderedDict[Hashable, Faces] = OrderedDict()
        self._asks: OrderedDict[Hashable, Moves] = OrderedDict()

    def keep_photo(self, faces: Faces) -> int:
        """Remember the codes of a picture (its first face); returns the number for the state."""
        self.photos.append(faces.select(0))
        return len(self.photos) - 1

    def strip(self, state: StudioState) -> Faces:
        """The faces to choose from, `STRIP` of them."""
        return _remembered(
            self._strips,
            (state.seed, state.truncation),
            REMEMBERED_STRIPS,
            lambda: self.domain.sample(STRIP, state.seed, state.truncation),
        )

    def face(self, state: StudioState) -> Faces:
        """The chosen face, n = 1. Raises `DeltaEditError` for a photo that is not there."""
        if state.photo is None:
            return self.strip(state).select(state.row)
        if not self.photos:
            raise DeltaEditError("no photo was uploaded; choose a face from the strip")
        return self.photos[check_whole_number("photo", state.photo, 0, len(self.photos) - 1)]

    @torch.no_grad()
    def look(self, state: StudioState) -> Look:
        """The picture of a state; a sentence that cannot be used stands in the message.

        Raises `DeltaEditError` only for a face that is not there.
        """
        face = self.face(state)
        asked, refused = self._ask(face, state)
        step = self._mix(asked, state)
        message = refused[0] if refused else self._said(asked, step)
        return Look(face.images[0], self.step(state, step), step, message, failed=bool(refused))

    @torch.no_grad()
    def step(self, state: StudioState, step: Mix, share: float = 1.0) -> Float[Tensor, "3 H W"]:
        """The face after `share` of a step; nothing is drawn where nothing moves."""
        face = self.face(state)
        if share == 0 or not bool(step.delta_s.any()):
            return face.images[0]
        return self.domain.draw(face.s + share * step.delta_s, face.w_plus)[0]

    def _mix(self, asked: list[tuple[Sentence, Moves]], state: StudioState) -> Mix:
        """The sum over the sentences that count; no step at all where none does."""
        groups = group_mask(self.domain.layout, state.groups).to(self.domain.device)
        if not asked:
            nothing = torch.zeros(len(groups), device=self.domain.device)
            return Mix(nothing, nothing[None, :].bool()[:0])
        rows = [moves for _, moves in asked]
        moves = Moves(
            texts=tuple(one.texts[0] for one in rows),
            delta_t=torch.cat([one.delta_t for one in rows]),
            delta_s=torch.cat([one.delta_s for one in rows]),
        )
        strengths = torch.tensor([sentence.strength for sentence, _ in asked])
        allowed = self.editor.kept(moves, state.threshold) & groups
        step = torch.einsum("t,ts->s", strengths.to(groups.device), moves.delta_s[:, 0] * allowed)
        return Mix(step, allowed)

    def _said(self, asked: list[tuple[Sentence, Moves]], step: Mix) -> str:
        """One line about a picture: each sentence, what it is taken for, what all may move."""
        if not asked:
            return "no sentence is in use: write one, or switch one on"
        sentences = []
        for sentence, moves in asked:
            taken = "".join(
                f" ({one})" for one in understand(self.domain, moves.texts, moves.delta_t)
            )
            sentences.append(f"{sentence.strength:+.2f} “{short(sentence.text)}”{taken}")
        touched = step.touched
        channels = f"{int(touched.sum())} of {touched.numel()} style channels may move"
        return f"{'  +  '.join(sentences)}: {channels}"

    def _ask(
        self, face: Faces, state: StudioState
    ) -> tuple[list[tuple[Sentence, Moves]], list[str]]:
        """What the sentences that count ask of the face, and a line for each that cannot."""
        numbered = [(k, one) for k, one in enumerate(state.sentences, start=1) if one.counts]
        keys = {one.text: self._key(state, one.text) for _, one in numbered}
        new = [text for text, key in keys.items() if key not in self._asks]
        refusals = self._learn(face, state, new)
        for key in keys.values():
            if key in self._asks:
                self._asks.move_to_end(key)
        asked = [(s, self._asks[keys[s.text]]) for _, s in numbered if s.text not in refusals]
        lines = [f"sentence {k}: {refusals[s.text]}" for k, s in numbered if s.text in refusals]
        return asked, lines

    def _learn(self, face: Faces, state: StudioState, texts: list[str]) -> dict[str, str]:
        """Ask the mapper about new texts and remember the answers; why the others cannot be used.

        One pass for all, which refuses them all if it refuses one: then each is asked alone.
        """
        if not texts:
            return {}
        try:
            moves = self.editor.moves(face, texts, state.neutral)
        except DeltaEditError as error:
            if len(texts) == 1:
                return {texts[0]: str(error)}
            alone = [self._learn(face, state, [text]) for text in texts]
            return {text: why for refused in alone for text, why in refused.items()}
        for k, text in enumerate(texts):
            one = Moves((text,), moves.delta_t[k : k + 1], moves.delta_s[k : k + 1])
            key = self._key(state, text)
            _remembered(self._asks, key, REMEMBERED_ASKS, lambda one=one: one)
        return {}

    @staticmethod
    def _key(state: StudioState, text: str) -> Hashable:
        """What the answer about a text depends on: the face, and the neutral word."""
        chosen = state.photo if state.photo is not None else (state.seed, state.truncation)
        return chosen, state.photo is None and state.row, text, state.neutral


def _remembered(
    store: OrderedDict[Hashable, Any], key: Hashable, most: int, make: Callable[[], Value]
) -> Value:
    """The stored value of a key, made when it is not there; the longest unused one makes room."""
    if key not in store:
        store[key] = make()
    store.move_to_end(key)
    while len(store) > most:
        store.popitem(last=False)
    return store[key]


def short(text: str, limit: int = SHOWN) -> str:
    """A text on one line, cut with an ellipsis beyond `limit` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def frames(
    engine: Engine, state: StudioState, look: Look, shares: Sequence[float] = SHARES
) -> Iterator[tuple[float, Float[Tensor, "3 H W"]]]:
    """(share, picture [3, H, W]) for each share; what `look` has drawn is not drawn again."""
    for share in shares:
        yield share, look.after if share == 1 else engine.step(state, look.mix, share)


def animation_shares(count: int) -> tuple[float, ...]:
    """`count` shares from 0 to 1 and the way back, evenly in time: an endless loop of frames."""
    forth = [k / (count - 1) for k in range(count)]
    return (*forth, *reversed(forth[1:-1]))
