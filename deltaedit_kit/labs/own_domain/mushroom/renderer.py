"""A mushroom from five numbers in [0, 1]. Change everything here; keep the name `draw`.

`deltaedit build` asks for pictures of three times the size and averages them, so hard edges
become smooth ones. numpy does as well as torch.
"""

import torch


def mix(one: str, other: str, share: torch.Tensor) -> torch.Tensor:
    """A colour [n, 3, 1, 1] on the way from one to another, both as "rrggbb"."""
    first, last = (torch.tensor(list(bytes.fromhex(c))).view(3, 1, 1) / 255 for c in (one, other))
    return first + (last - first) * share[:, None]


def draw(f: dict[str, torch.Tensor], side: int) -> torch.Tensor:
    """Factors by name, each [n, 1, 1], to pictures [n, 3, side, side] with colours in [0, 1]."""
    line = torch.linspace(-1, 1, side)
    x, y = line[None, None, :], line[None, :, None]  # to the right, and down
    foot = 0.75
    rim = foot - 0.30 - 0.70 * f["stem_height"]  # where the stem ends and the cap begins
    width = 0.38 + 0.50 * f["cap_width"]
    grass = (y >= foot)[:, None]
    stem = ((x.abs() < 0.13 + 0.05 * y) & (y >= rim) & (y < foot))[:, None]
    cap = ((y < rim) & ((x / width) ** 2 + ((y - rim) / 0.45) ** 2 < 1))[:, None]
    picture = mix("20264a", "b8e0f8", f["daylight"]) * torch.ones(side, side)
    picture = torch.where(grass, mix("16331c", "5fa84a", f["daylight"]), picture)
    picture = torch.where(stem, mix("b0a58c", "e8dcc0", f["daylight"]), picture)
    picture = torch.where(cap, mix("7a4f2c", "d8202c", f["cap_color"]), picture)
    for right, up in ((-0.5, 0.12), (0.0, 0.27), (0.5, 0.12)):
        away = (x - right * width) ** 2 + (y - rim + up) ** 2
        spot = cap & (away < (0.03 + 0.10 * f["spot_size"]) ** 2)[:, None]
        picture = torch.where(spot, torch.ones(()), picture)
    return picture
