"""Figures as files: saved quietly, and a PNG carries the recipe of the edit that it shows.

Idea: a picture that lies around for a year should still say how it was made. The recipe goes into
a text chunk of the PNG (PNG specification, 11.3.4), which viewers ignore and copies keep.
"""

from __future__ import annotations

import io
import json
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltaedit_kit.atomic import replacing
from deltaedit_kit.errors import DeltaEditError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RECIPE_KEY = "deltaedit-recipe"  # name of the text chunk
FORMATS = ("png", "jpg", "jpeg", "webp", "tif", "tiff", "pdf", "svg")
DPI = 160  # a picture of 1.45 inches is then 232 pixels wide: 128 stand at 1.8 times their size


def save_figure(figure: Figure, path: str | Path, recipe: dict[str, Any] | None = None) -> Path:
    """Write a figure; a PNG also carries its recipe as text (`read_recipe` finds it).

    Makes the folder when it is missing; a file that is there is replaced whole or not at all.
    Raises `DeltaEditError` as `figure_kind` does, and for a place that cannot be written to.
    """
    target, kind = Path(os.path.expanduser(path)), figure_kind(path)
    metadata = {RECIPE_KEY: json.dumps(recipe)} if recipe is not None and kind == "png" else None
    try:
        with replacing(target) as beside:
            save_quietly(figure, beside, format=kind, dpi=DPI, metadata=metadata)
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


def read_recipe(path: str | Path) -> dict[str, Any]:
    """The recipe that `save_figure` put into a PNG, for `Editor.replay`.

    Raises `DeltaEditError` when the file is not there, no PNG, or carries no recipe.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path, formats=["PNG"]) as picture:
            text = picture.info.get(RECIPE_KEY)
        recipe = json.loads(text) if text else None
    except (OSError, UnidentifiedImageError, ValueError) as cause:
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
