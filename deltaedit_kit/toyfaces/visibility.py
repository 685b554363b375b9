"""Which factors of a portrait can be seen: a dark jumper has no hue, a fringe hides the brows.

Idea: an oracle cannot read what is not drawn, and an edit is not to blame for it. The rules follow
the renderer, in one place:

    hidden(f)   a hue whose colour is nearly black, brows under a full fringe
    seen(f)     values at which a factor draws nothing yet count as the last such value

so that |seen(f') - seen(f)| where neither hides it is the change that one can see.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from deltaedit_kit.toyfaces.factors import FACTORS, GLASSES_ABSENT, index

# factor -> (factor that hides it, from, to)
HIDDEN_BY: dict[str, tuple[str, float, float]] = {
    "clothes_hue": ("clothes_value", 0.0, 0.12),
    "background_hue": ("background_value", 0.0, 0.12),
    "brow_tilt": ("bangs", 0.80, 1.0),
    "brow_thickness": ("bangs", 0.80, 1.0),
}

# Below these values the renderer draws the same picture whatever the value is.
DRAWN_FROM: dict[str, float] = {
    "glasses": GLASSES_ABSENT,
    "mouth_open": 0.12,
    "bangs": 0.12,
    "beard": 0.10,
}


def visible(factors: Float[Tensor, "n K"]) -> Bool[Tensor, "n K"]:
    """Which factors show in portraits [n, K]."""
    shown = torch.ones_like(factors, dtype=torch.bool)
    for name, (cover, low, high) in HIDDEN_BY.items():
        values = factors[:, index(cover)]
        shown[:, index(name)] = (values < low) | (values > high)
    return shown


def seen(factors: Float[Tensor, "n K"]) -> Float[Tensor, "n K"]:
    """Factors [n, K] with the ranges that draw nothing collapsed to their upper end."""
    floor = torch.tensor([DRAWN_FROM.get(name, 0.0) for name in FACTORS], dtype=torch.float32)
    return torch.maximum(factors, floor.to(factors))
