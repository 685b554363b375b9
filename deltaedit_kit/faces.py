"""Pictures with the codes that made them: what an edit starts from.

    w+ = expand(mapping(z)),   s = affine(w+),   picture = G(s, w+),   i = CLIP(picture)

`s` holds the input styles of the 3x3 convolutions, the space that edits move in (StyleSpace,
arXiv:2011.12799). The ToRGB styles are not part of it, so w+ travels along. A set of faces knows
its domain and, if it was sampled, its seed: enough to make it again somewhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deltaedit_kit.errors import DeltaEditError, whole_number

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class SampleOrigin:
    """How sampled faces came about: `rows` of `domain.sample(count, seed, truncation)`."""

    seed: int
    count: int
    truncation: float
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Faces:
    """n pictures of one domain and their codes, all float32 and on the domain's device.

    The fields' first dimension is n. Named after the first domain; cats and churches are
    `Faces` as well.
    """

    s: Float[Tensor, "n S"]  # input styles of the 3x3 convolutions, layer after layer
    w_plus: Float[Tensor, "n L W"]  # one w for each row of the generator
    clip: Float[Tensor, "n E"]  # unit CLIP embedding of the picture as drawn, before its limits
    images: Float[Tensor, "n 3 H W"]  # in [-1, 1]
    domain: str  # name of the domain that these codes belong to
    origin: SampleOrigin | None = None  # None: not sampled, so only the codes can tell

    def __post_init__(self) -> None:
        counts = {len(self.s), len(self.w_plus), len(self.clip), len(self.images)}
        if len(counts) != 1:
            raise DeltaEditError(
                f"s, w_plus, clip and images hold {sorted(counts)} faces; give each the same number"
            )

    def __len__(self) -> int:
        return len(self.s)

    def select(self, rows: int | Sequence[int]) -> Faces:
        """The faces in `rows` (0-based; one number keeps the batch dimension, n = 1).

        Raises `DeltaEditError` for a row that is not there and for an empty choice.
        """
        asked = [rows] if not isinstance(rows, Sequence) else list(rows)
        chosen = [whole_number("face", row, 0, len(self) - 1) for row in asked]
        if not chosen:
            raise DeltaEditError("no face chosen; give at least one row")
        origin = self.origin
        if origin is not None:
            origin = replace(origin, rows=tuple(origin.rows[row] for row in chosen))
        return Faces(
            s=self.s[chosen],
            w_plus=self.w_plus[chosen],
            clip=self.clip[chosen],
            images=self.images[chosen],
            domain=self.domain,
            origin=origin,
        )
