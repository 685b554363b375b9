"""Colours of the toy portraits: ramps through named stops, RGB in [0, 1], differentiable.

ramp(t) = piecewise-linear interpolation through stops at t = 0, 1/(m-1), ..., 1
"""

import torch
from jaxtyping import Float
from torch import Tensor

SKIN = (
    (0.32, 0.20, 0.14),
    (0.52, 0.34, 0.23),
    (0.76, 0.54, 0.39),
    (0.91, 0.71, 0.57),
    (0.99, 0.86, 0.77),
)
HAIR = (
    (0.085, 0.075, 0.085),  # black
    (0.36, 0.21, 0.11),  # brown
    (0.70, 0.25, 0.09),  # red
    (0.93, 0.76, 0.40),  # blond
    (0.88, 0.88, 0.90),  # grey-white
)
IRIS = ((0.16, 0.09, 0.05), (0.50, 0.29, 0.10), (0.22, 0.56, 0.25), (0.22, 0.50, 0.90))

HUE_SPAN = 0.8  # hue 0..1 covers the HSV wheel from red to purple, so that 0 and 1 differ


def ramp(
    stops: tuple[tuple[float, float, float], ...], t: Float[Tensor, "n"]
) -> Float[Tensor, "n 3"]:
    """Colour at position t in [0, 1] on the ramp through equally spaced `stops`."""
    table = torch.tensor(stops, dtype=t.dtype, device=t.device)
    position = t.clamp(0, 1) * (len(stops) - 1)
    left = position.detach().floor().clamp(max=len(stops) - 2).long()
    return torch.lerp(table[left], table[left + 1], (position - left).unsqueeze(1))


def hsv(
    hue: Float[Tensor, "n"], saturation: Float[Tensor, "n"], value: Float[Tensor, "n"]
) -> Float[Tensor, "n 3"]:
    """Factor hue in [0, 1] (red .. purple), saturation and value in [0, 1] -> RGB."""
    sixths = hue * HUE_SPAN * 6
    red = ((sixths - 3).abs() - 1).clamp(0, 1)
    green = (2 - (sixths - 2).abs()).clamp(0, 1)
    blue = (2 - (sixths - 4).abs()).clamp(0, 1)
    pure = torch.stack((red, green, blue), dim=1)
    return value.unsqueeze(1) * (1 - saturation.unsqueeze(1) * (1 - pure))
