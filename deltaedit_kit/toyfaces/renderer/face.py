"""The skin of the head: ears, the face as a lit superellipsoid, blush and the marks of age.

    |x / a|^p + |y / b|^p = 1,   p = 2.15 above the cheeks and the jaw's own power below

A pointed jaw has p < 2, a square one p > 3. The surface is shaded as if it bulged towards us:
normal = (x/a, y/b, sqrt(1 - r^2)), Lambert light from the upper left plus ambient light.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from deltaedit_kit.toyfaces.renderer.anatomy import Anatomy
from deltaedit_kit.toyfaces.renderer.body import shade
from deltaedit_kit.toyfaces.renderer.canvas import Canvas, Window, bump, ellipse, smoothstep

FOREHEAD_POWER = 2.15


@dataclass(frozen=True)
class Face:
    """The face as later painters need it: its window, coverage [n, h, w] and light [n, h, w]."""

    window: Window
    coverage: Tensor
    distance: Tensor
    light: Tensor
    across: Tensor  # x in half widths from the middle line, -1 .. 1


def measure_face(canvas: Canvas, head: Anatomy) -> Face:
    """Outline and light of the face; nothing is painted yet."""
    w = canvas.window(-0.68, 0.68, -0.72, 0.62)
    below = (w.y > head.center_y).to(w.y.dtype)
    v = (w.y - head.center_y) / (below * head.chin + (1 - below) * head.crown)
    # The chin points where the head looks.
    middle = head.center_x + 0.05 * head.turn * v.clamp(min=-0.3)
    u = (w.x - middle) / head.half_width
    power = below * head.jaw_power + (1 - below) * FOREHEAD_POWER
    # exp(p log |u|): one logarithm serves both the shape and its gradient.
    log_u, log_v = (u.abs() + 1e-4).log(), (v.abs() + 1e-4).log()
    log_sum = torch.logaddexp(power * log_u, power * log_v)
    radius = (log_sum / power).exp()
    slope_u = ((power - 1) * (log_u - log_sum / power)).exp() / head.half_width
    slope_v = ((power - 1) * (log_v - log_sum / power)).exp() / 0.6
    distance = (radius - 1) / (slope_u.square() + slope_v.square() + 1e-6).sqrt()
    depth = (1 - radius.square()).clamp(min=0.02).sqrt()
    light = 0.70 + 0.34 * depth - 0.17 * (u - 0.5 * head.turn) * radius - 0.10 * v * radius
    return Face(w, w.cover(distance), distance, light, u)


def paint_ears(canvas: Canvas, head: Anatomy) -> None:
    """Two ears at eye height; the one that the head turns towards hides behind the cheek."""
    for side in (-1.0, 1.0):
        w = canvas.window(min(0.3 * side, 0.75 * side), max(0.3 * side, 0.75 * side), -0.3, 0.2)
        visible = 1 - 0.55 * (side * head.turn).clamp(min=0)
        x = w.x - head.center_x - side * (head.half_width + 0.028 * visible - 0.012)
        y = w.y + 0.03
        outer = ellipse(x, y, 0.062 * visible, 0.125)
        light = 0.90 - 0.22 * side - 0.5 * y
        canvas.paint(
            w, w.cover(outer), shade(head.skin, light.expand(len(head.skin), -1, x.shape[2]))
        )
        inner = ellipse(x + 0.004 * side, y, 0.030 * visible, 0.080)
        canvas.paint(w, 0.38 * w.cover(inner, 2.0), shade(head.skin, 0.55 + 0 * x))


def paint_face(canvas: Canvas, head: Anatomy, face: Face) -> None:
    """Skin, cheeks with blush, sockets of the eyes."""
    w = face.window
    canvas.paint(w, face.coverage, shade(head.skin, face.light))
    rose = torch.lerp(
        head.skin, head.skin.new_tensor((0.86, 0.30, 0.27)).expand_as(head.skin), 0.55
    )
    young = 0.42 - 0.20 * head.age
    for side in (-1.0, 1.0):
        x = w.x - head.feature_x - side * (0.245 - 0.05 * side * head.turn)
        blush = bump((x / 0.115).square()) * bump(((w.y - 0.14) / 0.085).square())
        canvas.paint(w, young * blush * face.coverage, rose)


def band(w: Window, field: Tensor, top: float, bottom: float) -> tuple[Tensor, Tensor]:
    """The rows of a window between two heights: y [1, rows, 1], and a view of `field` [n, h, w]."""
    inside = ((w.y[0, :, 0] >= top) & (w.y[0, :, 0] <= bottom)).nonzero()[:, 0].tolist()
    rows = slice(inside[0], inside[-1] + 1)
    return w.y[:, rows], field[:, rows]


def paint_age(canvas: Canvas, head: Anatomy, face: Face) -> None:
    """Forehead lines, crow's feet, bags under the eyes and folds beside the mouth."""
    w = face.window
    old = smoothstep(0.35, 0.95, head.age)
    x = w.x - head.feature_x
    lines = torch.zeros_like(face.coverage)
    # Each kind of line is drawn in the band of rows that it can reach.
    y, forehead = band(w, lines, -0.53, -0.15)
    wave = 0.35 * x.square() - 0.012 * torch.sin(14 * x)
    for height, width in ((-0.44, 0.20), (-0.375, 0.24), (-0.31, 0.20)):
        length = 0.75 * bump((x / width).square().square())
        forehead += length * bump(((y - height - wave) / 0.013).square())
    for side in (-1.0, 1.0):
        mx = side * x
        # From the nostril round the corner of the mouth.
        y, cheek = band(w, lines, -0.03, 0.44)
        fold = mx - 0.105 - 0.62 * (y - 0.10) + 1.0 * (y - 0.10).square()
        length = 0.7 * bump(((y - 0.205) / 0.10).square().square())
        cheek += length * bump((fold / 0.017).square())
        y, eye = band(w, lines, -0.34, 0.16)
        ex, ey = mx - head.eye_gap, y - head.eye_y
        bag = ey - (head.eye_height + 0.045 - 3.0 * ex.square())
        eye += 0.9 * bump((ex / 0.085).square().square()) * bump((bag / 0.014).square())
        for spread in (-0.45, 0.1, 0.65):
            cx = ex - head.eye_width - 0.055
            crow = ey - spread * (cx + 0.045)
            eye += 0.8 * bump((cx / 0.035).square()) * bump((crow / 0.010).square())
    dark = head.skin * head.skin.new_tensor((0.52, 0.44, 0.42))
    canvas.paint(w, (0.80 * old * lines).clamp(0, 0.85) * face.coverage, dark)
    hollow = bump(((face.across.abs() - 0.72) / 0.16).square())
    hollow = hollow * bump(((w.y - 0.20) / 0.16).square())
    canvas.paint(w, 0.30 * old * hollow * face.coverage, dark)
