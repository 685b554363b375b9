"""What CLIP took a sentence for, and what an edit reached: said in a line, without looking.

    Δt / |Δt|  ≈  Σ_k x_k u_k       u_k: unit directions of the domain's own sentences, one an
                                    attribute, chosen greedily; at most three, least squares x
    explained  =  cos(Δt, Σ_k x_k u_k)        length  =  |Δt| / median |Δt_k|

Idea: an edit follows what CLIP makes of the words, not the words. "A bald man" may lie where
"clean-shaven" lies, and "a woman" nowhere. Only a domain whose attributes have names can say so.

Source: orthogonal matching pursuit (Pati et al. 1993) over the domain's directions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from deltaedit_kit.support.device import kit_defaults

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from deltaedit_kit.domain import Domain
    from deltaedit_kit.editor import Edit

MOST, SMALLEST = 3, 0.3  # attributes named, and the cosine to what is left that earns a name
FAINT, SHORT = 0.8, 0.5  # `explained` and `length` below which CLIP hardly knows the sentence
HALF = 0.5  # of the faces: then an attribute counts as reached


@dataclass(frozen=True)
class Understanding:
    """One sentence as CLIP sees it, in terms of the domain's attributes."""

    text: str
    names: tuple[str, ...]  # attributes, the most telling first; () where none is near
    explained: float  # in [0, 1]
    length: float  # 1 is that of a usual sentence of this domain

    @property
    def doubtful(self) -> bool:
        """Whether CLIP hardly knows what is meant."""
        return not self.names or self.explained < FAINT or self.length < SHORT

    def __str__(self) -> str:
        names = " + ".join(spaced(name) for name in self.names) or "nothing that has a name here"
        doubts = []
        if self.names and self.explained < FAINT:
            doubts.append(f"which is {self.explained:.0%} of it")
        if self.length < SHORT:
            doubts.append(f"it says {self.length:.0%} of what a sentence usually says")
        return f"taken for {names}" + (f" ({', '.join(doubts)})" if doubts else "")


@kit_defaults()
@torch.no_grad()
def understand(
    domain: Domain, texts: Sequence[str], deltas: Float[Tensor, "T E"] | None = None
) -> tuple[Understanding, ...]:
    """What each text is taken for; () for a domain without named attributes.

    `deltas` are their Δt where the caller knows them. Raises `DeltaEditError` as
    `Domain.delta_texts`.
    """
    if not domain.attributes:
        return ()
    deltas = domain.delta_texts(texts) if deltas is None else deltas
    names, known = list(domain.attributes), domain.attribute_directions  # [A, E]
    units = known / known.norm(dim=1, keepdim=True)
    usual = known.norm(dim=1).median()
    found = []
    for text, delta in zip(texts, deltas, strict=True):
        wanted = delta / delta.norm()
        chosen: list[int] = []
        left, part = wanted, torch.zeros_like(wanted)
        while len(chosen) < MOST:
            cosines = units @ left / left.norm().clamp(min=1e-6)
            cosines[chosen] = -1
            best = int(cosines.argmax())
            if units[best] @ left < SMALLEST:
                break
            chosen.append(best)
            basis = units[chosen].T  # [E, k]
            part = basis @ torch.linalg.lstsq(basis, wanted[:, None]).solution[:, 0]
            left = wanted - part
        found.append(
            Understanding(
                text,
                tuple(names[k] for k in chosen),
                min(float(part.norm()), 1.0),
                float(delta.norm() / usual),
            )
        )
    return tuple(found)


def reached(edit: Edit) -> tuple[dict[str, tuple[int, int]], ...]:
    """Per text: attribute -> how many faces gained it, and how many lacked it before.

    Only those that at least half of all faces gained, the most frequent first; () for a domain
    without an oracle. Opposite ends count too: they are what the sentence did, wanted or not.
    """
    oracle, before, after = edit.domain.oracle, edit.factors_before, edit.factors_after
    if oracle is None or before is None or after is None:
        return ()
    columns = {name: oracle.factors.index(a.factor) for name, a in oracle.attributes.items()}
    found = []
    for readings in after if edit.several else after[None]:
        gained = {}
        for name, column in columns.items():
            holds = oracle.attributes[name].holds
            lacked = ~holds(before[:, column])
            gained[name] = int((holds(readings[:, column]) & lacked).sum()), int(lacked.sum())
        kept = {name: n for name, n in gained.items() if n[0] >= max(HALF * len(before), 1)}
        found.append(dict(sorted(kept.items(), key=lambda item: -item[1][0])))
    return tuple(found)


def reached_line(gained: dict[str, tuple[int, int]]) -> str:
    """ "brought glasses to 2 of 3 pictures that lacked it, smile to 2 of 2"."""
    if not gained:
        return "brought nothing that has a name to half of the pictures"
    first, *rest = (f"{spaced(name)} to {n} of {of}" for name, (n, of) in gained.items())
    return ", ".join([f"brought {first} pictures that lacked it", *rest])


def spaced(name: str) -> str:
    """An attribute's name as words."""
    return name.replace("_", " ")
