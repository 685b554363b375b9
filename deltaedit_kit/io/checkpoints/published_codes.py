"""Opening codes, whatever they lie in: a store, or the released .npy arrays.

    latent_code/ffhq/{s,c,w}space_{noise,ffhq}_feat.npy    s [N, 6048], i [N, 512], w+ [N, 18, 512]

Idea: numpy maps an array file into memory without reading it, so 258,000 released codes open at
once and take no memory until rows are asked for.

Source: the file names of the released training code of DeltaEdit, read from its data set class.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from deltaedit_kit.codes.header import FILE
from deltaedit_kit.codes.store import CodeStore, Shard
from deltaedit_kit.io.checkpoints.container import Container, naming
from deltaedit_kit.io.checkpoints.reading import read
from deltaedit_kit.support.atomic import check_path
from deltaedit_kit.support.errors import DeltaEditError

PARTS = ("noise", "ffhq")  # sampled pictures, then inverted photographs


def open_codes(path: str | Path, domain: str = "") -> CodeStore:
    """Codes at `path` as one store: a folder of `deltaedit codes`, or one of released .npy files,
    which do not say of which `domain` they are.

    Raises DeltaEditError where none of these is.
    """
    path = check_path(path)
    if (path / FILE).exists():
        return CodeStore.open(path)
    found = [part for part in PARTS if (path / f"sspace_{part}_feat.npy").exists()]
    if found:
        return CodeStore.of([released_shard(path, part) for part in found], domain or path.name)
    raise DeltaEditError(
        f"{path} holds no codes; give a folder that `deltaedit codes` wrote, or one with "
        "sspace_noise_feat.npy and cspace_noise_feat.npy"
    )


def released_shard(folder: Path, part: str) -> Shard:
    """The arrays of one part, mapped; w+ only where its file is there."""
    s, clip = (_array(folder / f"{space}space_{part}_feat.npy", 2) for space in "sc")
    path = folder / f"wspace_{part}_feat.npy"
    return Shard(s, clip, _array(path, 3) if path.exists() else None)


def _array(path: Path, dims: int) -> Tensor:
    """A .npy file as a memory-mapped tensor of floats with `dims` dimensions.

    The map is private: what is written to the tensor never reaches the file.
    """
    contents = read(path)
    with naming(path):
        array, is_array = contents.tree, contents.container is Container.NUMPY
        if not is_array or array.ndim != dims or array.dtype not in (np.float16, np.float32):
            what = f"{array.dtype} {list(array.shape)}" if is_array else contents.container.value
            raise DeltaEditError(
                f"it holds {what}; codes are float16 or float32 arrays of {dims} dimensions"
            )
    return torch.from_numpy(array)
