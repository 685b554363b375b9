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

from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import torch

from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.editor import Editor, Moves
from deltaedit_kit.labs.studio.state import STRIP, Sentence, StudioState
from deltaedit_kit.labs.understanding import understand
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.support.errors import DeltaEditError, check_whole_number

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor


REMEMBERED_STRIPS, REMEMBERED_ASKS = 8, 512
SHOWN = 60  # characters of a sentence that a message repeats
SHARES = (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5)  # of the step, that the strip shows


@dataclass(frozen=True)
class Look:
    """What a state looks like. Pictures float32 [3, H, W] in [-1, 1]."""

    before: Float[Tensor, "3 H W"]
    after: Float[Tensor, "3 H W"]
    delta_s: Float[Tensor, " S"]  # the step, all strengths in it; zero where it may not touch
    touched: Bool[Tensor, " S"]  # channels that at least one sentence may move
    message: str  # one line of plain text
    failed: bool  # whether the message is about something that could not be done


class Engine:
    """Draws the states of one domain; photos that were inverted are kept here by number."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.editor = Editor(domain)
        self.photos: list[Faces] = []
        self._sample = lru_cache(REMEMBERED_STRIPS)(partial(domain.sample, STRIP))
        self._asks: dict[Hashable, Moves] = {}

    def keep_photo(self, faces: Faces) -> int:
        """Remember the codes of a picture (its first face); returns the number for the state."""
        self.photos.append(faces.select(0))
        return len(self.photos) - 1

    def strip(self, state: StudioState) -> Faces:
        """The faces to choose from, `STRIP` of them."""
        return self._sample(state.seed, state.truncation)

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
        delta_s, touched = self._sum(face, asked, state)
        message = refused[0] if refused else self._said(asked, touched)
        after = self.draw(state, delta_s)
        return Look(face.images[0], after, delta_s, touched, message, failed=bool(refused))

    @torch.no_grad()
    def draw(self, state: StudioState, delta_s: Float[Tensor, " S"]) -> Float[Tensor, "3 H W"]:
        """The face after a step; nothing is drawn where nothing moves."""
        face = self.face(state)
        if not bool(delta_s.any()):
            return face.images[0]
        return self.domain.draw(face.s + delta_s, face.w_plus)[0]

    def frames(
        self, state: StudioState, look: Look, shares: Sequence[float] = SHARES
    ) -> Iterator[tuple[float, Float[Tensor, "3 H W"]]]:
        """(share, picture [3, H, W]) for each share; what `look` has drawn is not drawn again."""
        for share in shares:
            yield share, look.after if share == 1 else self.draw(state, share * look.delta_s)

    def _sum(
        self, face: Faces, asked: list[tuple[Sentence, Moves]], state: StudioState
    ) -> tuple[Float[Tensor, " S"], Bool[Tensor, " S"]]:
        """The step of all sentences together, and the channels that at least one may move."""
        groups = group_mask(self.domain.layout, state.groups).to(self.domain.device)
        delta_s, touched = torch.zeros_like(face.s[0]), torch.zeros_like(groups)
        for sentence, moves in asked:
            kept = self.editor.kept(moves, state.threshold)[0] & groups
            delta_s = delta_s + sentence.strength * moves.delta_s[0, 0] * kept
            touched = touched | kept
        return delta_s, touched

    def _said(self, asked: list[tuple[Sentence, Moves]], touched: Bool[Tensor, " S"]) -> str:
        """One line about a picture: each sentence, what it is taken for, what all may move."""
        if not asked:
            return "no sentence is in use: write one, or switch one on"
        sentences = []
        for sentence, moves in asked:
            taken = "".join(
                f" ({one})" for one in understand(self.domain, moves.texts, moves.delta_t)
            )
            sentences.append(f"{sentence.strength:+.2f} “{short(sentence.text)}”{taken}")
        channels = f"{int(touched.sum())} of {touched.numel()} style channels may move"
        return f"{'  +  '.join(sentences)}: {channels}"

    def _ask(
        self, face: Faces, state: StudioState
    ) -> tuple[list[tuple[Sentence, Moves]], list[str]]:
        """What the sentences that count ask of the face, and a line for each that cannot."""
        if len(self._asks) > REMEMBERED_ASKS:
            self._asks.clear()
        numbered = [(k, one) for k, one in enumerate(state.sentences, start=1) if one.counts]
        keys = {one.text: _key(state, one.text) for _, one in numbered}
        new = [text for text, key in keys.items() if key not in self._asks]
        refusals = self._learn(face, state, new)
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
            self._asks[_key(state, text)] = one
        return {}


def _key(state: StudioState, text: str) -> Hashable:
    """What the answer about a text depends on: the face, and the neutral word."""
    sampled = (state.seed, state.truncation, state.row)
    return (sampled if state.photo is None else state.photo), text, state.neutral


def group_mask(layout: StyleLayout, groups: Collection[str]) -> Bool[Tensor, " S"]:
    """True for the channels of s whose layer belongs to one of `groups`; bool, on the CPU."""
    allowed = [layout.group_of(k) in groups for k in range(len(layout.widths))]
    return torch.tensor(allowed)[layout.layer_of_channel]


def short(text: str, limit: int = SHOWN) -> str:
    """A text on one line, cut with an ellipsis beyond `limit` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
