"""A photo beside what a generator makes of it.

photo | encoded | refined          each with PSNR, identity and CLIP to the photo
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from deltaedit_kit.support.pictures import ACCENT, INK, PictureFigure, grid, to_uint8

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from deltaedit_kit.labs.photo.fidelity import Fidelity
    from deltaedit_kit.labs.photo.inverting import Inversion


MOST_FACTORS = 24  # in `loss_figure`


def inversion_figure(*inversions: Inversion) -> Figure:
    """One row a photo: the crop, the encoder's answer, and the refined one where there is one.

    With a single photo the labels carry its numbers; with several they stay in the prints.
    """
    refined = any(inversion.steps for inversion in inversions)
    first = inversions[0] if len(inversions) == 1 else None
    columns = [[i.photo for i in inversions], [i.encoded.images for i in inversions]]
    labels = ["photo", _label("encoded", first and first.encoded_fidelity)]
    if refined:
        columns.append([i.faces.images for i in inversions])
        labels.append(_label("refined", first and first.fidelity))
    notes = dict.fromkeys(i.note for i in inversions if i.note)
    return grid(
        [[to_uint8(picture[0]) for picture in column] for column in columns],
        labels,
        title="Photo and inversion" if first else "Photos and inversions",
        note="  ".join(notes),
    )


def _label(name: str, reached: Fidelity | None) -> str:
    return name if reached is None else f"{name}: {reached.psnr:.1f} dB, CLIP {reached.clip:.2f}"


def loss_figure(errors: Mapping[str, float]) -> Figure:
    """Bars, the most lost factor on top: mean error of each factor, in [0, 1]."""
    ranked = sorted(errors.items(), key=lambda item: item[1])[-MOST_FACTORS:]
    figure = PictureFigure(figsize=(6.4, 0.6 + 0.2 * len(ranked)), layout="constrained")
    axes = figure.add_subplot()
    axes.barh([name.replace("_", " ") for name, _ in ranked], [e for _, e in ranked], color=ACCENT)
    axes.set_xlabel("mean error of what the oracle reads, in [0, 1]")
    axes.set_title("What inversion loses", loc="left", color=INK, fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0, labelsize=8)
    return figure
