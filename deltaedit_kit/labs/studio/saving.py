"""What the studio can save: the picture, the grid, the animation, the recipe.

    Saved(name, content, kind)  --save_to(folder)-->  a file that was not there before

Making the bytes and writing them are two things: an app on a server hands the bytes to the browser
and writes nothing.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from deltaedit_kit.labs.studio.engine import Engine
from deltaedit_kit.labs.studio.recipe import to_recipe
from deltaedit_kit.labs.studio.state import StudioState
from deltaedit_kit.support.atomic import check_path, replacing
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.pictures import RECIPE_KEY, encode_png, save_quietly, to_uint8

ANIMATION_FRAMES = 12  # from before to after; the way back repeats them
FRAME_MILLISECONDS = 80
MOST_FILES = 10_000


@dataclass(frozen=True)
class Saved:
    """A file that is not yet anywhere."""

    name: str  # such as "picture.png"
    content: bytes
    kind: str  # media type, such as "image/png"


def save_picture(engine: Engine, state: StudioState) -> Saved:
    """The picture after the edit, at the generator's own size, with its recipe inside."""
    after, recipe = engine.look(state).after, to_recipe(engine, state)
    return Saved("picture.png", encode_png(after, recipe=recipe), "image/png")


def save_grid(engine: Engine, state: StudioState) -> Saved:
    """The whole strip of faces, before and after each sentence alone and all together."""
    from deltaedit_kit.labs.studio.plots import studio_figure

    figure, buffer = studio_figure(engine, state), io.BytesIO()
    notes = {RECIPE_KEY: json.dumps(to_recipe(engine, state))}
    save_quietly(figure, buffer, format="png", dpi=160, metadata=notes)
    return Saved("grid.png", buffer.getvalue(), "image/png")


def save_animation(engine: Engine, state: StudioState) -> Saved:
    """From before to after and back, an endless GIF."""
    shares = [k / (ANIMATION_FRAMES - 1) for k in range(ANIMATION_FRAMES)]
    forth = [to_uint8(frame) for _, frame in engine.frames(state, engine.look(state), shares)]
    return Saved("animation.gif", gif([*forth, *reversed(forth[1:-1])]), "image/gif")


def save_recipe(engine: Engine, state: StudioState) -> Saved:
    """The recipe alone, as JSON that people can read."""
    text = json.dumps(to_recipe(engine, state), indent=1, ensure_ascii=False)
    # A lone half of a surrogate pair, which a browser can send, has no UTF-8: its escape is JSON's.
    return Saved("recipe.json", text.encode("utf-8", "backslashreplace"), "application/json")


SAVERS: dict[str, Callable[[Engine, StudioState], Saved]] = {
    "picture": save_picture,
    "grid": save_grid,
    "animation": save_animation,
    "recipe": save_recipe,
}


def save_to(folder: str | Path, saved: Saved) -> Path:
    """Write beside what is there: "picture.png", "picture-2.png", ...; returns the path.

    Raises `DeltaEditError` when the folder cannot be made or written to.
    """
    place, stem = check_path(folder), Path(saved.name).stem
    kind = Path(saved.name).suffix
    try:
        place.mkdir(parents=True, exist_ok=True)
        for number in range(1, MOST_FILES):
            path = place / (f"{stem}{kind}" if number == 1 else f"{stem}-{number}{kind}")
            try:
                path.open("xb").close()  # x: two panels never take one name
            except FileExistsError:
                continue
            return _filled(path, saved.content)
    except OSError as cause:
        raise DeltaEditError(
            f"cannot write to {place}: {cause.strerror}; give the studio another folder"
        ) from cause
    raise DeltaEditError(f"{place} is full of {stem} files; give the studio another folder")


def _filled(path: Path, content: bytes) -> Path:
    """The empty file that holds a name, filled at one stroke; gone if that fails."""
    try:
        with replacing(path) as beside:
            beside.write_bytes(content)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def gif(pictures: Sequence[np.ndarray]) -> bytes:
    """An endless GIF of pictures uint8 [H, W, 3], all of one size, with one palette for all."""
    # A palette a frame would make flat colours flicker.
    whole = Image.fromarray(np.concatenate(pictures, axis=1))
    palette = whole.quantize(256, method=Image.Quantize.MEDIANCUT)
    frames = [
        Image.fromarray(picture).quantize(palette=palette, dither=Image.Dither.NONE)
        for picture in pictures
    ]
    buffer = io.BytesIO()
    rest = {"append_images": frames[1:], "duration": FRAME_MILLISECONDS, "loop": 0}
    frames[0].save(buffer, "GIF", save_all=True, **rest)
    return buffer.getvalue()
