"""A cloud: pictures and their texts as CLIP sees them, with what a reader wants to see of each.

    row k:  picture i_k [E]  +  text t_k [E]  +  caption  +  thumbnail  +  values to colour by

Raw features and differences are both clouds, so that every measure, projection, figure and widget
takes either. `Spaces` holds two clouds of the same rows: raw k and the difference that starts or
ends there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from deltaedit_kit.labs.delta_space.alignment.pairs import Pair
from deltaedit_kit.support.errors import DeltaEditError


@dataclass(frozen=True)
class Cloud:
    """n pairs: `pictures` and `texts` float32 [n, E], one caption each.

    `thumbnails` are uint8 [n, h, w, 3], or None where there are no pictures to show. `colours`
    maps a name to n values: numbers for a scale, strings for categories.
    Raises DeltaEditError for differing counts, other shapes and rows that are not finite.
    """

    name: str
    pictures: Float[np.ndarray, "n E"]
    texts: Float[np.ndarray, "n E"]
    captions: tuple[str, ...]
    thumbnails: UInt8[np.ndarray, "n h w 3"] | None = None
    colours: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pair = Pair.of(self.pictures, self.texts, at_least=1)
        object.__setattr__(self, "pictures", pair.first.astype(np.float32))
        object.__setattr__(self, "texts", pair.second.astype(np.float32))
        counts = {"captions": len(self.captions)}
        counts |= {name: len(values) for name, values in self.colours.items()}
        if self.thumbnails is not None:
            counts["thumbnails"] = len(self.thumbnails)
        wrong = [f"{count} {name}" for name, count in counts.items() if count != len(self)]
        if wrong:
            raise DeltaEditError(
                f"cloud {self.name!r} has {len(self)} rows but {', '.join(wrong)}; give one a row"
            )

    def __len__(self) -> int:
        return len(self.pictures)

    def __repr__(self) -> str:
        return f"Cloud({self.name!r}, {len(self)} pairs, width {self.pictures.shape[1]})"

    @property
    def pair(self) -> Pair:
        """Pictures and texts for the measures, float64."""
        return Pair(self.pictures.astype(np.float64), self.texts.astype(np.float64))

    def select(self, rows: np.ndarray | slice) -> Cloud:
        """The pairs at `rows` (indices, a bool mask or a slice), in that order."""
        chosen = np.arange(len(self))[rows]
        if not len(chosen):
            raise DeltaEditError(f"no row of cloud {self.name!r} chosen; give at least one")
        return Cloud(
            self.name,
            self.pictures[chosen],
            self.texts[chosen],
            tuple(self.captions[row] for row in chosen),
            None if self.thumbnails is None else self.thumbnails[chosen],
            {name: np.asarray(values)[chosen] for name, values in self.colours.items()},
        )


class Spaces(NamedTuple):
    """A raw cloud and its differences, row by row."""

    raw: Cloud
    delta: Cloud


def difference(name: str, start: Cloud, end: Cloud) -> Cloud:
    """end - start, row by row; captions "from → to", thumbnails side by side.

    Colours are those of `end`. Raises DeltaEditError when a row did not change at all, in the
    pictures or in the texts: such a difference has no direction.
    """
    pictures, texts = end.pictures - start.pictures, end.texts - start.texts
    for what, changes in (("picture", pictures), ("text", texts)):
        same = np.flatnonzero(np.abs(changes).max(axis=1) == 0)
        if len(same):
            raise DeltaEditError(
                f"{len(same)} differences of {name!r} have no change of the {what} (first: row "
                f"{same[0]}); leave duplicates out, or choose another rule"
            )
    thumbnails = None
    if start.thumbnails is not None and end.thumbnails is not None:
        thumbnails = np.concatenate((start.thumbnails, end.thumbnails), axis=2)
    captions = tuple(f"{a} → {b}" for a, b in zip(start.captions, end.captions, strict=True))
    return Cloud(name, pictures, texts, captions, thumbnails, end.colours)
