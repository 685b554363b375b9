"""An oracle for a domain of one's own: a small network that reads its factors, and their names.

    read: pictures [n, 3, R, R] in [-1, 1]  ->  factors [n, K] in [0, 1]

The declaration names the factors and says what their two ends are called; an end is an attribute.
The values between `LOW` and `HIGH` have no name. All sizes of the network are read off its tensors,
so an oracle is data: nothing of the renderer, which drew what it learned from, is ever needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from deltaedit_kit.domain.oracle import Attribute
from deltaedit_kit.domain.spec import Factor
from deltaedit_kit.support.errors import DeltaEditError, check_pictures

LOW, HIGH = 0.36, 0.64  # a low end holds up to the first value, a high one from the second on
TARGETS = (0.1, 0.9)  # where an edit should bring a picture
BATCH = 64
FORMAT = "deltaedit-oracle"


class FactorReader(nn.Module):
    """Strided convolutions down to 4 x 4, then two linear layers."""

    def __init__(self, resolution: int, factors: int, width: int = 24, hidden: int = 128) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, width, 5, 2, 2), nn.LeakyReLU(0.1)]
        now = width
        for _ in range(resolution.bit_length() - 4):  # from R / 2 to 4
            wide = min(2 * now, 4 * width)
            layers += [nn.Conv2d(now, wide, 3, 2, 1), nn.LeakyReLU(0.1)]
            layers += [nn.Conv2d(wide, wide, 3, 1, 1), nn.LeakyReLU(0.1)]
            now = wide
        self.resolution = resolution
        self.trunk = nn.Sequential(*layers)
        self.hidden = nn.Linear(now * 16, hidden)
        self.readout = nn.Linear(hidden, factors)

    def forward(self, pictures: Float[Tensor, "n 3 r r"]) -> Float[Tensor, "n k"]:
        """A little outside [0, 1] is possible."""
        return self.readout(F.leaky_relu(self.hidden(self.trunk(pictures).flatten(1)), 0.1))

    @classmethod
    def from_state_dict(cls, weights: Mapping[str, Tensor], resolution: int) -> FactorReader:
        """The network of these weights; DeltaEditError where they are not those of one."""
        try:
            width = len(weights["trunk.0.weight"])
            factors, hidden = weights["readout.weight"].shape
            reader = cls(resolution, factors, width, hidden)
            reader.load_state_dict({key: value.float() for key, value in weights.items()})
        except (KeyError, ValueError, RuntimeError) as cause:
            raise DeltaEditError(
                f"these weights are no oracle of {resolution} px ({str(cause)[:100]}); make one "
                "with `deltaedit build`"
            ) from cause
        return reader.eval().requires_grad_(False)


class FactorOracle:
    """What is known of a domain with named factors, as `Domain.oracle`.

    Raises DeltaEditError for a network that reads another number of factors.
    """

    def __init__(self, reader: FactorReader, factors: Sequence[Factor], neutral: str) -> None:
        if reader.readout.out_features != len(factors):
            raise DeltaEditError(
                f"the oracle reads {reader.readout.out_features} factors, the declaration names "
                f"{len(factors)}; run `deltaedit build` again"
            )
        self.reader = reader
        self.factors = tuple(factor.name for factor in factors)
        rows = attributes_of(factors, neutral)
        self.attributes: Mapping[str, Attribute] = MappingProxyType({x.name: x for x in rows})

    @torch.no_grad()
    def read(self, pictures: Float[Tensor, "n 3 h h"]) -> Float[Tensor, "n K"]:
        """Factors in [0, 1] of pictures in [-1, 1]; other sizes are resampled."""
        check_pictures("pictures", pictures)
        reader, side = self.reader.to(pictures.device), self.reader.resolution
        parts: list[Tensor] = []
        for part in pictures.float().split(BATCH):
            if part.shape[-1] != side:
                part = F.interpolate(part, (side, side), mode="bilinear", antialias=True)
            parts.append(reader(part).float().clamp(0, 1))  # in autocast too
        return torch.cat(parts) if parts else pictures.new_zeros(0, len(self.factors))

    def visible(self, factors: Float[Tensor, "n K"]) -> Bool[Tensor, "n K"]:
        """All of them, always."""
        return torch.ones_like(factors, dtype=torch.bool)

    def seen(self, factors: Float[Tensor, "n K"]) -> Float[Tensor, "n K"]:
        """Every value draws something of its own."""
        return factors

    def weights(self) -> Mapping[str, Tensor]:
        """The network's."""
        return self.reader.state_dict()


def attributes_of(factors: Sequence[Factor], neutral: str) -> list[Attribute]:
    """Two attributes for each factor, low end first; the first phrase makes the prompt."""
    rows: list[Attribute] = []
    for factor in factors:
        prompts = [end.says[0].replace("{}", neutral) for end in factor.ends]
        low, high = factor.ends
        rows += [
            Attribute(low.name, factor.name, "low", TARGETS[0], 0.0, LOW, prompts[0]),
            Attribute(high.name, factor.name, "high", TARGETS[1], HIGH, 1.0, prompts[1]),
        ]
    return rows
