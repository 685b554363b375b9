"""From somebody's files to a domain: look into them, write the declaration, say what is missing.

    generator [+ CLIP] [+ encoder] + a neutral word  ->  DIR/domain.json beside the files

Sizes come from the files; words and settings are DeltaEdit's, to be changed in the declaration. The
files are linked or copied into the folder, so that it can be moved and sent as a whole. Nothing in
them is executed. Of a CLIP's name, open_clip fetches the first weights that it lists.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltaedit_kit.domain.spec import NETWORKS
from deltaedit_kit.io.checkpoints import loaders
from deltaedit_kit.io.checkpoints.clip import preprocessing_of, published_as
from deltaedit_kit.io.checkpoints.reading import text_header
from deltaedit_kit.io.declaration import (
    FILE_NAME,
    USUAL,
    declare,
    declared,
    plain_name,
    write_declaration,
)
from deltaedit_kit.support.atomic import (
    all_or_none,
    check_path,
    check_regular_file,
    replacing,
    save_tensors,
)
from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    from torch import Tensor

NO_LICENCE = "not stated: ask whoever made the networks before any use beyond study"
ABSENT = {
    "mapper": "nobody has trained one yet",
    "relevance": "nobody has made one yet",
    "inversion": "no encoder was given",
    "identity": "face recognition knows people",
}


@dataclass(frozen=True)
class Given:
    """What a person has: files, and words for them."""

    generator: Path
    neutral: str
    clip: str | None = None  # a file, or a name in open_clip; None: OpenAI's ViT-B/32
    clip_model: str | None = None  # of a file: its name in open_clip; None: in OpenAI's layout
    encoder: Path | None = None
    label: int | None = None  # the class to keep of a class-conditional generator
    licence: str = NO_LICENCE


def draft(folder: Path, given: Given) -> Path:
    """Write a domain of these files into `folder` and return it, for `load_domain(folder)`.

    Raises `DeltaEditError` for a folder that declares a domain already, a name that cannot be one,
    and files that are no such network or do not belong together: each by its right name.
    """
    folder = check_path(folder)
    name = name_of(folder)
    if (folder / FILE_NAME).exists():
        raise DeltaEditError(f"{folder} declares a domain already; give another folder")
    generator = loaders.load_stylegan2(given.generator, given.label)
    placed: dict[str, list[Mapping[str, Any]]] = {}
    if given.encoder is not None:
        encoder = loaders.load_e4e(given.encoder)
        sizes = (generator.latent_rows, generator.style_dim)
        made = (encoder.rows, encoder.width)
        if made != sizes:
            raise DeltaEditError(
                f"{given.encoder} makes w+ of {made[0]} rows, {made[1]} wide, this generator reads "
                f"{sizes[0]} rows, {sizes[1]} wide; give the encoder that was trained for it"
            )
    preprocessing, model, fetched = "clip", given.clip_model, None
    if model is not None:
        if given.clip is None:
            raise DeltaEditError(f"{model} comes without weights; give their file too")
        preprocessing = preprocessing_of(model)
        loaders.load_clip(model, Path(given.clip), preprocessing)
    elif given.clip is not None and is_model_name(given.clip):
        model, tag = published_as(given.clip)
        preprocessing = preprocessing_of(model)
        fetched = loaders.load_clip(model, tag, preprocessing).model.state_dict()
    elif given.clip is not None:
        loaders.load_clip(given.clip)
        if "made_by" in text_header(given.clip):  # by `deltaedit build`
            preprocessing = "plain"
    declaration = declare(
        name,
        f"{given.neutral}, {generator.resolution} px ({given.generator.name})",
        generator.resolution,
        given.neutral,
        style_widths=list(generator.style_widths),
        templates="imagenet",
        preprocessing=preprocessing,
        clip_model=model,
        licence=given.licence.strip() or NO_LICENCE,
        examples=[phrase.replace("{}", given.neutral) for phrase in USUAL],
        networks=placed,
        absent={},
    )
    declared(declaration, str(folder / FILE_NAME))  # a word that cannot be is told before work
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with all_or_none() as made:
            if given.label is None:
                placed["generator"] = [place(given.generator, folder, "generator", made)]
            else:
                kept = {"kind": "stylegan2", "label": str(given.label)}
                placed["generator"] = [
                    save(generator.checkpoint(), folder, "generator", made, kept)
                ]
            if given.clip is None:
                placed["clip"] = published_clip()
            elif fetched is not None:
                placed["clip"] = [save(fetched, folder, "clip", made)]
            else:
                placed["clip"] = [place(Path(given.clip), folder, "clip", made)]
            if given.encoder is not None:
                placed["inversion"] = [place(given.encoder, folder, "inversion", made)]
            declaration["absent"] = {key: ABSENT[key] for key in NETWORKS if key not in placed}
            write_declaration(folder, declaration)
    except OSError as cause:
        raise DeltaEditError(f"cannot write to {folder}: {cause}; give another folder") from None
    return folder


def name_of(folder: Path) -> str:
    """The folder's name as that of a domain."""
    try:
        return plain_name(folder.absolute().name)
    except ValueError as cause:
        raise DeltaEditError(f"a domain cannot be called {folder.name!r}: {cause}") from None


def place(source: Path, folder: Path, network: str, made: list[Path]) -> dict[str, Any]:
    """Put a file into the folder, without copying it where the disk can; its entry.

    What was not there before is added to `made`.
    """
    source = check_regular_file(source).resolve()
    try:
        name = plain_name(source.name)
    except ValueError:
        name = f"{network}.bin"  # readers look at what is in it
    target = folder / name
    if not os.path.lexists(target):
        try:
            os.link(source, target)
        except OSError:  # another disk, or one that knows no links
            with replacing(target) as beside:
                shutil.copyfile(source, beside)
        made.append(target)
    elif not target.exists() or not os.path.samefile(source, target):
        raise DeltaEditError(f"{target} is there already; give an empty folder")
    return entry(target)


def save(
    tensors: Mapping[str, Tensor],
    folder: Path,
    network: str,
    made: list[Path],
    header: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Write a network into the folder; its entry, as of `place`."""
    target = folder / f"{network}.safetensors"
    if os.path.lexists(target):
        raise DeltaEditError(f"{target} is there already; give an empty folder")
    save_tensors(target, tensors, header)
    made.append(target)
    return entry(target)


def entry(file: Path) -> dict[str, Any]:
    """What a declaration says of a file in its folder."""
    return {"file": file.name, "megabytes": round(file.stat().st_size / 1e6, 1) or 0.1}


def is_model_name(clip: str) -> bool:
    """Whether this is meant as a name in open_clip: files are there, or their names have an end."""
    return not os.path.lexists(clip) and not Path(clip).suffix


def published_clip() -> list[Mapping[str, Any]]:
    """OpenAI's ViT-B/32, as the published domains declare it."""
    source = files("deltaedit_kit.io.published") / "ffhq.json"
    return json.loads(source.read_text(encoding="utf-8"))["networks"]["clip"]
