"""Eyes, brows, nose, mouth and glasses: small parts, each painted through its own window."""

import torch
from torch import Tensor

from deltaedit_kit.toyfaces.renderer.anatomy import Anatomy
from deltaedit_kit.toyfaces.renderer.body import shade
from deltaedit_kit.toyfaces.renderer.canvas import (
    Canvas,
    bump,
    ellipse,
    rounded_box,
    segment,
    smoothstep,
)

SIDES = (-1.0, 1.0)


def far_side(head: Anatomy, side: float, strength: float) -> Tensor:
    """How much narrower the turned head shows the part on `side` (-1 left, 1 right): [n, 1, 1]."""
    return 1 - strength * (side * head.turn).clamp(min=0)


def constant(head: Anatomy, red: float, green: float, blue: float) -> Tensor:
    """The same colour for the whole batch: [n, 3]."""
    return head.skin.new_tensor((red, green, blue)).expand_as(head.skin)


def paint_eyes(canvas: Canvas, head: Anatomy) -> None:
    """Almond-shaped eyes: shadowed whites, iris with a dark rim, pupil, two glints, lashes."""
    for side in SIDES:
        w = canvas.window(min(0, 0.52 * side), max(0, 0.52 * side), -0.28, 0.08)
        squeeze = far_side(head, side, 0.18)
        center = head.feature_x + side * head.eye_gap * squeeze
        x, y = w.x - center, w.y - head.eye_y
        half = head.eye_width * squeeze
        u = (x / half).clamp(-1.25, 1.25)
        bulge = (1 - u.square()).clamp(min=0)
        tilt = 0.010 * side * u  # outer corners sit a little higher
        upper, lower = -head.eye_height * bulge.sqrt() - tilt, 0.72 * head.eye_height * bulge - tilt
        opening = torch.maximum(upper - y, y - lower)
        opening = torch.maximum(opening, (x.abs() - half) * 0.7)
        inside = w.cover(opening)
        socket = ellipse(x, y + 0.01, half * 1.32, head.eye_height * 1.5 + 0.02)
        canvas.paint(w, 0.20 * w.cover(socket, 5.0), head.skin * 0.55)
        canvas.paint(
            w,
            inside,
            shade(
                constant(head, 0.97, 0.97, 0.96),
                0.80 + 0.25 * smoothstep(-0.06, 0.02, y - upper * 0.4).expand_as(inside),
            ),
        )
        gaze = 0.012 * head.turn
        radius = 0.030 + 0.62 * head.eye_height
        disc = ((x - gaze).square() + y.square() + 1e-9).sqrt()
        canvas.paint(w, inside * w.cover(disc - radius), head.iris * 0.45)
        glow = 0.86 + 0.55 * smoothstep(-0.02, 0.06, y)
        canvas.paint(
            w, inside * w.cover(disc - radius * 0.84), shade(head.iris, glow.expand_as(inside))
        )
        canvas.paint(w, inside * w.cover(disc - radius * 0.46), constant(head, 0.03, 0.03, 0.04))
        glint = ((x - gaze + 0.36 * radius).square() + (y + 0.38 * radius).square() + 1e-9).sqrt()
        canvas.paint(w, inside * w.cover(glint - radius * 0.27), constant(head, 1.0, 1.0, 1.0))
        lash = (y - upper).abs() - (0.009 + 0.10 * head.eye_height)
        lash = torch.maximum(lash, x.abs() - half * 1.08)
        canvas.paint(w, 0.92 * w.cover(lash), constant(head, 0.09, 0.06, 0.06))
        lid = torch.maximum((y - lower).abs() - 0.006, x.abs() - half * 0.9)
        canvas.paint(w, 0.35 * w.cover(lid, 1.5), head.skin * 0.42)


def paint_brows(canvas: Canvas, head: Anatomy) -> None:
    """Two tapering strokes over the eyes, tilted towards or away from the nose."""
    colour = torch.lerp(head.hair * 0.62, constant(head, 0.16, 0.11, 0.09), 0.25)
    for side in SIDES:
        w = canvas.window(min(0, 0.56 * side), max(0, 0.56 * side), -0.44, -0.08)
        squeeze = far_side(head, side, 0.18)
        height = head.eye_y - 0.088 - 0.86 * head.eye_height
        # Distance from the middle line: inner end of a brow first.
        inner_x = head.feature_x + side * (head.eye_gap - 0.095) * squeeze
        outer_x = head.feature_x + side * (head.eye_gap + 0.125) * squeeze
        inner_y, outer_y = height + 0.055 * head.brow_tilt, height - 0.045 * head.brow_tilt + 0.012
        away, t = segment(w.x, w.y, inner_x, inner_y, outer_x, outer_y)
        arch = w.y + 0.030 * 4 * t * (1 - t)  # lift the middle
        away, t = segment(w.x, arch, inner_x, inner_y, outer_x, outer_y)
        taper = head.brow_half * (1.1 - 0.62 * t * t)
        canvas.paint(w, 0.94 * w.cover(away - taper), colour)


def paint_nose(canvas: Canvas, head: Anatomy) -> None:
    """A bridge by its shadow, a round tip with a highlight, two nostrils."""
    w = canvas.window(-0.42, 0.42, -0.16, 0.26)
    size = 0.044 + 0.082 * head.nose_size
    tip_y = head.nose_y + 0.035 * head.nose_size
    x, y = w.x - head.nose_x, w.y - tip_y
    along = ((w.y - head.eye_y) / (tip_y - head.eye_y)).clamp(0, 1)
    ridge = w.x - torch.lerp(head.feature_x, head.nose_x, along)
    flank = ridge - (0.030 + 0.55 * size * along)
    side_shadow = bump((flank / 0.026).square()) * along.square() * (y < 0.0).to(y.dtype)
    canvas.paint(w, 0.34 * side_shadow, head.skin * 0.50)
    ball = ellipse(x, y, size * 1.05, size * 0.78)
    wings = torch.minimum(ellipse(x.abs() - size * 0.92, y - 0.012, size * 0.50, size * 0.46), ball)
    under = w.cover(wings - 0.012, 3.5) * smoothstep(-0.01, 0.08, y)
    canvas.paint(w, 0.50 * under, head.skin * 0.45)
    light = 1.02 - 1.5 * y - 0.9 * x
    canvas.paint(w, 0.75 * w.cover(wings, 1.6), shade(head.skin, light))
    nostril = ellipse(x.abs() - size * 0.52, y - size * 0.52, size * 0.30, size * 0.17)
    canvas.paint(w, 0.80 * w.cover(nostril, 1.2), head.skin * 0.24)
    shine = bump(((x + 0.35 * size) / (0.30 * size)).square())
    shine = shine * bump(((y + 0.28 * size) / (0.24 * size)).square())
    canvas.paint(w, 0.45 * shine, constant(head, 1.0, 0.97, 0.94))
    bridge = bump(((ridge + 0.012) / 0.016).square()) * along * (1 - along) * 4
    canvas.paint(w, 0.16 * bridge, constant(head, 1.0, 0.95, 0.90))


def paint_mouth(canvas: Canvas, head: Anatomy) -> None:
    """Lips around a curved middle line; an open mouth shows teeth and tongue."""
    w = canvas.window(-0.42, 0.42, 0.10, 0.54)
    middle = 0.80 * head.feature_x + 0.25 * head.nose_x
    u = (w.x - middle) / head.mouth_width
    profile = (1 - u.square()).clamp(min=0)
    # Corners rise with a smile and fall with a frown; the middle moves a little the other way.
    line = head.mouth_y - head.smile * 0.088 * (u.square().clamp(max=1.4) - 0.42)
    rounded = profile.sqrt()
    gap_up, gap_down = 0.55 * head.mouth_open * rounded, 1.45 * head.mouth_open * rounded
    bow = 1 - 0.30 * bump((u / 0.16).square())
    top = line - gap_up - (0.85 * head.lip * bow + 0.003) * profile.sqrt()
    bottom = line + gap_down + (1.35 * head.lip + 0.003) * profile.sqrt()
    beyond = (u.abs() - 1) * head.mouth_width
    lips = torch.maximum(torch.maximum(top - w.y, w.y - bottom), beyond)
    red = torch.lerp(
        head.skin * head.skin.new_tensor((0.86, 0.52, 0.50)), constant(head, 0.74, 0.20, 0.22), 0.42
    )
    below = bump((u / 0.55).square()) * bump(((w.y - bottom - 0.035) / 0.022).square())
    canvas.paint(w, 0.26 * below, head.skin * 0.45)
    glow = 0.86 + 0.30 * smoothstep(-0.01, 0.03, w.y - line - gap_down) - 0.10 * u
    canvas.paint(w, w.cover(lips), shade(red, glow.expand_as(lips)))
    hole = torch.maximum(torch.maximum(line - gap_up - w.y, w.y - line - gap_down), beyond)
    open_share = smoothstep(0.002, 0.016, head.mouth_open)
    inside = w.cover(hole) * open_share
    canvas.paint(w, inside, constant(head, 0.22, 0.05, 0.07))
    tongue = ellipse(
        w.x - middle,
        w.y - line - gap_down - 0.01,
        head.mouth_width * 0.55,
        0.75 * head.mouth_open + 0.002,
    )
    canvas.paint(w, inside * 0.9 * w.cover(tongue), constant(head, 0.80, 0.33, 0.36))
    teeth = torch.maximum(w.y - line + gap_up - 0.62 * head.mouth_open, u.abs() * 0.1 - 0.085)
    canvas.paint(w, inside * w.cover(teeth), constant(head, 0.97, 0.96, 0.93))
    seam = torch.maximum((w.y - line).abs() - 0.0085, (u.abs() - 1.06) * head.mouth_width)
    canvas.paint(w, 0.80 * w.cover(seam) * (1 - open_share), red * 0.38)
    for side in SIDES:
        corner = (
            (w.x - middle - side * head.mouth_width).square()
            + (w.y - head.mouth_y + head.smile * 0.051).square()
            + 1e-9
        ).sqrt()
        canvas.paint(w, 0.45 * w.cover(corner - 0.012, 2.0), head.skin * 0.35)


def paint_glasses(canvas: Canvas, head: Anatomy) -> None:
    """Two rounded lenses with a tint and a glare, frame, bridge and temples.

    Visible as far as `head.glasses` says; bold frames are bigger and heavier.
    """
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
