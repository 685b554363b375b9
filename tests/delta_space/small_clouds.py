"""Small clouds with known properties, and picture files, for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from deltaedit_kit.labs.delta_space.alignment import Pair


def gaussian(n: int, width: int, seed: int, shift: float = 0.0, spread: float = 1.0) -> np.ndarray:
    """n rows of N(shift, spread² I)."""
    return shift + spread * np.random.default_rng(seed).standard_normal((n, width))


def related(n: int = 120, width: int = 16, noise: float = 0.3, gap: float = 0.0) -> Pair:
    """Rows that know their partner: y = x + noise, moved by `gap` along the first axis."""
    first = gaussian(n, width, seed=0)
    second = first + noise * gaussian(n, width, seed=1)
    second[:, 0] += gap
    return Pair(first, second)


def unrelated(n: int = 120, width: int = 16, seed: int = 0) -> Pair:
    """Two independent draws of one distribution: the null of every two-sample test."""
    return Pair(gaussian(n, width, seed=2 * seed), gaussian(n, width, seed=2 * seed + 1))


def picture(path: Path, level: int = 120) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(level).integers(0, 40, (24, 20, 3))
    Image.fromarray((noise + level).astype(np.uint8)).save(path)
    return path
