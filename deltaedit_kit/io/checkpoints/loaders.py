"""Published checkpoints, opened: one function a kind. Nothing in a file is executed.

    load_stylegan2   load_delta_mapper   load_e4e   load_arcface   load_clip -> a network, float32,
    on the CPU, frozen, in evaluation mode                    load_relevance -> R [S, E]

The format is told from the content; the file's name is never asked. All raise DeltaEditError
naming the file, the cause and the remedy, also for a file of another kind, by its right name.
"""

from __future__ import annotations

import os
from pathlib import Path

from torch import Tensor

from deltaedit_kit.clip_space import ClipSpace, Preprocessing
from deltaedit_kit.io.checkpoints import arcface, arrays, clip, delta_mapper, e4e, stylegan2
from deltaedit_kit.io.checkpoints.arcface import ArcFace
from deltaedit_kit.io.checkpoints.e4e import E4e
from deltaedit_kit.io.checkpoints.kinds import open_as
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.support.atomic import check_path


def load_stylegan2(path: str | Path, label: int | None = None) -> Generator:
    """A StyleGAN2 generator; `mean_w` is None where the file has none (`estimate_mean_w()`).

    Of a class-conditional one, the generator of the class `label`.
    """
    return open_as(path, stylegan2.kind_for(label), stylegan2.generator_from)


def load_delta_mapper(path: str | Path, layout: StyleLayout | None = None) -> DeltaMapper:
    """A DeltaMapper for a generator with this `layout`; without it the mapper's own sizes count."""
    return open_as(path, delta_mapper.KIND, lambda x: delta_mapper.mapper_from(x, layout))


def load_e4e(path: str | Path) -> E4e:
    """An e4e encoder; `mean_w` is None where the file has none."""
    return open_as(path, e4e.KIND, e4e.encoder_from)


def load_arcface(path: str | Path) -> ArcFace:
    """The network that tells people apart."""
    return open_as(path, arcface.KIND, arcface.arcface_from)


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
        return open_as(name_or_path, clip.KIND, lambda x: clip.space_from(x, preprocessing))
    name = str(name_or_path)
    if not isinstance(pretrained, Path) and not os.path.isfile(check_path(pretrained)):
        return clip.space_by_tag(name, str(pretrained), preprocessing)
    return open_as(pretrained, clip.ANY, lambda x: clip.space_by_name(name, x, preprocessing))


def load_relevance(path: str | Path) -> Tensor:
    """R [S, E], float32, unit rows, from .npy or safetensors."""
    return open_as(path, arrays.SAID_RELEVANCE, lambda tensors: tensors[arrays.R])
