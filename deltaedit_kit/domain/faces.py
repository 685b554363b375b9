"""Pictures with the codes that made them: the input of an edit.

    w+ = expand(mapping(z)),   s = affine(w+),   picture = G(s, w+),   i = CLIP(picture)

`s` holds the input styles of the 3x3 convolutions, the space that edits move in (StyleSpace,
arXiv:2011.12799). The ToRGB styles are not part of it, so w+ is stored too. A set of faces stores
its domain and, if it was sampled, its seed: enough to make it again on another machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from deltaedit_kit.support.errors import (
    DeltaEditError,
    check_finite,
    check_kind,
    check_pictures,
    check_tensor,
    check_unit_rows,
    check_whole_number,
)

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
        chosen = [check_whole_number("face", row, 0, len(self) - 1) for row in asked]
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


def check_faces(
    faces: Faces, domain: str, device: torch.device, shapes: Mapping[str, tuple[int, ...]]
) -> None:
    """Refuse what are not faces of the domain of this name; see `Domain.check`.

    `shapes`: field -> the shape of a row of it.
    """
    check_kind("faces", faces, Faces, "Faces, such as domain.sample(4, seed=0)")
    if faces.domain != domain:
        raise DeltaEditError(
            f"these faces are codes of domain {faces.domain!r}, this is {domain!r}; "
            f"use load_domain({faces.domain!r})"
        )
    for field, shape in shapes.items():
        codes = check_tensor(f"faces.{field}", getattr(faces, field))
        if (codes.dtype, codes.device.type) != (torch.float32, device.type):
            raise DeltaEditError(
                f"faces.{field} is {codes.dtype} on {codes.device}, this domain is float32 "
                f"on {device}; use domain.faces_from(s, w_plus)"
            )
        if codes.shape[1:] != shape:
            needed = ", ".join(map(str, shape))
            raise DeltaEditError(
                f"faces.{field} is {list(codes.shape)}, the networks of {domain!r} need "
                f"[n, {needed}]; sample the faces again with this domain"
            )
        check_finite(f"faces.{field}", codes)
    check_unit_rows("faces.clip", faces.clip)
    check_pictures("faces.images", faces.images)
