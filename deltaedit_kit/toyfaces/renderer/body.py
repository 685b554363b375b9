"""What lies behind and below the face: background, neck, shoulders and clothes."""

import torch
from torch import Tensor

from deltaedit_kit.toyfaces.renderer.anatomy import Anatomy
from deltaedit_kit.toyfaces.renderer.canvas import Canvas, bump, ellipse, smoothstep

SHOULDER_TOP = 0.66


def shade(colour: Tensor, light: Tensor) -> Tensor:
    """Colour [n, 3] under light [n, h, w] around 1 -> [n, 3, h, w] in [0, 1].

    Shadows turn slightly warmer and highlights paler, as on matt surfaces.
    """
    tint = torch.tensor((0.04, 0.0, -0.03), dtype=colour.dtype, device=colour.device)
    dark = (1 - light).clamp(min=0).unsqueeze(1) * tint.view(1, 3, 1, 1)
    lit = colour[:, :, None, None] * (light.unsqueeze(1) + dark)
    return (lit + 0.35 * (light - 1).clamp(min=0).unsqueeze(1)).clamp(0, 1)


def paint_background(canvas: Canvas, head: Anatomy) -> None:
    """A wall that is lit from the upper left and falls off towards the corners."""
    w = canvas.window()
    glow = 1.10 - 0.17 * ((w.x + 0.25).square() + (w.y + 0.35).square())
    canvas.picture = shade(head.background, glow.expand(len(head.background), -1, -1))


def paint_neck(canvas: Canvas, head: Anatomy) -> None:
    """A neck that widens into the shoulders, in the shadow of the chin."""
    w = canvas.window(-0.5, 0.5, 0.2, 1.0)
    half = 0.20 + 0.08 * (head.half_width - 0.40) / 0.13
    flare = smoothstep(0.55, 0.95, w.y) * 0.16
    across = (w.x - 0.6 * head.center_x) / (half + flare)
    chin = head.center_y + head.chin
    shadow = 0.30 * (1 - smoothstep(0.0, 0.26, w.y - chin + 0.06 * across.square()))
    light = 0.93 - 0.16 * across - 0.14 * across.square() - shadow
    canvas.paint(w, w.cover((across.abs() - 1) * (half + flare)), shade(head.skin, light))


def paint_clothes(canvas: Canvas, head: Anatomy) -> None:
    """A jumper with sloping shoulders, a round collar and two folds."""
    w = canvas.window(top=0.55)
    slope = SHOULDER_TOP + 0.30 * w.x.square() + 0.30 * (w.x.abs() - 0.55).clamp(min=0).square()
    cloth = slope - w.y
    collar = ellipse(w.x - 0.5 * head.center_x, w.y - 0.62, 0.31, 0.185)
    light = 1.02 - 0.20 * w.x - 0.35 * (w.x.abs() - 0.35).clamp(min=0) - 0.18 * (w.y - 0.75)
    fold = bump(((w.x.abs() - 0.50 - 0.25 * (w.y - 0.7)) / 0.035).square())
    light = light - 0.13 * fold * smoothstep(0.74, 0.95, w.y)
    shirt = torch.maximum(cloth, -collar)
    canvas.paint(w, w.cover(shirt), shade(head.clothes, light.expand(len(head.clothes), -1, -1)))
    trim = torch.maximum((collar - 0.028).abs() - 0.026, cloth)
    canvas.paint(w, 0.9 * w.cover(trim), shade(head.clothes, 0.74 - 0.12 * w.x + 0 * collar))
