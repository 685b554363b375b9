"""The oracle: a small network that reads the factors off a toy portrait.

    read_factors: pictures [n, 3, 128, 128] in [-1, 1]  ->  factors [n, K] in [0, 1]

It is trained on renders only, blurred, noisy and shifted a little, so that it stays honest on
pictures which a generator made and which are none of the renderer's. Because of it, the success and
the side effects of an edit of a toy portrait are measured instead of guessed.
"""

from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor, nn

from deltaedit_kit.domains.toyfaces.factors import FACTORS
from deltaedit_kit.errors import DeltaEditError

SIZE = 128
FACE_ROWS, FACE_COLUMNS = slice(38, 102), slice(32, 96)  # brows to chin, ear to ear
WEIGHTS = Path(__file__).parent / "weights" / "oracle.safetensors"
BATCH = 64  # pictures read at once, so that memory stays flat


class Oracle(nn.Module):
    """Strided convolutions over two views of 64 x 64 pixels, then two linear layers.

    One view is the whole portrait at half its size; the other is the face at full size, since a
    brow is two pixels thick. Both are stacked as six channels.
    """

    def __init__(self, features: int = 256) -> None:
        super().__init__()
        # (width, kernel, stride): 64 -> 32 -> 16 -> 16 -> 8 -> 8 -> 4
        plan = ((48, 5, 2), (96, 3, 2), (96, 3, 1), (160, 3, 2), (160, 3, 1), (224, 3, 2))
        layers: list[nn.Module] = []
        previous = 6
        for width, kernel, stride in plan:
            layers += [nn.Conv2d(previous, width, kernel, stride, kernel // 2, bias=False)]
            layers += [nn.BatchNorm2d(width), nn.LeakyReLU(0.1, inplace=True)]
            previous = width
        self.trunk = nn.Sequential(*layers)
        self.hidden = nn.Linear(previous * 4 * 4, features)
        self.readout = nn.Linear(features, len(FACTORS))

    def features(self, pictures: Float[Tensor, "n 3 128 128"]) -> Float[Tensor, "n 256"]:
        """What the last layer sees; also the features of the Fréchet distance of portraits."""
        if pictures.ndim != 4 or pictures.shape[1] != 3:
            shape = tuple(pictures.shape)
            raise DeltaEditError(f"pictures have shape {shape}; expected [n, 3, {SIZE}, {SIZE}]")
        if pictures.shape[2:] != (SIZE, SIZE):
            pictures = F.interpolate(pictures, size=(SIZE, SIZE), mode="bilinear", antialias=True)
        whole, face = F.avg_pool2d(pictures, 2), pictures[:, :, FACE_ROWS, FACE_COLUMNS]
        views = torch.cat((whole, face), dim=1).contiguous(memory_format=torch.channels_last)
        return F.leaky_relu(self.hidden(self.trunk(views).flatten(1)), 0.1)

    def forward(self, pictures: Float[Tensor, "n 3 128 128"]) -> Float[Tensor, "n K"]:
        """Factors [n, K]; a little outside [0, 1] is possible, `read_factors` clamps."""
        return self.readout(self.features(pictures))


@lru_cache(maxsize=2)
def load_oracle(device: str = "cpu") -> Oracle:
    """The shipped oracle, in evaluation mode, loaded once a device."""
    oracle = Oracle()
    oracle.load_state_dict(load_file(WEIGHTS))
    return oracle.eval().requires_grad_(False).to(device)


@torch.no_grad()
def read_factors(pictures: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n K"]:
    """Factors [n, K] in [0, 1] of portraits in [-1, 1]; other sizes are resampled to 128.

    Raises DeltaEditError for pictures that are not [n, 3, h, w].
    """
    oracle = load_oracle(str(pictures.device))
    parts = [oracle(part.float()).clamp(0, 1) for part in pictures.split(BATCH)]
    return torch.cat(parts) if parts else pictures.new_zeros(0, len(FACTORS))
