"""The sheet that portraits are painted on: pixel coordinates, soft edges, layers.

Shapes are signed distances d (negative inside) on a grid with x to the right and y downwards, both
in [-1, 1]. A pixel of width p is covered by clamp(1/2 - d/p, 0, 1): exact for a straight edge that
is parallel to the grid, and close to it elsewhere. A layer is blended as

    picture <- picture + coverage * (colour - picture).

Small parts (an eye, a mouth) are painted through a `Window`, so that nothing is computed for
pixels which they cannot reach.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

PerPicture = Float[Tensor, "n 1 1"]
Field = Float[Tensor, "n h w"]


@dataclass(frozen=True)
class Window:
    """A rectangle of the sheet with the coordinates of its pixel centres."""

    rows: slice
    columns: slice
    x: Float[Tensor, "1 1 w"]
    y: Float[Tensor, "1 h 1"]
    pixel: float  # width of a pixel in units of the sheet

    def cover(self, distance: Tensor, softness: float = 1.0) -> Tensor:
        """Share of each pixel inside the shape; `softness` widens the edge, in pixels of 128."""
        edge = max(self.pixel, softness / 64)
        return (0.5 - distance / edge).clamp(0, 1)


class Canvas:
    """`n` sheets of size x size pixels, RGB in [0, 1]."""

    def __init__(self, n: int, size: int, like: Tensor, differentiable: bool) -> None:
        self.size = size
        self.differentiable = differentiable
        steps = (torch.arange(size, dtype=like.dtype, device=like.device) + 0.5) * (2 / size) - 1
        self.x, self.y = steps.view(1, 1, size), steps.view(1, size, 1)
        self.picture = like.new_zeros(n, 3, size, size)

    def window(
        self, left: float = -1, right: float = 1, top: float = -1, bottom: float = 1
    ) -> Window:
        """The part of the sheet between these coordinates, rounded outwards to whole pixels."""

        def span(low: float, high: float) -> slice:
            first = int((low + 1) / 2 * self.size)
            last = -int(-(high + 1) / 2 * self.size // 1)
            return slice(max(first, 0), min(last, self.size))

        rows, columns = span(top, bottom), span(left, right)
        return Window(rows, columns, self.x[..., columns], self.y[:, rows], 2 / self.size)

    def paint(self, window: Window, coverage: Tensor, colour: Tensor) -> None:
        """Blend `colour` ([n, 3], or [n, 3, h, w] if shaded) by `coverage` [n, h, w]."""
        if colour.ndim == 2:
            colour = colour[:, :, None, None]
        region = self.picture[:, :, window.rows, window.columns]
        if not self.differentiable:
            region.lerp_(colour.expand_as(region), coverage.unsqueeze(1))
            return
        blended = torch.lerp(region, colour.expand_as(region), coverage.unsqueeze(1))
        # A fresh tensor for every layer: autograd still needs the one underneath.
        self.picture = self.picture.clone()
        self.picture[:, :, window.rows, window.columns] = blended


def smoothstep(low: float, high: float, t: Tensor) -> Tensor:
    """0 below `low`, 1 above `high`, a cubic ramp between them."""
    t = ((t - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def bump(t: Tensor) -> Tensor:
    """exp(-t) for t >= 0, never below exp(-40).

    That is nothing in a picture, but a product of two such numbers is not subnormal yet: a CPU
    works on subnormal numbers dozens of times slower.
    """
    return torch.exp(-t.clamp(max=40))


def ellipse(x: Tensor, y: Tensor, a: Tensor | float, b: Tensor | float) -> Tensor:
    """Signed distance to an ellipse with half axes a, b at the origin, first order at its edge."""
    u, v = x / a, y / b
    radius = (u * u + v * v + 1e-9).sqrt()
    gradient = ((u / a).square() + (v / b).square() + 1e-9).sqrt()
    return radius * (radius - 1) / gradient


def segment(
    x: Tensor, y: Tensor, x0: Tensor, y0: Tensor, x1: Tensor, y1: Tensor
) -> tuple[Tensor, Tensor]:
    """Distance to the segment (x0, y0)-(x1, y1), and where on it, 0..1, the nearest point is."""
    dx, dy = x1 - x0, y1 - y0
    t = (((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy + 1e-9)).clamp(0, 1)
    return ((x - x0 - t * dx).square() + (y - y0 - t * dy).square() + 1e-9).sqrt(), t


def rounded_box(
    x: Tensor,
    y: Tensor,
    half_width: Tensor | float,
    half_height: Tensor | float,
    radius: Tensor | float,
) -> Tensor:
    """Signed distance to a box with rounded corners at the origin."""
    qx, qy = x.abs() - half_width + radius, y.abs() - half_height + radius
    outside = (qx.clamp(min=0).square() + qy.clamp(min=0).square() + 1e-9).sqrt()
    return outside + torch.maximum(qx, qy).clamp(max=0) - radius
