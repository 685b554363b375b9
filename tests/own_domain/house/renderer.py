"""A house, in numpy: other factors than the example's, and never tuned.

To measure it in full size: copy this folder, then `deltaedit build FOLDER`, and read its card.
"""

from __future__ import annotations

import numpy as np


def draw(f: dict, side: int) -> np.ndarray:
    """Factors by name, each [n, 1, 1], to pictures [n, 3, side, side] with colours in [0, 1]."""
    f = {name: np.asarray(value, dtype=np.float32) for name, value in f.items()}
    line = np.linspace(-1, 1, side, dtype=np.float32)
    x, y = line[None, None, :], line[None, :, None]
    wide, peak = 0.3 + 0.4 * f["house_width"], -0.3 - 0.6 * f["roof_height"]
    pane, door = 0.05 + 0.11 * f["window_size"], 0.03 + 0.6 * f["door_color"]
    wall = (abs(x) < wide) & (y > -0.1) & (y < 0.8)
    roof = (y < -0.1) & (y > peak) & (abs(x) < (wide + 0.1) * (y - peak) / (-0.1 - peak))
    windows = (abs(abs(x) - 0.55 * wide) < pane) & (abs(y - 0.15) < pane)
    entry = (abs(x) < 0.12) & (y > 0.4) & (y < 0.8)
    picture = np.empty((len(wide), 3, side, side), np.float32)
    for channel, (sky, white, tiles, glass) in enumerate(
        zip((0.6, 0.7, 0.8), (0.9, 0.85, 0.7), (0.5, 0.25, 0.2), (0.2, 0.3, 0.5), strict=True)
    ):
        bright = 0.35 + 0.65 * f["wall_light"]
        layers = [np.where(y > 0.8, (0.4, 0.5, 0.3)[channel], sky) + 0 * wide]
        for place, colour in (
            (wall, white * bright), (roof, tiles), (windows, glass),
            (entry, (door, 0.1, 0.7 - door)[channel]),
        ):  # fmt: skip
            layers.append(np.where(place, colour, layers[-1]))
        picture[:, channel] = layers[-1]
    return picture.clip(0, 1)
