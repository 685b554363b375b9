"""What the trained toyfaces CLIP is worth, in numbers: zero-shot accuracy and directions.

Accuracy: renders where exactly one end (or stop) of a factor holds; a sentence is right if the
picture prefers it to the sentences of the other ends exactly when it should (balanced).

Directions: portraits are drawn twice, differing in one factor only, which goes from the other
attributes' targets to attribute a's. With Δi_a the mean difference of embeddings,

    own(a) = cos(Δt_a, Δi_a)        stray(a) = max over other factors' b of |cos(Δt_a, Δi_b)|

An editor that follows Δt needs the first near 1 and the second near 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

import torch
from jaxtyping import Float
from torch import Tensor, nn

from benchmarks.toyfaces_networks import clip_zero_shot
from benchmarks.toyfaces_words import FRESH, LOOKED_AT, hear
from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.labs.own_domain.clip_losses import different_factors
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES, opposites
from deltaedit_kit.toyfaces.factors import FACTORS, sample_factors
from deltaedit_kit.toyfaces.renderer import render

BATCH = 100


def embed_renders(space: ClipSpace, factors: Float[Tensor, "n K"]) -> Float[Tensor, "n E"]:
    """Unit embeddings of the renders of `factors`, a batch at a time."""
    with torch.no_grad():
        parts = [space.encode_images(render(part)) for part in factors.split(BATCH)]
    return torch.cat(parts)


@dataclass(frozen=True)
class Directions:
    """Cosines [A, A] between Δt of attribute a (row) and Δi of attribute b (column)."""

    cosines: Float[Tensor, "A A"]

    @property
    def own(self) -> Float[Tensor, "A"]:
        """How well each sentence points along its own change."""
        return self.cosines.diagonal()

    @property
    def stray(self) -> Float[Tensor, "A"]:
        """The largest share of another factor's change in each sentence."""
        apart = different_factors([attribute.factor for attribute in ATTRIBUTES], "cpu")
        return (self.cosines.abs() * apart).amax(1)


def directions(space: ClipSpace, n: int, seed: int, neutral: str = "face") -> Directions:
    """The matrix of cosines, with `n` pairs of portraits an attribute."""
    base = sample_factors(n, seed)
    for name in ("clothes_value", "background_value"):  # so that every hue shows
        base[:, FACTORS.index(name)] = 0.4 + 0.6 * base[:, FACTORS.index(name)]
    moves = []
    for attribute in ATTRIBUTES:
        column = FACTORS.index(attribute.factor)
        before, after = base.clone(), base.clone()
        starts = torch.tensor([other.target for other in opposites(attribute)])
        before[:, column] = starts.repeat(n)[:n]
        after[:, column] = attribute.target
        moves.append((embed_renders(space, after) - embed_renders(space, before)).mean(0))
    said = space.delta_texts([a.prompt for a in ATTRIBUTES], neutral)
    said = nn.functional.normalize(said, dim=1)
    return Directions(said @ nn.functional.normalize(torch.stack(moves), dim=1).T)


def further(space: ClipSpace) -> list[str]:
    """Lines of the report about words that people type and no caption has."""
    lines = []
    for table, which in ((LOOKED_AT, "looked at while the recipe was chosen"), (FRESH, "fresh")):
        heard = hear(space, table)
        share = sum(one.understood for one in heard) / len(heard)
        missed = "; ".join(f"{o.text} ({o.nearest})" for o in heard if not o.understood)
        told = (
            f"- further words, {len(heard)} sentences, {which}: Δt lies nearest to what is meant in"
            f" {share:.0%}; not understood, with what they are taken for: {missed}"
        )
        lines += wrap(told, 100, subsequent_indent="  ")
    return lines


def report(space: ClipSpace, n: int = 1000, pairs: int = 40, seed: int = 900_000) -> str:
    """The numbers as Markdown for the card, measured on renders that no training saw."""
    accuracy = clip_zero_shot(space, ATTRIBUTES, n, seed)
    cosines = directions(space, pairs, seed + 1)
    held_out = {text for a in ATTRIBUTES for text in a.held_out}
    known = torch.tensor([v for text, v in accuracy.items() if text not in held_out])
    unknown = torch.tensor([accuracy[text] for text in held_out])
    lines = [
        f"- zero-shot accuracy over {len(known)} prompts: mean {float(known.mean()):.3f},"
        f" worst {float(known.min()):.3f}",
        f"- held-out words ({len(unknown)} sentences): mean {float(unknown.mean()):.3f},"
        f" worst {float(unknown.min()):.3f}",
        f"- own direction, cos(Δt, Δi): mean {float(cosines.own.mean()):.3f},"
        f" worst {float(cosines.own.min()):.3f}",
        f"- stray direction, largest |cos| with another factor: mean"
        f" {float(cosines.stray.mean()):.3f}, worst {float(cosines.stray.max()):.3f}",
        *further(space),
        "",
        "| sentence | zero-shot | own | stray |",
        "|---|---|---|---|",
    ]
    for row, attribute in enumerate(ATTRIBUTES):
        own, stray = float(cosines.own[row]), float(cosines.stray[row])
        lines.append(
            f"| {attribute.prompt} | {accuracy[attribute.prompt]:.3f} | {own:.2f} | {stray:.2f} |"
        )
        lines += [
            f"| {text} (held out) | {accuracy[text]:.3f} | | |" for text in attribute.held_out
        ]
    return "\n".join(lines)
