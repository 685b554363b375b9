"""The oracle: a small network that reads the factors off a toy portrait.

    read_factors: pictures [n, 3, 128, 128] in [-1, 1]  ->  factors [n, K] in [0, 1]

It is trained on renders only, blurred, noisy and shifted a little, so that it stays honest on
pictures which a generator made and which are none of the renderer's. Because of it, the success and
the side effects of an edit of a toy portrait are measured instead of guessed.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from deltaedit_kit.domain.oracle import Attribute
from deltaedit_kit.support.errors import check_tensor
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES
from deltaedit_kit.toyfaces.factors import FACTORS, sample_factors
from deltaedit_kit.toyfaces.portraits import (
    WEIGHTS,
    InBatches,
    at_size,
    body,
    read_shipped,
    two_views,
)
from deltaedit_kit.toyfaces.renderer import render
from deltaedit_kit.toyfaces.visibility import seen, visible

FILE = WEIGHTS / "oracle.safetensors"


class Oracle(nn.Module):
    """Strided convolutions over two views of 64 x 64 pixels, then two linear layers.

    One view is the whole portrait at half its size; the other is the face at full size, since a
    brow is two pixels thick. Both are stacked as six channels.
    """

    def __init__(self, features: int = 256) -> None:
        super().__init__()
        # (width, kernel, stride): 64 -> 32 -> 16 -> 16 -> 8 -> 8 -> 4
        plan = ((48, 5, 2), (96, 3, 2), (96, 3, 1), (160, 3, 2), (160, 3, 1), (224, 3, 2))
        self.trunk = body(6, plan)
        self.hidden = nn.Linear(plan[-1][0] * 4 * 4, features)
        self.readout = nn.Linear(features, len(FACTORS))

    def features(self, pictures: Float[Tensor, "n 3 128 128"]) -> Float[Tensor, "n 256"]:
        """What the last layer sees; also the features of the Fréchet distance of portraits."""
        return F.leaky_relu(self.hidden(self.trunk(two_views(pictures)).flatten(1)), 0.1)

    def forward(self, pictures: Float[Tensor, "n 3 128 128"]) -> Float[Tensor, "n K"]:
        """Factors [n, K]; a little outside [0, 1] is possible, `read_factors` clamps."""
        return self.readout(self.features(pictures))


@lru_cache(maxsize=2)
def load_oracle(device: str | torch.device = "cpu") -> Oracle:
    """The shipped oracle, in evaluation mode, loaded once a device."""
    return read_shipped(Oracle, FILE).to(device)


@torch.no_grad()
def read_factors(pictures: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n K"]:
    """Factors [n, K] in [0, 1] of portraits in [-1, 1]; other sizes are resampled to 128.

    Raises DeltaEditError for pictures that are not finite floats [n, 3, h, w] in [-1, 1].
    """
    oracle = load_oracle(check_tensor("pictures", pictures).device)
    return InBatches(oracle, at_size)(pictures).clamp(0, 1)


class PortraitOracle:
    """What is known of a portrait, as `deltaedit_kit.domain.Oracle` asks it."""

    factors = FACTORS
    attributes: Mapping[str, Attribute] = MappingProxyType({row.name: row for row in ATTRIBUTES})

    def read(self, pictures: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n K"]:
        """`read_factors`."""
        return read_factors(pictures)

    def visible(self, factors: Float[Tensor, "n K"]) -> Bool[Tensor, "n K"]:
        """Which factors can be seen."""
        return visible(factors)

    def seen(self, factors: Float[Tensor, "n K"]) -> Float[Tensor, "n K"]:
        """Values that draw nothing yet, counted as the last such value."""
        return seen(factors)

    def features(self, pictures: Float[Tensor, "n 3 128 128"]) -> Float[Tensor, "n 256"]:
        """What the network sees of them."""
        return load_oracle().features(pictures)

    def renders(self, n: int) -> Float[Tensor, "n 3 128 128"]:
        """Portraits that the renderer drew, always the same."""
        return render(sample_factors(n, seed=0))

    def weights(self) -> Mapping[str, Tensor]:
        """The network's."""
        return load_oracle().state_dict()
