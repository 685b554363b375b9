"""Pictures as people see them: 8-bit pixels, PNG bytes, grids of portraits, figures in files.

Idea: a picture x in [-1, 1] is shown as round(127.5 (x + 1)) in 8 bits, one figure pixel or more
for each of its own, in a grid whose labels can be read without the text around it. A picture should
still say a year later how it was made: the recipe of an edit is stored in a text chunk of the PNG
(PNG specification, 11.3.4), which viewers ignore and copies keep.
"""

from __future__ import annotations

import io
import json
import struct
import textwrap
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from deltaedit_kit.support.alt_text import alt_text
from deltaedit_kit.support.atomic import check_path, check_regular_file, replacing
from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    import torch

    from deltaedit_kit.domain.faces import Faces

BROKEN = (OSError, SyntaxError, ValueError, RecursionError, struct.error, zlib.error)  # PNGs
RECIPE_KEY = "deltaedit-recipe"  # name of the text chunk
FORMATS = ("png", "jpg", "jpeg", "webp", "tif", "tiff", "pdf", "svg")
DPI = 160  # a picture of 1.45 inches is then 232 pixels wide: 128 stand at 1.8 times their size


def save_figure(figure: Figure, path: str | Path, recipe: dict[str, Any] | None = None) -> Path:
    """Write a figure; a PNG also carries its recipe as text (`read_recipe` finds it).

    Makes the folder when it is missing; a file that is there is replaced whole or not at all.
    Raises `DeltaEditError` as `figure_kind` does, and for a place that cannot be written to.
    """
    target, kind = check_path(path), figure_kind(path)
    metadata = {RECIPE_KEY: json.dumps(recipe)} if recipe is not None and kind == "png" else None
    # zlib's level 3 takes half the time of 6, for a sixth more bytes.
    options = {"pil_kwargs": {"compress_level": 3}} if kind == "png" else {}
    try:
        with replacing(target) as beside:
            save_quietly(figure, beside, format=kind, dpi=DPI, metadata=metadata, **options)
    except (OSError, ValueError) as cause:
        reason = cause.strerror if isinstance(cause, OSError) else str(cause)
        raise DeltaEditError(
            f"cannot write {target}: {reason}; choose another file or folder"
        ) from cause
    return target


def figure_kind(path: str | Path) -> str:
    """The file type that a name asks for, such as "png".

    Raises `DeltaEditError` for one that figures cannot have, which can be told before any work.
    """
    kind = Path(path).suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise DeltaEditError(
            f"cannot write {str(path)!r}; end the file name in one of .{' .'.join(FORMATS)}"
        )
    return kind


def read_recipe(path: str | Path | IO[bytes]) -> dict[str, Any]:
    """The recipe that `save_figure` put into a PNG (a path or an open file), for `Editor.replay`.

    Raises `DeltaEditError` when the file is not there, no PNG, or carries no recipe.
    """
    from PIL import Image

    try:
        source = path if hasattr(path, "read") else check_regular_file(path)  # type: ignore[arg-type]
        with Image.open(source, formats=["PNG"]) as picture:
            text = picture.info.get(RECIPE_KEY)
        recipe = json.loads(text) if text else None
    except DeltaEditError:
        raise
    except (*BROKEN, Image.DecompressionBombError) as cause:
        raise DeltaEditError(
            f"cannot read a recipe from {path}; give a PNG that `deltaedit edit` saved"
        ) from cause
    if recipe is None:
        raise DeltaEditError(f"{path} carries no recipe; give a PNG that `deltaedit edit` saved")
    return recipe


def save_quietly(figure: Figure, target: Path | io.BytesIO, **options: Any) -> None:
    """Save; emoji that the font lacks become boxes without a warning on the terminal."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        figure.savefig(target, **options)


INK, FAINT, ACCENT = "#1d2430", "#66707f", "#0b6e8a"
BEFORE = "before"  # the label of what was not edited: it alone is pale
PICTURE, GAP = 1.45, 0.07  # inches
LINE = 0.165  # inches that a line of a caption takes
ABOVE = 1.06  # of a picture's height: the baseline of captions, so that those with a g line up too
CAPTION_WIDTH = 19  # characters that fit above one picture
SCREEN_DPI = 100  # in a notebook, where pictures make the file heavy


class PictureFigure(Figure):
    """A matplotlib figure that a notebook shows even when pyplot was never imported.

    As JPEG: a notebook with six grids of portraits stays below a megabyte. Its alternative text
    goes into the output's metadata, where nbconvert, Voilà and the site look for it.
    """

    def __init__(
        self, figsize: tuple[float, float], layout: Literal["constrained"] | None = None
    ) -> None:
        """White on every page; `figsize` in inches."""
        super().__init__(figsize, facecolor="white", layout=layout)
        FigureCanvasAgg(self)

    def jpeg(self) -> bytes:
        """The figure as it stands on the screen, as the bytes of a JPEG file."""
        buffer = io.BytesIO()
        sharp = {"quality": 85, "subsampling": 0}  # 0: colours as fine as brightness, for the text
        save_quietly(self, buffer, format="jpeg", dpi=SCREEN_DPI, pil_kwargs=sharp)
        return buffer.getvalue()

    def _repr_jpeg_(self) -> tuple[bytes, dict[str, str]]:
        return self.jpeg(), {"alt": alt_text(self)}


def to_uint8(pictures: torch.Tensor) -> np.ndarray:
    """Pictures [..., 3, H, W] in [-1, 1] (clamped) as uint8 [..., H, W, 3] for the screen."""
    levels = ((pictures.detach().clamp(-1.0, 1.0) + 1.0) * 127.5).round()
    return levels.movedim(-3, -1).cpu().numpy().astype(np.uint8)


def encode_png(
    picture: torch.Tensor | np.ndarray, zoom: int = 1, recipe: dict[str, Any] | None = None
) -> bytes:
    """A PNG file of one picture, [3, H, W] in [-1, 1] or uint8 [H, W, 3], with its recipe inside.

    `zoom` repeats each pixel. A panel writes one for each step of a slider, so the least
    compression is the right one: 128 px take about a millisecond.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    array, notes = picture if isinstance(picture, np.ndarray) else to_uint8(picture), PngInfo()
    if recipe is not None:
        notes.add_text(RECIPE_KEY, json.dumps(recipe))
    large, buffer = array.repeat(zoom, axis=0).repeat(zoom, axis=1), io.BytesIO()
    Image.fromarray(large).save(buffer, "PNG", compress_level=1, pnginfo=notes)
    return buffer.getvalue()


def sample_figure(faces: Faces, title: str, note: str = "") -> Figure:
    """Faces alone, numbered from 0 as `faces.select` counts them, at most eight in a row."""
    pictures, across = list(to_uint8(faces.images)), min(8, len(faces))
    down = -(-len(pictures) // across)
    figure, axes = _canvas(down, across, title, note, head=LINE, between=LINE)
    for number, picture in enumerate(pictures):
        axis = axes[number // across][number % across]
        _show(axis, picture)
        _caption(axis, str(number), 0.5, 1.03, ha="center", va="baseline")
    for axis in [a for row in axes for a in row][len(pictures) :]:
        axis.set_axis_off()
    return figure


def grid(
    lines: Sequence[Sequence[np.ndarray]],
    labels: Sequence[str],
    title: str,
    note: str = "",
    columns: bool = True,
    heads: Sequence[str] = (),
) -> Figure:
    """Lines of pictures (uint8 [H, W, 3]), each line with its label.

    A line is a column with its label above it, or with `columns=False` a row with its label at
    the left and `heads` above the columns. Labels are shown as they are: no markup, wrapped,
    shortened beyond four rows.
    """
    texts = [_wrap(label) for label in labels]
    rows_of_text = max(text.count("\n") + 1 for text in texts)
    across, down = len(lines), len(lines[0])
    if columns:
        figure, axes = _canvas(down, across, title, note, head=rows_of_text * LINE)
    else:
        across, down = down, across
        figure, axes = _canvas(down, across, title, note, head=LINE if heads else 0.0, left=1.35)
        for axis, head in zip(axes[0], heads, strict=False):
            _caption(axis, _one_line(head), 0.5, ABOVE, ha="center", va="baseline")
    for number, (line, text) in enumerate(zip(lines, texts, strict=True)):
        style: dict[str, Any] = {"color": FAINT if labels[number] == BEFORE else INK}
        for place, picture in enumerate(line):
            _show(axes[place][number] if columns else axes[number][place], picture)
        if columns:
            _caption(axes[0][number], text, 0.5, ABOVE, ha="center", va="baseline", **style)
        else:
            _caption(axes[number][0], text, -0.06, 0.5, ha="right", va="center", **style)
    return figure


def _canvas(
    down: int,
    across: int,
    title: str,
    note: str,
    head: float = 0.0,
    left: float = 0.0,
    between: float = 0.0,
) -> tuple[Figure, Any]:
    """An empty grid of axes under a title and over a note.

    `head`, `left` and `between` are inches kept for labels: above the first row, left of the
    first column, between two rows.
    """
    margin, top, bottom = 0.18, 0.42 + head, 0.34 if note else 0.12
    wide = left + 2 * margin + across * PICTURE + (across - 1) * GAP
    high = top + bottom + margin / 2 + down * PICTURE + (down - 1) * (GAP + between)
    wide = max(wide, 4.6)  # room for the title when there is a single picture
    figure = PictureFigure(figsize=(wide, high))
    axes = figure.subplots(
        down,
        across,
        squeeze=False,
        gridspec_kw={
            "left": (left + margin) / wide,
            "right": 1 - margin / wide,
            "top": 1 - (top + margin / 2) / high,
            "bottom": bottom / high,
            "wspace": GAP / PICTURE,
            "hspace": (GAP + between) / PICTURE,
        },
    )
    words: dict[str, Any] = {"ha": "left", "parse_math": False, "x": margin / wide}
    figure.text(
        y=1 - 0.14 / high,
        s=title,
        va="top",
        fontsize=12.5,
        fontweight="bold",
        color=ACCENT,
        **words,
    )
    if note:
        figure.text(y=0.1 / high, s=_one_line(note), va="bottom", fontsize=8, color=FAINT, **words)
    return figure, axes


def _show(axis: Any, picture: np.ndarray) -> None:
    """One picture without ticks or frame, its pixels kept as they are."""
    axis.imshow(picture, interpolation="antialiased")
    axis.set_axis_off()


def _caption(axis: Any, text: str, x: float, y: float, **style: Any) -> None:
    style = {"fontsize": 9, "color": INK, "linespacing": 1.1, **style}
    axis.text(x, y, text, transform=axis.transAxes, parse_math=False, **style)


def _wrap(label: str) -> str:
    """At most four short rows of text; `$`, `_` and the like stay what they are."""
    return "\n".join(
        textwrap.wrap(_one_line(label), CAPTION_WIDTH, max_lines=4, placeholder=" …") or [" "]
    )


def _one_line(text: str) -> str:
    """Text without line breaks and without characters that no font can draw."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
