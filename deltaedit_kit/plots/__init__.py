"""Drawing: the only folder that knows matplotlib. Numbers and pictures go in, a figure comes out.

    grids    portraits in rows and columns: samples, edits before and after

One file for each kind of figure. Figures are made without pyplot, so nothing is shown twice and
nobody's open figures are touched.
"""

from deltaedit_kit.plots.grids import (
    PictureFigure,
    edit_figure,
    grid,
    png_bytes,
    sample_figure,
    to_uint8,
)

__all__ = ["PictureFigure", "edit_figure", "grid", "png_bytes", "sample_figure", "to_uint8"]
