"""Hair: the mass behind the head, locks beside the face, the cap with its fringe, the beard."""

import torch
from torch import Tensor

from deltaedit_kit.toyfaces.renderer.anatomy import Anatomy
from deltaedit_kit.toyfaces.renderer.body import shade
from deltaedit_kit.toyfaces.renderer.canvas import Canvas, Window, bump, ellipse, smoothstep
from deltaedit_kit.toyfaces.renderer.face import Face


def strands(across: Tensor, frequency: float) -> Tensor:
    """Streaks of light along the hair, about -1 .. 1, from two incommensurable waves."""
    return 0.65 * torch.sin(frequency * across) + 0.35 * torch.sin(2.37 * frequency * across + 1.3)


def dome(head: Anatomy, w: Window, grown: float = 0.0) -> Tensor:
    """Signed distance to the outline of the hair round the skull, `grown` outwards."""
    x, y = w.x - 0.5 * head.center_x, w.y - head.center_y + 0.05
    return ellipse(x, y, head.half_width + head.hair_extra + grown, 0.60 + head.hair_extra + grown)


def hairline(head: Anatomy, w: Window) -> Tensor:
    """Height y [n, h, w] where the forehead begins: an arch, or a ragged fringe at the brows."""
    middle = w.x - head.feature_x
    inner = (middle / (head.half_width * 0.97)).square()
    parted = 0.022 * torch.sin(5.0 * (middle + 0.16))
    arch = -0.585 + parted + 0.10 * inner + 0.22 * inner.square()
    jag = 0.022 * torch.sin(31 * middle + 1.0) + 0.010 * torch.sin(67 * middle)
    fringe = torch.maximum(-0.235 + jag + 0.10 * inner, arch)
    return torch.lerp(arch, fringe, smoothstep(0.10, 0.92, head.bangs)) + 0 * w.y


def paint_back_hair(canvas: Canvas, head: Anatomy) -> None:
    """The mass of hair behind face and neck, down to the hair's length, in shadow."""
    w = canvas.window()
    x, y = w.x - 0.4 * head.center_x, w.y
    wave = 0.016 * torch.sin(9 * y + 2 * x.sign())
    fall = head.half_width + 0.85 * head.hair_extra - 0.06 * smoothstep(0.3, 0.9, y) + wave
    drape = torch.maximum(x.abs() - fall, y - head.hair_bottom - 0.03 * torch.sin(16 * x))
    drape = torch.maximum(drape, -0.05 - y)
    # Short hair ends where the dome does, above the ears.
    skull = torch.maximum(dome(head, w), y - head.hair_bottom.clamp(min=-0.02) - 0.05)
    light = 0.72 - 0.16 * x - 0.12 * smoothstep(0.0, 0.8, y)
    light = light + 0.05 * strands(x + 0.12 * y * x.sign(), 40)
    canvas.paint(w, w.cover(torch.minimum(skull, drape)), shade(head.hair, light))


def paint_locks(canvas: Canvas, head: Anatomy) -> None:
    """Locks that fall beside the face and over the shoulders once the hair is long enough."""
    present = smoothstep(0.08, 0.28, head.hair_length)
    for side in (-1.0, 1.0):
        w = canvas.window(min(0.2 * side, side), max(0.2 * side, side), -0.5, 1.0)
        x = side * (w.x - 0.7 * head.center_x) - 0.02 * side * head.turn
        wave = 0.018 * torch.sin(7 * w.y + side)
        narrowing = 0.10 * smoothstep(0.1, 0.6, w.y)
        inner = head.half_width * (0.965 - narrowing) + wave - 0.08 * smoothstep(0.30, 0.70, w.y)
        outer = head.half_width + 0.92 * head.hair_extra + 0.012 + wave
        outer = outer - 0.08 * smoothstep(0.5, 1.0, w.y)
        taper = 0.55 * (w.y - head.hair_bottom + 0.22).clamp(min=0).square()
        lock = torch.maximum(inner + taper - x, x - outer + taper)
        lock = torch.maximum(lock, w.y - head.hair_bottom - 0.025 * torch.sin(24 * x))
        # Above the ears a lock stays within the outline of the skull's hair.
        above = dome(head, w, grown=0.012)
        lock = torch.where(w.y < head.center_y - 0.05, torch.maximum(lock, above), lock)
        lock = torch.maximum(lock, -0.42 - w.y)
        middle = (x - inner) / (outer - inner + 1e-3)
        light = 0.74 + 0.16 * (1 - (2 * middle - 0.8).square()).clamp(min=-1) - 0.12 * side * x
        light = light + 0.05 * strands(x - wave, 48)
        joined = smoothstep(-0.30, 0.05, w.y)  # grows out of the hair above without a seam
        canvas.paint(w, w.cover(lock) * present * joined, shade(head.hair, light))


def paint_hair_shadow(canvas: Canvas, head: Anatomy, face: Face) -> None:
    """The soft shadow that fringe and hairline throw on the forehead."""
    w = face.window
    depth = (w.y - hairline(head, w)).clamp(min=0) / 0.055
    canvas.paint(w, 0.34 * bump(depth.square()) * face.coverage, head.skin * 0.40)


def paint_cap(canvas: Canvas, head: Anatomy) -> None:
    """Hair on top of the skull down to the hairline, which the fringe brings to the brows."""
    w = canvas.window(bottom=0.10)
    y, line = w.y, hairline(head, w)
    hair = torch.maximum(dome(head, w, grown=0.012), y - line)
    # Beside the temples the hair stops above the ear.
    hair = torch.maximum(hair, y + 0.13 - 0.12 * smoothstep(0.0, 0.3, head.hair_length))
    # Strands radiate from the crown, and the light lies across them in a band.
    middle = w.x - head.feature_x
    sweep = (w.x - 0.5 * head.feature_x + 0.10) / (y + 1.55)
    top = y + 0.56 + 0.55 * middle.square() + 0.50 * head.hair_extra
    band = bump((top / 0.11).square())
    light = 0.84 + 0.26 * band - 0.16 * w.x + (0.055 + 0.05 * band) * strands(sweep, 42)
    light = light - 0.14 * smoothstep(-0.12, 0.0, y - line)
    canvas.paint(w, w.cover(hair), shade(head.hair, light))


def paint_beard(canvas: Canvas, head: Anatomy, face: Face) -> None:
    """From stubble to a full beard with moustache; a full one grows below the chin."""
    w = face.window
    x, y = w.x - 0.8 * head.feature_x, w.y
    density = smoothstep(0.10, 0.50, head.beard)
    full = smoothstep(0.35, 1.0, head.beard)
    # Upper edge: low on the cheeks, high at the ears.
    side = (x.abs() / head.half_width).clamp(max=1.2)
    edge = 0.250 - 0.30 * smoothstep(0.30, 1.0, side)
    grown = face.distance - 0.060 * full * smoothstep(0.15, 0.45, y)
    # The cheek's edge thins out over several pixels, the outline against the neck does not.
    outline, cheek = w.cover(grown, 1.5), w.cover(edge - y, 5.0)
    lips_height = 0.052 + 1.1 * head.mouth_open + head.lip
    lips = ellipse(x, y - head.mouth_y - 0.01, head.mouth_width * 0.95, lips_height)
    light = 0.84 + 0.45 * (face.light - 0.8) - 0.16 * smoothstep(0.35, 0.60, y)
    light = light + 0.05 * strands(x / (y + 1.1), 60)
    alpha = density * (0.50 + 0.46 * full)
    colour = shade(head.hair * 0.86, light)
    canvas.paint(w, alpha * outline * cheek * (1 - w.cover(lips, 2.5)), colour)
    # The moustache hangs over the upper lip.
    bend = y - 0.222 - 0.45 * x.square() + 0.030 * head.smile * (x / 0.2).square()
    thick = (0.016 + 0.016 * full) * (1 - (x / 0.20).square()).clamp(min=0)
    moustache = torch.maximum(bend.abs() - thick, x.abs() - 0.20)
    canvas.paint(w, alpha * w.cover(moustache, 2.0), colour)
