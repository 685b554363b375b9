"""Effects drawn: a row a cause, a column a factor, the colour is the change that an oracle read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from deltaedit_kit.support.pictures import ACCENT, FAINT, PictureFigure

LEGEND = "change of a factor, whose range is [0, 1]"


def effects_figure(
    changes: Float[Tensor, "r K"], rows: Sequence[str], factors: Sequence[str], title: str
) -> Figure:
    """A heat map of `changes` with the numbers in it: blue fell, red rose, white stayed."""
    table = changes.detach().cpu().numpy()
    figure = PictureFigure(figsize=(11.5, 1.9 + 0.36 * len(rows)), layout="constrained")
    axis = figure.subplots()
    reach = max(0.1, float(np.abs(table).max()))
    axis.imshow(table, cmap="RdBu_r", vmin=-reach, vmax=reach, aspect="auto")
    axis.set_xticks(range(len(factors)), list(factors), rotation=45, ha="right", fontsize=8)
    axis.set_yticks(range(len(rows)), list(rows), fontsize=8)
    for (row, column), value in np.ndenumerate(table):
        shade = "white" if abs(value) > 0.6 * reach else "black"
        text = f"{value:.2f}".replace("-0.00", "0.00").replace("0.", ".")
        axis.text(column, row, text, ha="center", va="center", fontsize=6.5, color=shade)
    signs = ": red rose, blue fell" if (table < 0).any() else ""
    axis.set_xlabel(LEGEND + signs, fontsize=8, color=FAINT)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold", color=ACCENT)
    return figure
