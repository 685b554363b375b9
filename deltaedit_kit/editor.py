"""Edit pictures with a sentence: the call that all other parts of the kit use.

    Δt   = text(target) - text(neutral)                    a direction among sentences
    kept = |R·Δt| >= threshold                             the channels that it may touch
    Δs   = mapper(s, i, Δt / |Δt|) * kept                  how this very picture follows it
    after = G(s + strength · Δs, w+)

Equations 4 to 6 of DeltaEdit (arXiv:2303.06285). The mapper never saw a text in training: image
differences Δi replaced Δt, because both point the same way in CLIP's space.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from deltaedit_kit import recipe as edit_recipe
from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.relevance import kept_channels
from deltaedit_kit.support.device import full_precision, kit_defaults
from deltaedit_kit.support.errors import DeltaEditError, check_domain, check_number

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from matplotlib.figure import Figure
    from torch import Tensor

    from deltaedit_kit.domain import Domain


@dataclass(frozen=True)
class Edit:
    """What an edit did. T targets come first in the shapes; after a single text, not a list,
    that dimension is not there.
    """

    faces: Faces  # what was edited
    texts: tuple[str, ...]  # the targets, in the order of T
    after: Float[Tensor, "*T n 3 H W"]  # pictures, in [-1, 1]
    delta_s: Float[Tensor, "*T n S"]  # at strength 1, zero outside `kept`
    kept: Bool[Tensor, "*T S"]  # channels that the sentence may touch
    recipe: dict[str, Any]  # JSON-able; `Editor.replay(recipe)` makes this edit again
    domain: Domain

    @property
    def before(self) -> Float[Tensor, "n 3 H W"]:
        """Pictures before the edit, in [-1, 1]."""
        return self.faces.images

    @property
    def several(self) -> bool:
        """Whether a list of targets was asked for (T is there, even if it is 1)."""
        return self.kept.dim() == 2

    @property
    def factors_before(self) -> Float[Tensor, "n K"] | None:
        """Factors that the domain's oracle reads before the edit; None without oracle."""
        return self._read(self.before)

    @property
    def factors_after(self) -> Float[Tensor, "*T n K"] | None:
        """Factors that the oracle reads after the edit; None without oracle."""
        return self._read(self.after)

    def _read(self, pictures: Tensor) -> Tensor | None:
        oracle = self.domain.read_factors
        if oracle is None:
            return None
        values = oracle(pictures.flatten(0, -4))
        return values.unflatten(0, pictures.shape[:-3])

    def of_one_text(self) -> Edit:
        """The same without its first dimension, T = 1."""
        return replace(self, after=self.after[0], delta_s=self.delta_s[0], kept=self.kept[0])

    def figure(self) -> Figure:
        """A labelled grid, before beside after: shows itself in a notebook, `.savefig(path)`."""
        from deltaedit_kit.support.pictures import BEFORE, grid, to_uint8  # loads matplotlib

        after = self.after if self.several else self.after[None]  # [T, n, 3, H, W]
        spec, recipe, count = self.domain.spec, self.recipe, len(self.texts)
        note = (
            f"{spec.name}: {spec.title}.  neutral “{recipe['neutral']}”,  "
            f"strength {recipe['strength']:g},  threshold {recipe['threshold']:g}"
        )
        return grid(
            [list(to_uint8(line)) for line in (self.before, *after)],
            [BEFORE, *self.texts],
            title="Edited with " + ("one sentence" if count == 1 else f"{count} sentences"),
            note=note,
            columns=count >= len(self.faces),  # sentences are rows where there are more faces
        )


@dataclass(frozen=True)
class Moves:
    """What T texts ask of n faces, before any threshold or strength."""

    texts: tuple[str, ...]
    delta_t: Float[Tensor, "T E"]  # not normalised
    delta_s: Float[Tensor, "T n S"]  # the mapper's answer, before the relevance mask


class Editor:
    """Edits the pictures of one domain; loads its networks at the first edit."""

    def __init__(self, domain: Domain) -> None:
        self.domain = check_domain(domain)

    @kit_defaults()
    @torch.no_grad()
    def edit(
        self,
        faces: Faces,
        text: str | Sequence[str],
        neutral: str | None = None,
        strength: float | None = None,
        threshold: float | None = None,
    ) -> Edit:
        """Move every face towards each text, all texts in one batched pass.

        text: a target, or a list of targets (results then have the target as first dimension).
        neutral: what the pictures are already (None: the domain's word, "face").
        strength: 0 leaves a picture alone, negative goes the opposite way (None: the domain's).
        threshold: channels with |R·Δt| below it stay (None: the domain's; 0 keeps them all).
        Raises `DeltaEditError` for faces of another domain, an empty list, texts that are empty,
        not text or longer than CLIP reads, numbers that are not finite, and pictures that are not.
        """
        spec = self.domain.spec
        neutral = spec.neutral if neutral is None else neutral
        strength = check_number("strength", spec.strength if strength is None else strength)
        threshold = spec.threshold if threshold is None else threshold
        threshold = check_number("threshold", threshold, low=0.0)

        moves = self.moves(faces, text, neutral)
        targets, kept = moves.texts, self.kept(moves, threshold)  # [T, S]
        delta_s = moves.delta_s * kept[:, None, :]  # [T, n, S]
        moved = faces.s + strength * delta_s  # [T, n, S]: s is the same for every target
        w_plus = faces.w_plus.expand(len(targets), *faces.w_plus.shape)  # [T, n, L, W]
        after = self.domain.draw(moved.flatten(0, 1), w_plus.flatten(0, 1))
        after = after.unflatten(0, (len(targets), len(faces)))  # [T, n, 3, H, W]
        if not bool(after.isfinite().all()):  # NaN in the codes, or a number that overflowed
            raise DeltaEditError(
                f"the edited pictures hold NaN or infinity at strength {strength:g}; give a "
                "smaller one (edits lie between -3 and 3), or faces whose codes are finite"
            )

        recipe = edit_recipe.write(self.domain, faces, text, neutral, strength, threshold)
        edit = Edit(faces, targets, after, delta_s, kept, recipe, self.domain)
        return edit.of_one_text() if isinstance(text, str) else edit

    @kit_defaults()
    @torch.no_grad()
    def moves(self, faces: Faces, text: str | Sequence[str], neutral: str | None = None) -> Moves:
        """What each text asks of each face, before threshold and strength; draws no picture.

        One batched pass for all texts. A caller who mixes sentences, or tries many strengths of
        the same ones, asks once and adds up: s + Σ strength · Δs · `kept(moves, threshold)`.
        Raises `DeltaEditError` as `edit` does.
        """
        self.domain.check(faces)
        targets = check_texts(text)
        if not isinstance(neutral, str | None):  # edit(faces, text, 1.5) means a strength
            raise DeltaEditError(
                f"neutral is a {type(neutral).__name__}; give a text, and a strength by its name: "
                "strength=1.0"
            )
        with full_precision(faces.s.device):  # a caller's autocast is for the pictures
            delta_t = self.domain.delta_texts(targets, neutral)
            return Moves(targets, delta_t, self._delta_s(faces, delta_t))

    @kit_defaults()
    def kept(self, moves: Moves, threshold: float) -> Bool[Tensor, "T S"]:
        """The channels that each text of `moves` may touch at this threshold (0 keeps all)."""
        with full_precision(moves.delta_t.device):
            return kept_channels(self.domain.relevance, moves.delta_t, threshold)

    @kit_defaults()
    def replay(self, recipe: dict[str, Any]) -> Edit:
        """Make the edit of a recipe again: the same pictures up to rounding of the machine.

        Raises `DeltaEditError` for a recipe that is damaged, newer than this kit, of another domain
        or other networks than this editor's, or that asks for too much work.
        """
        wanted = edit_recipe.read(recipe, self.domain)
        return self.edit(
            wanted.faces, wanted.text, wanted.neutral, wanted.strength, wanted.threshold
        )

    def _delta_s(self, faces: Faces, delta_t: Float[Tensor, "T E"]) -> Float[Tensor, "T n S"]:
        """The mapper's answer for each direction and face, before the relevance mask."""
        directions = delta_t / delta_t.norm(dim=-1, keepdim=True)  # [T, E]
        targets, count = len(directions), len(faces)
        moves = self.domain.mapper(
            faces.s.repeat(targets, 1),  # [T·n, S]
            faces.clip.repeat(targets, 1),  # [T·n, E]
            directions.repeat_interleave(count, dim=0),  # [T·n, E]
        )
        return moves.unflatten(0, (targets, count))


def check_texts(text: str | Sequence[str]) -> tuple[str, ...]:
    """The asked-for texts as a tuple; their content is CLIP's to check."""
    if isinstance(text, str):
        return (text,)
    if isinstance(text, bytes | bytearray) or not isinstance(text, Sequence):
        raise DeltaEditError(
            f"text is {type(text).__name__}; give a sentence in quotes or a list of sentences"
        )
    if not text:
        raise DeltaEditError("the list of texts is empty; give at least one sentence")
    return tuple(text)
