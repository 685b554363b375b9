"""Glasses: two rounded lenses with a tint and a glare, frame, bridge and temples."""

import torch

from deltaedit_kit.toyfaces.renderer.anatomy import Anatomy
from deltaedit_kit.toyfaces.renderer.canvas import Canvas, bump, rounded_box
from deltaedit_kit.toyfaces.renderer.features import constant, far_side


def paint_glasses(canvas: Canvas, head: Anatomy) -> None:
    """Paint the frame with the visibility `head.glasses`; bold frames are bigger and heavier."""
    w = canvas.window(-0.66, 0.66, -0.40, 0.20)
    bold = head.glasses_bold
    half_width, half_height = 0.148 + 0.024 * bold, 0.112 + 0.022 * bold
    rim = 0.013 + 0.015 * bold
    y = w.y - head.eye_y - 0.018
    frame_colour = constant(head, 0.07, 0.06, 0.09)
    centers = [
        head.feature_x + side * (0.182 + 0.010 * bold) * far_side(head, side, 0.12)
        for side in (-1.0, 1.0)
    ]
    for side, center in zip((-1.0, 1.0), centers, strict=True):
        x = (w.x - center) / far_side(head, side, 0.10)
        lens = rounded_box(x, y, half_width, half_height, 0.075)
        glass = w.cover(lens)
        canvas.paint(w, 0.13 * head.glasses * glass, constant(head, 0.75, 0.86, 0.95))
        streak = x + 0.75 * y + 0.055
        glare = bump((streak / 0.022).square()) + 0.6 * bump(((streak - 0.062) / 0.011).square())
        canvas.paint(
            w, (0.42 * head.glasses * glare * glass).clamp(0, 1), constant(head, 1.0, 1.0, 1.0)
        )
        frame = lens.abs() - rim
        # The temple runs from the outer edge of the lens to the ear.
        reach = side * (w.x - center)
        ear = side * (head.center_x - center) + head.half_width
        temple = torch.maximum(
            (y + 0.035).abs() - 0.75 * rim, torch.maximum(half_width - reach, reach - ear)
        )
        canvas.paint(w, head.glasses * w.cover(torch.minimum(frame, temple)), frame_colour)
        sheen = torch.maximum((lens + 0.2 * rim).abs() - 0.22 * rim, y + 0.4 * half_height)
        canvas.paint(w, 0.5 * head.glasses * w.cover(sheen), constant(head, 0.62, 0.62, 0.70))
    middle = 0.5 * (centers[0] + centers[1])
    gap = 0.5 * (centers[1] - centers[0]) - half_width
    arc = y + 0.030 + 0.9 * (w.x - middle).square()
    bridge = torch.maximum(arc.abs() - 0.8 * rim, (w.x - middle).abs() - gap)
    canvas.paint(w, head.glasses * w.cover(bridge), frame_colour)
