"""What the small readers of a portrait share: how they look at it, a body, a way to be loaded.

    oracle, encoder   portrait -> two_views [n, 6, 64, 64] -> body -> their own last layers
    identity          portrait -> face_of   [n, 3, 64, 64] -> body -> their own last layers

A brow is two pixels thick: the face is seen at full size, beside the whole portrait at half of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from deltaedit_kit.domain.networks import loading
from deltaedit_kit.support.atomic import load_tensors
from deltaedit_kit.support.errors import check_pictures

SIZE = 128
FACE_ROWS, FACE_COLUMNS = slice(38, 102), slice(32, 96)  # brows to chin, ear to ear
WEIGHTS = Path(__file__).parent / "weights"
BATCH = 64  # portraits read at once, so that memory stays flat

Network = TypeVar("Network", bound=nn.Module)


def at_size(pictures: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 128 128"]:
    """Portraits of any size, resampled to SIZE where they need to be; nothing is checked."""
    if pictures.shape[2:] == (SIZE, SIZE):
        return pictures
    return F.interpolate(pictures.float(), size=(SIZE, SIZE), mode="bilinear", antialias=True)


def face_of(pictures: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 64 64"]:
    """The face of each portrait, from the brows to the chin."""
    return at_size(pictures)[:, :, FACE_ROWS, FACE_COLUMNS]


def two_views(pictures: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 6 64 64"]:
    """The whole portrait at half its size and the face at full size."""
    pictures = at_size(pictures)
    both = torch.cat((F.avg_pool2d(pictures, 2), face_of(pictures)), dim=1)
    return both.contiguous(memory_format=torch.channels_last)


def body(channels: int, plan: Sequence[tuple[int, int, int]]) -> nn.Sequential:
    """Convolutions of (width, kernel, stride), each with batch norm and a leaky ReLU."""
    layers: list[nn.Module] = []
    for width, kernel, stride in plan:
        layers += [nn.Conv2d(channels, width, kernel, stride, kernel // 2, bias=False)]
        layers += [nn.BatchNorm2d(width), nn.LeakyReLU(0.1, inplace=True)]
        channels = width
    return nn.Sequential(*layers)


class InBatches(nn.Module):
    """A network that takes portraits of any size and number, `BATCH` at a time; answers in float32.

    `prepare` makes of portraits what the network reads.
    """

    def __init__(self, network: nn.Module, prepare: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.network, self.prepare = network, prepare

    def forward(self, pictures: Float[Tensor, "n 3 h w"]) -> Tensor:
        """Portraits in [-1, 1] -> what the network says of them; gradients reach the pictures.

        What a generator draws outside is limited first. Raises DeltaEditError for pictures that
        are not finite floats [n, 3, h, w], and for bytes.
        """
        limited = check_pictures("pictures", pictures, limited=False).clamp(-1, 1)
        parts = self.prepare(limited).split(BATCH)
        return torch.cat([self.network(part.float()) for part in parts]).float()  # in autocast too


@loading()
def read_shipped(make: Callable[[], Network], file: Path) -> Network:
    """The network with the weights of `file` (float16 or float32), frozen, in evaluation mode.

    Raises DeltaEditError for a file that is missing, damaged or changed.
    """
    network = make()
    network.load_state_dict(load_tensors(file, "install the kit again")[0])
    return network.eval().requires_grad_(False)
