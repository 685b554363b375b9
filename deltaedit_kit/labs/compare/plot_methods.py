"""Methods side by side on the same faces: a row a method, a block of columns a sentence.

The first row is the picture before, the same in every block, so that what a method changed besides
what was asked can be seen by looking up.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from deltaedit_kit.support.pictures import ACCENT, BEFORE, FAINT, INK, PictureFigure

PICTURE, BLOCK_GAP, GAP = 0.92, 0.16, 0.03  # inches
LEFT, TOP, BOTTOM = 1.5, 0.95, 0.3


def methods_figure(
    before: Sequence[np.ndarray],
    after: Mapping[str, Mapping[str, Sequence[np.ndarray] | str]],
    sentences: Sequence[str],
    title: str = "",
    note: str = "",
) -> Figure:
    """`after[method][sentence]` are pictures uint8 [H, W, 3] of the faces `before`, in their order.

    A text instead of pictures is the reason why a method failed there, and is shown as such; a
    method with fewer pictures than faces leaves the rest of its block empty.
    """
    faces, rows = len(before), [BEFORE, *after]
    block = faces * PICTURE + (faces - 1) * GAP
    wide = LEFT + len(sentences) * (block + BLOCK_GAP)
    high = TOP + len(rows) * (PICTURE + GAP) + BOTTOM
    figure = PictureFigure(figsize=(wide, high))
    if title:
        figure.text(
            0.1 / wide,
            1 - 0.12 / high,
            title,
            va="top",
            fontsize=12.5,
            fontweight="bold",
            color=ACCENT,
        )
    for column, sentence in enumerate(sentences):
        left = LEFT + column * (block + BLOCK_GAP)
        head = "\n".join(textwrap.wrap(sentence, max(10, int(block * 9)), max_lines=2))
        figure.text(
            (left + block / 2) / wide,
            1 - (TOP - 0.08) / high,
            head,
            ha="center",
            va="bottom",
            fontsize=9,
            color=INK,
            parse_math=False,
        )
        for row, name in enumerate(rows):
            shown = before if name == BEFORE else after[name].get(sentence, "not computed")
            down = high - TOP - row * (PICTURE + GAP) - PICTURE
            if isinstance(shown, str):
                _reason(figure, shown, (left + block / 2) / wide, (down + PICTURE / 2) / high)
                continue
            for place, picture in enumerate(shown[:faces]):
                x = left + place * (PICTURE + GAP)
                size = (PICTURE / wide, PICTURE / high)
                axis = figure.add_axes((x / wide, down / high, *size))
                axis.imshow(picture, interpolation="antialiased")
                axis.set_axis_off()
    for row, name in enumerate(rows):
        down = high - TOP - row * (PICTURE + GAP) - PICTURE / 2
        weight = "bold" if name == "deltaedit" else "normal"
        label = "\n".join(name.split("-", 1))
        style: dict[str, Any] = {"color": FAINT if name == BEFORE else INK, "fontweight": weight}
        figure.text(
            (LEFT - 0.1) / wide, down / high, label, ha="right", va="center", fontsize=9, **style
        )
    if note:
        figure.text(0.1 / wide, 0.08 / high, note, va="bottom", fontsize=7.5, color=FAINT)
    return figure


def _reason(figure: Figure, text: str, x: float, y: float) -> None:
    """Why there is no picture."""
    lines = "\n".join(textwrap.wrap(text, 28, max_lines=4, placeholder=" …"))
    figure.text(x, y, lines, ha="center", va="center", fontsize=7, color=FAINT, parse_math=False)
