"""StyleSpace: the vector s that is edited, its layers and its groups.

Idea: s joins the input styles of all 3x3 convolutions of a generator, from 4x4 to the full size:

    s = [s_0 | s_1 | ... | s_{K-1}],  s_k = A_k w_k + b_k,  total width S = sum of the widths

One entry of s scales one feature channel, which is why its directions are well separated. The
mapper reads s in three groups:

    coarse   layers at 4 and 8 px     3 tokens               pose, shape
    medium   at 16 and 32 px          4 tokens               features of the face
    fine     above                    one vector             colour, texture

A generator of 32 px gives its last two layers to the fine group, so its medium one has two tokens.
Tokens are as wide as the widest of their layers; a narrower layer is filled up with zeros.

Source: Wu et al. 2021, "StyleSpace Analysis" (arXiv:2011.12799); groups: DeltaEdit
(arXiv:2303.06285, section 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from deltaedit_kit.support.errors import DeltaEditError

Group = Literal["coarse", "medium", "fine"]
GROUPS: tuple[Group, ...] = get_args(Group)  # in the order of the layers
OF_32_PX = 7  # layers of the smallest generator


@dataclass(frozen=True)
class StyleLayout:
    """Widths of the layers of s, from 4x4 on: two a size, but one at 4x4.

    Raises DeltaEditError for a width that is none, and for fewer layers than 32 px have.
    """

    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", tuple(int(width) for width in self.widths))
        if len(self.widths) < OF_32_PX or min(self.widths) < 1:
            raise DeltaEditError(
                f"style widths {self.widths} leave a group of the mapper empty; use a generator "
                f"of at least 32 px, whose s has {OF_32_PX} layers with channels in each"
            )

    @property
    def coarse(self) -> int:
        """How many layers are coarse."""
        return 3

    @property
    def medium(self) -> int:
        """How many layers are medium."""
        return 2 if len(self.widths) == OF_32_PX else 4

    @property
    def total(self) -> int:
        """S, the width of s."""
        return sum(self.widths)

    @property
    def token_width(self) -> int:
        """C, the width of a token: of the widest coarse or medium layer."""
        return max(self.widths[: self.coarse + self.medium])

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
        first, second = (sum(self.widths[:n]) for n in (self.coarse, self.coarse + self.medium))
        ends = (0, first, second, self.total)
        return {group: slice(*pair) for group, pair in zip(GROUPS, pairwise(ends), strict=True)}

    def group_of(self, layer: int) -> Group:
        """The group that a layer of s belongs to, layers counted from 0."""
        return GROUPS[(layer >= self.coarse) + (layer >= self.coarse + self.medium)]

    @property
    def layer_of_channel(self) -> Int[Tensor, " s"]:
        """The layer that each entry of s belongs to, int64."""
        return torch.repeat_interleave(torch.tensor(self.widths))

    def groups(
        self, s: Float[Tensor, "n s"]
    ) -> tuple[Float[Tensor, "n a c"], Float[Tensor, "n b c"], Float[Tensor, "n f"]]:
        """Coarse tokens, medium tokens, fine vector. Raises DeltaEditError for another width.

        Views of s, but for tokens of a group whose layers are not all C wide.
        """
        if s.ndim != 2 or s.shape[1] != self.total:
            raise DeltaEditError(
                f"s has the shape {list(s.shape)}, this layout needs [n, {self.total}]; "
                "use codes of the same domain, as G.to_style returns them"
            )
        coarse, medium, fine = (s[:, part] for part in self.group_slices.values())
        return self._tokens(coarse, "coarse"), self._tokens(medium, "medium"), fine

    def ungroup(
        self,
        coarse: Float[Tensor, "n a c"],
        medium: Float[Tensor, "n b c"],
        fine: Float[Tensor, "n f"],
    ) -> Float[Tensor, "n s"]:
        """The inverse of `groups`; what fills a narrow layer's token up is dropped."""
        parts = [*self._layers(coarse, "coarse"), *self._layers(medium, "medium"), fine]
        return torch.cat(parts, dim=1)

    def _widths_of(self, group: Group) -> tuple[int, ...]:
        return tuple(w for k, w in enumerate(self.widths) if self.group_of(k) == group)

    def _tokens(self, part: Tensor, group: Group) -> Tensor:
        width, widths = self.token_width, self._widths_of(group)
        if set(widths) == {width}:
            return part.unflatten(1, (-1, width))
        layers = part.split(widths, dim=1)
        return torch.stack([F.pad(x, (0, width - x.shape[1])) for x in layers], dim=1)

    def _layers(self, tokens: Tensor, group: Group) -> list[Tensor]:
        widths = self._widths_of(group)
        if set(widths) == {self.token_width}:
            return [tokens.flatten(1)]
        return [tokens[:, k, :width] for k, width in enumerate(widths)]
