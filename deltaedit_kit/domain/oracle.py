"""The oracle: reads factors from pictures, so that the effect of an edit can be measured.

    factors [n, K] --drawn--> pictures --oracle.read--> factors [n, K],
    attribute a holds   <=>   above_a <= factor_a <= below_a,  and what it needs is to be seen

With an oracle a domain can measure which factors an edit changed, wanted and unwanted. Published
domains have none: nobody knows the factors of a photograph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

Side = Literal["high", "low", "stop"]
Need = tuple[str, float, float]  # factor, from, to


@dataclass(frozen=True)
class Attribute:
    """A nameable property of a picture: where it holds, and where an edit should go."""

    name: str
    factor: str  # the factor that it is a range of
    side: Side  # which end of the factor it is, or a "stop" along it, as a hair colour
    target: float  # where on the factor an edit should bring a picture
    above: float
    below: float
    prompt: str  # the plain sentence that asks for it
    needs: tuple[Need, ...] = ()  # other factors that must lie in a range for it to be seen

    def holds(self, values: Float[Tensor, "..."]) -> Bool[Tensor, "..."]:
        """Whether the attribute holds for these values of its own factor, same shape."""
        return (values >= self.above) & (values <= self.below)


class Oracle(Protocol):
    """What reads the factors off a picture; `Domain.oracle`."""

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the K factors."""
        ...

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        """What one may ask for by name."""
        ...

    def read(self, pictures: Float[Tensor, "n 3 H W"]) -> Float[Tensor, "n K"]:
        """Factors in [0, 1] of pictures in [-1, 1]."""
        ...

    def visible(self, factors: Float[Tensor, "n K"]) -> Bool[Tensor, "n K"]:
        """Which factors can be seen: a black jumper has no hue."""
        ...

    def seen(self, factors: Float[Tensor, "n K"]) -> Float[Tensor, "n K"]:
        """The same, values at which a factor draws nothing yet counted as the last such value."""
        ...

    def weights(self) -> Mapping[str, Tensor]:
        """What it computes with, for the domain's fingerprint."""
        ...
