"""Published checkpoints, opened: one function a kind. Nothing in a file is executed.

    load_stylegan2   load_delta_mapper   load_e4e   load_arcface   load_clip -> a network, float32,
    on the CPU, frozen, in evaluation mode         load_relevance -> R [S, E]       load_codes

The format is told from the content; the file's name is never asked. All raise DeltaEditError
naming the file, the cause and the remedy, also for a file of another kind, by its right name.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from deltaedit_kit.clip_space import ClipSpace, Preprocessing
from deltaedit_kit.io.arcface import ArcFace
from deltaedit_kit.io.checkpoints import arcface, arrays, clip, delta_mapper, e4e, stylegan2
from deltaedit_kit.io.checkpoints.container import Container, naming
from deltaedit_kit.io.checkpoints.kinds import open_as, what_it_is
from deltaedit_kit.io.checkpoints.published_codes import open_codes
from deltaedit_kit.io.checkpoints.reading import read
from deltaedit_kit.io.e4e import E4e
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.support.atomic import check_path
from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    from deltaedit_kit.codes.store import CodeStore


def load_stylegan2(path: str | Path, label: int | None = None) -> Generator:
    """A StyleGAN2 generator; `mean_w` is None where the file has none (`estimate_mean_w()`).

    Of a class-conditional one, the generator of the class `label`.
    """
    tensors, _ = open_as(path, stylegan2.kind_for(label))
    with naming(path):
        return stylegan2.generator_from(tensors)


def load_delta_mapper(path: str | Path, layout: StyleLayout | None = None) -> DeltaMapper:
    """A DeltaMapper for a generator with this `layout`; without it the mapper's own sizes count."""
    tensors, _ = open_as(path, delta_mapper.KIND)
    with naming(path):
        return delta_mapper.mapper_from(tensors, layout)


def load_e4e(path: str | Path) -> E4e:
    """An e4e encoder; `mean_w` is None where the file has none."""
    tensors, _ = open_as(path, e4e.KIND)
    with naming(path):
        return e4e.encoder_from(tensors)


def load_arcface(path: str | Path) -> ArcFace:
    """The network that tells people apart."""
    tensors, _ = open_as(path, arcface.KIND)
    with naming(path):
        return arcface.arcface_from(tensors)


def load_clip(
    name_or_path: str | Path,
    pretrained: str | Path | None = None,
    preprocessing: Preprocessing | str = "clip",
) -> ClipSpace:
    """A CLIP space: of a file, or of a model name of open_clip with weights for it.

    With `pretrained` (a tag of open_clip or a file) the first argument is a model name; without
    it, a file in OpenAI's layout with OpenAI's QuickGELU. Also raises for unknown names (with the
    nearest) and for weights under a name with the other activation.
    """
    if pretrained is None:
        clip.refuse_name(name_or_path)
        tensors, _ = open_as(name_or_path, clip.KIND)
        with naming(name_or_path):
            return clip.space_from(tensors, preprocessing)
    if not isinstance(pretrained, Path) and not os.path.isfile(check_path(pretrained)):
        return clip.space_by_tag(str(name_or_path), str(pretrained), preprocessing)
    tensors, _ = open_as(pretrained, clip.ANY)
    with naming(pretrained):
        return clip.space_by_name(str(name_or_path), tensors, preprocessing)


def load_relevance(path: str | Path) -> Tensor:
    """R [S, E], float32, unit rows, from .npy or safetensors."""
    contents = read(path)
    with naming(path):
        if arrays.RELEVANCE.format_of(contents) is None and contents.container != Container.NUMPY:
            raise DeltaEditError(
                f"{contents.path} is no relevance matrix: it is {what_it_is(contents)}"
            )
        return arrays.relevance_from(contents)


def load_codes(path: str | Path) -> np.ndarray | CodeStore:
    """Latent codes: the array of a .npy file (mapped and not read) or of what `convert` made of
    one, or a folder's store.
    """
    if os.path.isdir(home := check_path(path)):
        return open_codes(home)
    contents = read(path)
    with naming(path):
        if contents.container != Container.NUMPY and arrays.CODES.format_of(contents) is None:
            raise DeltaEditError(
                f"{contents.path} is no set of latent codes: it is {what_it_is(contents)}"
            )
        return arrays.codes_from(contents)
