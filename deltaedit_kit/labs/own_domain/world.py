"""Renders with known factors, in pairs that differ in one: what the networks learn from.

    z ~ N(0, I),   u = Phi(z / rms(z)),   factors = u[:K],   picture = render(factors)

z names a picture, so a generator can be taught by regression; `rms` is what PixelNorm of its
mapping network divides by anyway. Row 2i + 1 is row 2i with factor i mod K at its other end: the
difference of the two shows what that factor draws, and nothing else. z comes from seeds, so an
interrupted set of pictures goes on where it was: as far as its file is long.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from deltaedit_kit.support.errors import DeltaEditError

CHUNK = 100  # rows
FAR = (0.6, 1.8)  # where on its coordinate the second of a pair stands, on the other side of 0
Progress = Callable[[int, int], object]  # (done, in all)


@dataclass(frozen=True)
class World:
    """Row i of each array belongs to the same picture; the last `held_out` train nothing."""

    pictures: np.ndarray  # uint8 [n, 3, R, R], memory-mapped
    factors: Float[Tensor, "n K"]
    z: Float[Tensor, "n Z"]
    held_out: int

    @property
    def rows(self) -> int:
        """How many rows to train on."""
        return len(self.factors) - self.held_out

    def at(self, rows: Int[Tensor, " m"] | slice) -> Float[Tensor, "m 3 R R"]:
        """Pictures in [-1, 1]."""
        index = rows if isinstance(rows, slice) else rows.numpy()
        return torch.from_numpy(np.array(self.pictures[index])).float().div_(127.5).sub_(1)

    @property
    def unseen(self) -> slice:
        """The held-out rows."""
        return slice(self.rows, None)


def make_world(
    render: Callable[[Tensor], Tensor],
    factors: Float[Tensor, "n K"],
    z: Float[Tensor, "n Z"],
    held_out: int,
    file: Path,
    progress: Progress,
) -> World:
    """The renders of `factors`, in `file`: made, or as many as there are taken from there.

    A longer set that begins alike keeps its file. Raises OSError for a full disk.
    """
    side, total = render(factors[:1]).shape[-1], len(factors)
    size = 3 * side * side
    file.parent.mkdir(parents=True, exist_ok=True)
    # Written, not mapped: on a full disk a mapping that is written to ends the process.
    with file.open("ab") as end:
        start = end.tell() // (CHUNK * size) * CHUNK
        if start < total and end.tell() < total * size:
            end.truncate(start * size)
            for row in range(start, total, CHUNK):
                levels = render(factors[row : row + CHUNK]).add(1).mul(127.5).round().clamp(0, 255)
                end.write(levels.byte().cpu().numpy().tobytes())
                progress(min(row + CHUNK, total), total)
    pictures = np.memmap(file, np.uint8, "r", shape=(total, 3, side, side))
    return World(pictures, factors, z, held_out)


def paired_world(
    render: Callable[[Tensor], Tensor],
    factors: int,
    n: int,
    held_out: int,
    z_width: int,
    file: Path,
    progress: Progress,
) -> World:
    """n renders and the held-out ones, in pairs, as `make_world`.

    Raises DeltaEditError for more factors than z can name.
    """
    if factors >= z_width:  # z keeps its norm with coordinates that name nothing
        raise DeltaEditError(
            f"{factors} factors are too many for codes of {z_width} numbers; declare fewer"
        )
    chunks = -(-(n + held_out) // CHUNK)
    z = torch.cat([paired_z(k, z_width, factors) for k in range(chunks)])
    return make_world(render, factors_of(z, factors), z, held_out, file, progress)


def paired_z(chunk: int, width: int, factors: int) -> Float[Tensor, "c Z"]:
    """The z of a chunk, always the same."""
    seeded = torch.Generator().manual_seed(chunk)
    first = torch.randn(CHUNK // 2, width, generator=seeded)
    first = first * first.square().mean(dim=1, keepdim=True).rsqrt()
    rows = torch.arange(CHUNK // 2)
    factor = (rows + chunk * CHUNK // 2) % factors
    low, high = FAR
    reach = low + (high - low) * torch.rand(CHUNK // 2, generator=seeded)
    value = -reach * first[rows, factor].sign()
    second = first.clone()
    spare = first[:, factors:].square().sum(1)  # coordinates that name nothing keep the norm
    rest = (spare + first[rows, factor].square() - value.square()).clamp(min=1e-3)
    second[rows, factor] = value
    second[:, factors:] *= (rest / spare).sqrt()[:, None]
    return torch.stack((first, second), dim=1).flatten(0, 1)


def factors_of(z: Float[Tensor, "n Z"], factors: int) -> Float[Tensor, "n K"]:
    """What z stands for: its first K coordinates, normalised, through the normal distribution."""
    return torch.special.ndtr(z * z.square().mean(dim=1, keepdim=True).rsqrt())[:, :factors]
