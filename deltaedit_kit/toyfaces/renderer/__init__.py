"""Toy portraits from factors: `render(factors) -> pictures`, batched and differentiable.

A portrait is painted from back to front, each layer by its signed distance field:

    background < hair < neck < clothes < ears < face < age < beard < mouth < nose
               < eyes < brows < locks < cap and fringe < glasses
"""

import torch
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.support.device import kit_defaults
from deltaedit_kit.support.errors import check_whole_number
from deltaedit_kit.toyfaces.factors import check_factors
from deltaedit_kit.toyfaces.renderer.anatomy import anatomy
from deltaedit_kit.toyfaces.renderer.body import paint_background, paint_clothes, paint_neck
from deltaedit_kit.toyfaces.renderer.canvas import Canvas
from deltaedit_kit.toyfaces.renderer.face import (
    measure_face,
    paint_age,
    paint_ears,
    paint_face,
)
from deltaedit_kit.toyfaces.renderer.features import (
    paint_brows,
    paint_eyes,
    paint_glasses,
    paint_mouth,
    paint_nose,
)
from deltaedit_kit.toyfaces.renderer.hair import (
    paint_back_hair,
    paint_beard,
    paint_cap,
    paint_hair_shadow,
    paint_locks,
)

# Pictures painted at once: few enough that the layers of a batch stay in a CPU's cache.
CHUNK = 16
SMALLEST = 16  # side of a portrait, in pixels


@kit_defaults()
def render(factors: Float[Tensor, "n K"], size: int = 128) -> Float[Tensor, "n 3 size size"]:
    """Draw portraits: factors in [0, 1] -> float pictures [n, 3, size, size] in [-1, 1].

    Runs where `factors` lives, and lets gradients through if `factors` asks for them. Raises
    DeltaEditError for factors of a wrong shape, type or range and for a size below 16.
    """
    size, factors = check_whole_number("size", size, SMALLEST), check_factors(factors)
    chunk = CHUNK if factors.device.type == "cpu" else max(len(factors), 1)
    parts = [_paint(part, size) for part in factors.split(chunk)]
    return torch.cat(parts) if parts else factors.new_zeros(0, 3, size, size)


def _paint(factors: Float[Tensor, "n K"], size: int) -> Float[Tensor, "n 3 size size"]:
    differentiable = torch.is_grad_enabled() and factors.requires_grad
    canvas = Canvas(len(factors), size, factors, differentiable)
    head = anatomy(factors)
    paint_background(canvas, head)
    paint_back_hair(canvas, head)
    paint_neck(canvas, head)
    paint_clothes(canvas, head)
    paint_ears(canvas, head)
    face = measure_face(canvas, head)
    paint_face(canvas, head, face)
    paint_age(canvas, head, face)
    paint_beard(canvas, head, face)
    paint_hair_shadow(canvas, head, face)
    paint_mouth(canvas, head)
    paint_nose(canvas, head)
    paint_eyes(canvas, head)
    paint_brows(canvas, head)
    paint_locks(canvas, head)
    paint_cap(canvas, head)
    paint_glasses(canvas, head)
    return canvas.picture * 2 - 1
