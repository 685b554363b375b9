"""The world to learn from: renders as bytes, shuffled; nobody says of what.

    factors ~ uniform   ->   picture = render(factors)

The generator's recipe never asks for the factors; CLIP's writes captions of them. Batch k is a
function of (seed, k): a resumed run sees the pictures that an unbroken one would.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from tqdm import trange

from deltaedit_kit.toyfaces.factors import sample_factors
from deltaedit_kit.toyfaces.renderer import render

CHUNK = 500
SEED = 40_000_000  # chunk k is drawn from SEED + k: no other recipe uses these portraits


@dataclass(frozen=True)
class World:
    """`pictures` uint8 [n, 3, R, R], memory-mapped; the last `held_out` are never trained on."""

    pictures: np.ndarray
    held_out: int = 2000

    @classmethod
    def of(cls, n: int, resolution: int, folder: Path) -> World:
        """n renders and the held-out ones, drawn now if `folder` lacks them."""
        path, total = folder / f"renders-{resolution}.npy", n + cls.held_out
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            shape = (total, 3, resolution, resolution)
            made = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=shape)
            for start in trange(0, total, CHUNK, desc="renders", mininterval=20):
                rows = min(CHUNK, total - start)
                with torch.no_grad():
                    drawn = render(sample_factors(rows, SEED + start // CHUNK), resolution)
                levels = drawn.add(1).mul(127.5).round().clamp(0, 255)
                made[start : start + rows] = levels.byte().numpy()
            made.flush()
            part.replace(path)
        return cls(np.load(path, mmap_mode="r"))

    def batch(self, n: int, seed: int, step: int) -> Float[Tensor, "n 3 h h"]:
        """The n pictures of this step in [-1, 1], half of them mirrored on average."""
        pictures = self.rows_and_pictures(n, seed, step)[1]
        mirrored = torch.from_numpy(np.random.default_rng((seed, step, 1)).random(n) < 0.5)
        return torch.where(mirrored[:, None, None, None], pictures.flip(3), pictures)

    def rows_and_pictures(
        self, n: int, seed: int, step: int
    ) -> tuple[Int[Tensor, " n"], Float[Tensor, "n 3 h h"]]:
        """n pictures as they were rendered, since captions say left and right; and their rows."""
        random = np.random.default_rng((seed, step))
        rows = np.sort(random.integers(0, len(self.pictures) - self.held_out, n))
        return torch.from_numpy(rows), to_float(self.pictures[rows])

    @cached_property
    def factors(self) -> Float[Tensor, "n K"]:
        """What was rendered, drawn again from the seeds."""
        chunks = range(0, len(self.pictures), CHUNK)
        drawn = [sample_factors(CHUNK, SEED + start // CHUNK) for start in chunks]
        return torch.cat(drawn)[: len(self.pictures)]

    @property
    def unseen(self) -> Float[Tensor, "n 3 h h"]:
        """The held-out renders in [-1, 1]."""
        return to_float(self.pictures[-self.held_out :])


def to_float(levels: np.ndarray) -> Float[Tensor, "n 3 h h"]:
    """Bytes -> float32 in [-1, 1]."""
    return torch.from_numpy(np.array(levels)).float().div_(127.5).sub_(1)
