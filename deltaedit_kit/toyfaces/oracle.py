"""The oracle: a small network that reads the factors off a toy portrait.

    read_factors: pictures [n, 3, 128, 128] in [-1, 1]  ->  factors [n, K] in [0, 1]

It is trained on renders only, blurred, noisy and shifted a little, so that it stays honest on
pictures which a generator made and which are none of the renderer's. Because of it, the success and
the side effects of an edit of a toy portrait are measured instead of guessed.
"""

from functools import lru_cache

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from deltaedit_kit.domain import loading
from deltaedit_kit.toyfaces.factors import FACTORS
from deltaedit_kit.toyfaces.portraits import (
    BATCH,
    WEIGHTS,
    at_size,
    body,
    load_shipped,
    two_views,
)

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
@loading()
def load_oracle(device: str = "cpu") -> Oracle:
    """The shipped oracle, in evaluation mode, loaded once a device."""
    return load_shipped(Oracle(), FILE, device)


@torch.no_grad()
def read_factors(pictures: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n K"]:
    """Factors [n, K] in [0, 1] of portraits in [-1, 1]; other sizes are resampled to 128.

    Raises DeltaEditError for pictures that are not float [n, 3, h, w].
    """
    portraits = at_size(pictures)
    oracle = load_oracle(str(portraits.device))
    parts = [oracle(part.float()).clamp(0, 1) for part in portraits.split(BATCH)]
    return torch.cat(parts) if parts else portraits.new_zeros(0, len(FACTORS))
