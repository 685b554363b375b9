"""What is set in the studio, as one frozen value: everything that a picture depends on.

    picture = G(s + Σ_k strength_k · Δs(text_k) · kept_k · group, w+)      arXiv:2303.06285, eq. 4-6

Because the state is a value, undo is a list of states, a recipe is a state as JSON, and a test sets
one and looks. A change is a function state -> state; what cannot be raises `DeltaEditError`.
"""

from __future__ import annotations

from dataclasses import dataclass

from deltaedit_kit.domain.spec import DomainSpec
from deltaedit_kit.stylespace import GROUPS

STRIP = 6  # faces that a seed shows to choose from


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
