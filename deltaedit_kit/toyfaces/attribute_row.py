"""One row of the attribute table, and short ways to write rows: two ends, stops, hues.

    holds(v) = above <= v <= below

An attribute is a range of one factor with the words for it. Continuous factors have two ends with
a nameless middle; colours have stops; a hue is only nameable where its colour is not too dark.
"""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor

from deltaedit_kit.domain.oracle import Attribute, Side
from deltaedit_kit.toyfaces.factors import FACTORS


@dataclass(frozen=True)
class PortraitAttribute(Attribute):
    """An attribute of a portrait, and how captions say it.

    `adjectives` stand before the noun ("a smiling face"), `possessions` after "with" ("with big
    eyes"), `remarks` right after the noun ("face without glasses"). `held_out` are sentences with
    a word that no caption has.
    """

    adjectives: tuple[str, ...] = ()
    possessions: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()

    @property
    def phrases(self) -> tuple[str, ...]:
        """Everything that captions call this attribute, in all three grammatical places."""
        return self.adjectives + self.possessions + self.remarks

    def holds_in(self, factors: Float[Tensor, "n K"]) -> Bool[Tensor, "n"]:
        """Whether whole portraits [n, K] show the attribute: in range, and visible at all."""
        shown = self.holds(factors[:, FACTORS.index(self.factor)])
        for factor, low, high in self.needs:
            values = factors[:, FACTORS.index(factor)]
            shown = shown & (values >= low) & (values <= high)
        return shown


def _split(phrases: str) -> tuple[str, ...]:
    return tuple(p.strip() for p in phrases.split(",") if p.strip())


def row(
    name: str,
    place: tuple[str, Side, float, float, float],
    prompt: str,
    adjectives: str = "",
    possessions: str = "",
    remarks: str = "",
    held_out: str = "",
) -> PortraitAttribute:
    """A row of the table; phrases are comma-separated so that a row reads like a thesaurus."""
    return PortraitAttribute(
        name,
        *place,
        prompt,
        adjectives=_split(adjectives),
        possessions=_split(possessions),
        remarks=_split(remarks),
        held_out=_split(held_out),
    )


def ends(
    factor: str,
    low: tuple[str, ...],
    high: tuple[str, ...],
    bounds: tuple[float, float] = (0.36, 0.64),
    targets: tuple[float, float] = (0.1, 0.9),
) -> tuple[PortraitAttribute, PortraitAttribute]:
    """The two ends of a continuous factor: each is (name, prompt, adjectives, possessions, ...)."""
    return (
        row(low[0], (factor, "low", targets[0], 0.0, bounds[0]), *low[1:]),
        row(high[0], (factor, "high", targets[1], bounds[1], 1.0), *high[1:]),
    )


HUES = (
    # name, hue, from, to, other names, held out
    ("red", 0.0, 0.0, 0.06, ("crimson",), ()),
    ("yellow", 0.2, 0.13, 0.27, ("golden yellow",), ()),
    ("green", 0.4, 0.31, 0.49, ("grass green",), ()),
    ("teal", 0.6, 0.53, 0.67, ("turquoise", "cyan"), ()),
    ("blue", 0.8, 0.72, 0.87, ("royal blue",), ()),
    ("purple", 1.0, 0.93, 1.0, ("lilac",), ("violet",)),
)


def hues(factor: str, things: tuple[str, ...], remarks: tuple[str, ...]) -> list[PortraitAttribute]:
    """One attribute a hue for `things` ("shirt"), visible only when the colour is not too dark."""
    value = factor.replace("hue", "value")
    rows = []
    for name, hue, low, high, others, held_out in HUES:
        colours = (name, name, *others)  # the plain name twice as often as each synonym
        thing = things[0]
        article = "" if thing.endswith("s") else "a "
        rows.append(
            PortraitAttribute(
                name=f"{name}_{thing}",
                factor=factor,
                side="stop",
                target=hue,
                above=low,
                below=high,
                prompt=f"face with {article}{name} {thing}",
                possessions=tuple(
                    f"{'' if t.endswith('s') else 'a '}{c} {t}" for c in colours for t in things
                ),
                remarks=tuple(r.format(c) for c in colours for r in remarks),
                held_out=tuple(f"face with {article}{c} {thing}" for c in held_out),
                needs=((value, 0.3, 1.0),),
            )
        )
    return rows
