"""A project of one's own: a folder with a declaration and a renderer, and how to begin one.

    new_project(DIR)   writes renderer.py, domain.json, README.md: a mushroom, to be changed
    open_project(DIR)  reads the declaration and RUNS renderer.py, with the rights of its caller

Only building runs the renderer. `load_domain` reads the declaration and weights, never this file,
so that a finished folder can be handed on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from traceback import extract_tb
from zlib import crc32

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.domain.spec import DomainSpec
from deltaedit_kit.io.declaration import FILE_NAME, RENDERER, plain_name, read_declaration
from deltaedit_kit.io.loading import check_folder
from deltaedit_kit.support.atomic import all_or_none, check_path, check_regular_file, write_text
from deltaedit_kit.support.errors import DeltaEditError

FILES = (RENDERER, FILE_NAME, "README.md")
SUPERSAMPLED = 3  # pixels along each side of a pixel
Draw = Callable[[Mapping[str, Tensor], int], Tensor]


def new_project(folder: str | Path) -> Path:
    """Write the example into a folder that has none of its files; the folder.

    The domain gets the folder's name. Raises DeltaEditError where a file is there already, OSError
    where nothing can be written; then none of them is there.
    """
    folder = check_path(folder)
    for name in FILES:
        if os.path.lexists(folder / name):
            raise DeltaEditError(f"{folder / name} is there already; give another folder")
    try:
        own_name = plain_name(folder.resolve().name)
    except ValueError as cause:
        raise DeltaEditError(f"{folder.name!r} is not a valid name of a domain: {cause}") from None
    template = files("deltaedit_kit.labs.own_domain") / "mushroom"
    with all_or_none() as made:
        for name in FILES:
            text = (template / name).read_text(encoding="utf-8")
            if name == FILE_NAME:
                text = text.replace('"name": "mushroom"', f'"name": {json.dumps(own_name)}', 1)
            made.append(write_text(folder / name, text))
    return folder


@dataclass(frozen=True)
class Project:
    """A declaration with factors, and the function that draws them."""

    folder: Path
    spec: DomainSpec
    draw: Draw
    source: str  # of the renderer: what was made with another one is made again

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the K factors."""
        return tuple(factor.name for factor in self.spec.factors)

    @property
    def words(self) -> str:
        """Everything that captions are made of, as text."""
        return json.dumps([self.spec.neutral, *(str(factor) for factor in self.spec.factors)])

    @torch.no_grad()
    def render(self, factors: Float[Tensor, "n K"]) -> Float[Tensor, "n 3 R R"]:
        """Pictures in [-1, 1], supersampled. Raises DeltaEditError for what is no picture."""
        side = SUPERSAMPLED * self.spec.resolution
        named = {name: factors[:, k, None, None] for k, name in enumerate(self.factors)}
        try:
            drawn = torch.as_tensor(self.draw(named, side)).float()
        except (Exception, SystemExit) as cause:  # the learner's own code may raise anything
            raise DeltaEditError(
                f"{RENDERER} failed{line_of(cause, self.folder / RENDERER)}: "
                f"{type(cause).__name__}: {cause}; the factors of {FILE_NAME} "
                f"are {', '.join(self.factors)}, each [n, 1, 1]"
            ) from cause
        if tuple(drawn.shape) != (len(factors), 3, side, side):
            raise DeltaEditError(
                f"draw of {RENDERER} returned the shape {list(drawn.shape)}; return "
                f"[{len(factors)}, 3, {side}, {side}]"
            )
        if not bool(((drawn >= 0) & (drawn <= 1)).all()):
            raise DeltaEditError(
                f"draw of {RENDERER} returned values outside [0, 1]; clamp its colours"
            )
        return F.avg_pool2d(drawn, SUPERSAMPLED) * 2 - 1


def open_project(folder: str | Path) -> Project:
    """The project in a folder. Its renderer.py is run.

    Raises DeltaEditError where declaration, factors or renderer are missing or broken, and for
    links that lead out of the folder.
    """
    folder = Path(os.path.realpath(check_path(folder)))
    spec, path = read_declaration(folder / FILE_NAME), folder / RENDERER
    if not spec.factors:
        raise DeltaEditError(
            f"{folder / FILE_NAME} declares no factors, which a build needs; create one that has "
            "some with `deltaedit new-domain DIR --renderer`, or make what a generator lacks with "
            "`deltaedit codes`, `train` and `relevance`"
        )
    check_folder(folder)
    if not path.is_file():
        raise DeltaEditError(
            f"there is no {path}; write one, or create a project with `deltaedit new-domain`"
        )
    # Python minds what it is.
    source = check_regular_file(path).read_bytes().decode("utf-8", "replace")
    found = spec_from_file_location(f"renderer_{crc32(str(path).encode()):08x}", path)
    if found is None or found.loader is None:
        raise DeltaEditError(f"{path} is not a Python file; correct it")
    module = module_from_spec(found)
    try:
        found.loader.exec_module(module)
        draw: Draw = module.draw
    except (Exception, SystemExit) as cause:  # of the learner's own code
        raise DeltaEditError(
            f"{path} cannot be used{line_of(cause, path)}: {type(cause).__name__}: {cause}; mend it"
        ) from cause
    return Project(folder, spec, draw, source)


def line_of(cause: BaseException, path: Path) -> str:
    """Where in the file at `path` it was raised, as " in line 7"; "" where in none."""
    lines = [at.lineno for at in extract_tb(cause.__traceback__) if at.filename == str(path)]
    return f" in line {lines[-1]}" if lines else ""
