"""What the small readers of a portrait share: how they look at it, a body, a way to be loaded.

    oracle, encoder   portrait -> two_views [n, 6, 64, 64] -> body -> their own last layers
    identity          portrait -> face_of   [n, 3, 64, 64] -> body -> their own last layers

A brow is two pixels thick: the face is seen at full size, beside the whole portrait at half of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor, nn

from deltaedit_kit.errors import DeltaEditError, tensor

SIZE = 128
FACE_ROWS, FACE_COLUMNS = slice(38, 102), slice(32, 96)  # brows to chin, ear to ear
WEIGHTS = Path(__file__).parent / "weights"
BATCH = 64  # portraits read at once, so that memory stays flat

Network = TypeVar("Network", bound=nn.Module)


def at_size(pictures: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 128 128"]:
    """Portraits of any size, resampled to SIZE where they need to be.

    Raises DeltaEditError for pictures that are not float [n, 3, h, w].
    """
    tensor("pictures", pictures)
    shaped = pictures.ndim == 4 and pictures.shape[1] == 3 and 0 not in pictures.shape[2:]
    if not shaped or not pictures.is_floating_point():
        raise DeltaEditError(
            f"pictures are {pictures.dtype} {list(pictures.shape)}; give floats [n, 3, h, w]"
        )
    if pictures.shape[2:] == (SIZE, SIZE):
        return pictures
    return F.interpolate(pictures.float(), size=(SIZE, SIZE), mode="bilinear", antialias=True)


def face_of(pictures: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 64 64"]:
    """The face of each portrait, from the brows to the chin. Raises as `at_size`."""
    return at_size(pictures)[:, :, FACE_ROWS, FACE_COLUMNS]


def two_views(pictures: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 6 64 64"]:
    """The whole portrait at half its size and the face at full size. Raises as `at_size`."""
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


def load_shipped(network: Network, file: Path, device: str) -> Network:
    """`network` with the weights of `file` (float16 or float32), frozen, in evaluation mode."""
    network.load_state_dict(load_file(file))
    return network.eval().requires_grad_(False).to(device)
