"""A small raw cloud with its differences, and places for both, without any network."""

from __future__ import annotations

import numpy as np

from deltaedit_kit.labs.delta_space.clouds.cloud import Cloud, Spaces
from deltaedit_kit.labs.delta_space.projection import Projection


def spaces(n: int = 9, side: int = 4) -> Spaces:
    """n pairs; thumbnail k is grey of level 20 k; coloured by kind and by number."""
    rng = np.random.default_rng(0)
    thumbnails = np.zeros((n, side, side, 3), np.uint8)
    thumbnails += (np.arange(n) * 20 % 250).astype(np.uint8)[:, None, None, None]
    colours = {"kind": np.array(["a", "b", "c"])[np.arange(n) % 3], "number": np.arange(n) * 1.0}

    def cloud(name: str, prefix: str) -> Cloud:
        captions = tuple(f"{prefix} {k}" for k in range(n))
        rows = rng.standard_normal((2, n, 5))
        return Cloud(name, rows[0], rows[1], captions, thumbnails, colours)

    return Spaces(cloud("raw", "face"), cloud("differences", "face → face"))


def planes(n: int = 9) -> tuple[Projection, Projection]:
    """Left: pictures on a line at the bottom, texts above them. Right: the line upside down."""
    x = np.linspace(-1, 1, n)
    low, high = np.stack((x, np.full(n, -0.5)), 1), np.stack((x, np.full(n, 0.5)), 1)

    def plane(first: np.ndarray, second: np.ndarray) -> Projection:
        return Projection(first.astype("f4"), second.astype("f4"), "tsne", 30.0, 0, 0.9, 0.4)

    return plane(low, high), plane(high, low)
