"""Figures of the studio: heat in colours, the strip after every sentence, curves of a setting.

    colour(h) = inferno(min(1, h / FULL_HEAT))        h: mean absolute difference in [0, 1]

`FULL_HEAT` is the difference that is drawn brightest, the same for every picture, so that two heat
maps can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps

from deltaedit_kit.labs.studio.changes import heat_map
from deltaedit_kit.labs.studio.engine import SHARES, Engine, short
from deltaedit_kit.labs.studio.state import STRIP, StudioState
from deltaedit_kit.support.pictures import ACCENT, FAINT, INK, PictureFigure, grid, to_uint8

if TYPE_CHECKING:
    from jaxtyping import Float
    from matplotlib.figure import Figure
    from torch import Tensor

FULL_HEAT = 0.35  # of the largest possible difference: black hair turned blond
WARM = "#b4531f"  # the second curve, told apart by its marks as well


def heat_colours(heat: Float[Tensor, "*n H W"]) -> np.ndarray:
    """Heat as uint8 [*n, H, W, 3], black where nothing changed."""
    levels = (heat.detach().cpu() / FULL_HEAT).clamp(0, 1).numpy()
    return (colormaps["inferno"](levels)[..., :3] * 255).round().astype(np.uint8)


def studio_figure(engine: Engine, state: StudioState) -> Figure:
    """The strip (or the photo) before, after each sentence alone, and after all of them."""
    strip = [replace(state, row=row) for row in range(STRIP)]
    faces = strip if state.photo is None else [state]
    alone = [replace(state, sentences=(one,)) for one in state.sentences if one.counts]
    steps = [replace(state, sentences=()), *alone, *([state] if len(alone) > 1 else [])]
    lines = [
        [to_uint8(engine.look(replace(face, sentences=step.sentences)).after) for face in faces]
        for step in steps
    ]
    labels = [
        "before",
        *(f"{one.sentences[0].strength:+.2f} {one.sentences[0].text}" for one in alone),
    ]
    labels += ["all together"] if len(alone) > 1 else []
    spec = engine.domain.spec
    note = f"{spec.name}: {spec.title}.  neutral “{short(state.neutral)}”,  "
    note += f"threshold {state.threshold:g}"
    return grid(lines, labels, "Edited in the studio", note, columns=len(lines) >= len(faces))


def look_figure(engine: Engine, state: StudioState) -> Figure:
    """One state as the panel shows it: before, after, heat, and the strip of strengths."""
    look = engine.look(state)
    strip = [to_uint8(picture) for _, picture in engine.frames(state, look)]
    heat = heat_colours(heat_map(look.before, look.after))
    shown = [to_uint8(look.before), to_uint8(look.after), heat, *strip]
    labels = ["before", "after", "difference", *(f"{share:+g} × step" for share in SHARES)]
    return grid([[picture] for picture in shown], labels, short(look.message, 110))


def tradeoff_figure(
    settings: Sequence[float], success: Sequence[float], side: Sequence[float], name: str
) -> Figure:
    """Success (share of faces, left axis) and side effects (right axis) against a setting."""
    figure = PictureFigure(figsize=(6.2, 3.3), layout="constrained")
    left = figure.subplots()
    right = left.twinx()
    left.plot(settings, success, "o-", color=ACCENT)
    right.plot(settings, side, "s--", color=WARM)
    left.set_ylim(0, 1.05)
    right.set_ylim(0, 1.15 * max([*side, 1e-6]))
    left.set_xlabel(name, color=INK)
    left.set_ylabel("success: share of faces ●", color=ACCENT)
    right.set_ylabel("side effect: mean change ■", color=WARM)
    for axis in (left, right):
        axis.spines["top"].set_visible(False)
        axis.tick_params(colors=FAINT)
    left.grid(alpha=0.25)
    return figure
