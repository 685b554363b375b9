"""StyleSpace: the vector s that is edited, its layers and its groups.

Idea: s joins the input styles of all 3x3 convolutions of a generator, from 4x4 to the full size:

    s = [s_0 | s_1 | ... | s_{K-1}],  s_k = A_k w_k + b_k,  total width S = sum of the widths

One entry of s scales one feature channel, which is why its directions are well separated. The
mapper reads s in three groups: the first layers (coarse: pose, shape), the next ones (medium:
features of the face), both as tokens of one width, and all the rest (fine: colour, texture).

Source: Wu et al. 2021, "StyleSpace Analysis" (arXiv:2011.12799); groups: DeltaEdit
(arXiv:2303.06285, section 3.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError

Group = Literal["coarse", "medium", "fine"]
GROUPS: tuple[Group, ...] = get_args(Group)  # in the order of the layers


@dataclass(frozen=True)
class StyleLayout:
    """Widths of the layers of s, and where the coarse and medium groups end.

    `coarse` and `medium` count layers; together they must share one width, since the mapper
    sees them as tokens, and leave at least one fine layer. Raises DeltaEditError otherwise.
    """

    widths: tuple[int, ...]
    coarse: int = 3
    medium: int = 4

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", tuple(int(width) for width in self.widths))
        tokens = self.coarse + self.medium
        if not self.widths or min(self.widths) < 1 or self.coarse < 1 or self.medium < 1:
            raise DeltaEditError(
                f"style widths {self.widths} with {self.coarse} coarse and {self.medium} medium "
                "layers leave a group empty; give positive widths and layer counts"
            )
        if len(self.widths) <= tokens:
            raise DeltaEditError(
                f"{len(self.widths)} style layers cannot hold {self.coarse} coarse, {self.medium} "
                "medium and a fine one; use a generator of at least 64 px or fewer layers a group"
            )
        if len(set(self.widths[:tokens])) > 1:
            raise DeltaEditError(
                f"coarse and medium layers have the widths {self.widths[:tokens]}; the mapper "
                "needs one common width there, so choose a generator whose first layers agree"
            )

    @property
    def total(self) -> int:
        """S, the width of s."""
        return sum(self.widths)

    @property
    def token_width(self) -> int:
        """Common width C of the coarse and medium layers."""
        return self.widths[0]

    @property
    def fine_width(self) -> int:
        """F, the joined width of the fine layers."""
        return sum(self.widths[self.coarse + self.medium :])

    @property
    def slices(self) -> tuple[slice, ...]:
        """For every layer the slice of s that is its style."""
        ends = [sum(self.widths[: k + 1]) for k in range(len(self.widths))]
        return tuple(slice(end - width, end) for end, width in zip(ends, self.widths, strict=True))

    @property
    def group_slices(self) -> dict[Group, slice]:
        """For every group the slice of s that its layers fill."""
        first, second = (end * self.token_width for end in (self.coarse, self.coarse + self.medium))
        ends = (0, first, second, self.total)
        return {group: slice(*pair) for group, pair in zip(GROUPS, pairwise(ends), strict=True)}

    def group_of(self, layer: int) -> Group:
        """The group that a layer of s belongs to, layers counted from 0."""
        return GROUPS[(layer >= self.coarse) + (layer >= self.coarse + self.medium)]

    @property
    def layer_of_channel(self) -> Int[Tensor, " s"]:
        """The layer that each entry of s belongs to, int64."""
        return torch.repeat_interleave(torch.tensor(self.widths))

    def split(self, s: Float[Tensor, "n s"]) -> tuple[Tensor, ...]:
        """One [n, width] a layer (views). Raises DeltaEditError for another width."""
        self.check(s)
        return s.split(self.widths, dim=1)

    def join(self, parts: Sequence[Tensor]) -> Float[Tensor, "n s"]:
        """The inverse of `split`. Raises DeltaEditError for parts of other widths."""
        widths = tuple(part.shape[-1] for part in parts)
        if widths != self.widths:
            raise DeltaEditError(
                f"the parts have the widths {widths}, this layout has {self.widths}; "
                "join what `split` of the same layout returned"
            )
        return torch.cat(tuple(parts), dim=1)

    def groups(
        self, s: Float[Tensor, "n s"]
    ) -> tuple[Float[Tensor, "n a c"], Float[Tensor, "n b c"], Float[Tensor, "n f"]]:
        """Coarse tokens, medium tokens, fine vector (views). Raises DeltaEditError as `split`."""
        self.check(s)
        coarse, medium, fine = (s[:, part] for part in self.group_slices.values())
        width = self.token_width
        return coarse.unflatten(1, (-1, width)), medium.unflatten(1, (-1, width)), fine

    def ungroup(
        self,
        coarse: Float[Tensor, "n a c"],
        medium: Float[Tensor, "n b c"],
        fine: Float[Tensor, "n f"],
    ) -> Float[Tensor, "n s"]:
        """The inverse of `groups`."""
        return torch.cat((coarse.flatten(1), medium.flatten(1), fine), dim=1)

    def check(self, s: Tensor) -> None:
        """Raise DeltaEditError unless s is [n, S]."""
        if s.ndim != 2 or s.shape[1] != self.total:
            raise DeltaEditError(
                f"s has the shape {list(s.shape)}, this layout needs [n, {self.total}]; "
                "use codes of the same domain, as G.to_style returns them"
            )
