"""Arrays that are no networks: the relevance matrix R and latent codes, both published as .npy.

    fs3.npy [S, E]           R: unit rows, one a style channel (zero where a channel does nothing)
    latent_code/ffhq/{s,c,w}space_{noise,ffhq}_feat.npy    s [N, 6048], i [N, 512], w+ [N, 18, 512]

Codes are mapped: 258,000 open at once and take no memory until rows are asked for. A .npy file of
Python objects is a pickle in disguise and is refused.

Source: the files of github.com/Yueming6568/DeltaEdit, and the names in its data set class; .npy:
numpy.lib.format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deltaedit_kit.codes.header import FILE
from deltaedit_kit.codes.store import CodeStore, Shard
from deltaedit_kit.io.checkpoints.container import Container, naming
from deltaedit_kit.io.checkpoints.kind import Kind, Match, Tensors, find, flat_tensors
from deltaedit_kit.io.checkpoints.reading import Contents, read
from deltaedit_kit.support.atomic import check_path
from deltaedit_kit.support.errors import DeltaEditError

R = "relevance"
MOST_CHANNELS = 2**15  # S of a generator is some thousand; codes come by the ten thousand
ROWS = 1024  # looked at together: codes of this shape take gigabytes
UNIT_TOLERANCE = 0.02  # rows may have been stored in half precision
PARTS = ("noise", "ffhq")  # of codes: sampled pictures, then inverted photographs


def _match_relevance(contents: Contents) -> Match | None:
    """A tensor called "relevance", or an array of unit rows: codes have the same shape."""
    if contents.container is not Container.NUMPY:
        known = _matrix(contents) is not None
    else:
        known = _may_be_relevance(contents.tree) and all(map(_unit, _lengths(contents.tree)))
    return _relevance(contents) if known else None


def _match_said(contents: Contents) -> Match | None:
    """Any array: one that is no R is told what it lacks."""
    is_array = contents.container is Container.NUMPY
    return _relevance(contents) if is_array else _match_relevance(contents)


def _relevance(contents: Contents) -> Match:
    return Match(_layout(contents), lambda: {R: relevance_from(contents)})


def _layout(contents: Contents) -> str:
    container = contents.container
    return "numpy array" if container is Container.NUMPY else f"our layout, {container.value}"


def relevance_from(contents: Contents) -> Tensor:
    """R [S, E], float32, a copy.

    Raises DeltaEditError where it is no matrix, holds NaN, or has rows that are neither unit
    vectors nor zero.
    """
    matrix = _matrix(contents)
    if matrix is None:
        raise DeltaEditError("it is no relevance matrix: that is floats [S, E]")
    lengths = torch.cat(list(_lengths(matrix)))
    if not bool(lengths.isfinite().all()):  # as those of rows with NaN are not
        raise DeltaEditError(
            "relevance holds NaN or infinity: what made it met a picture that was none; make it "
            "again with `deltaedit relevance`"
        )
    if not _unit(lengths):
        raise DeltaEditError(
            f"its rows are {float(lengths.min()):.3g} to {float(lengths.max()):.3g} long, those of "
            "a relevance matrix have length 1 (or 0): divide each by its length; if they are "
            "latent codes, train on their folder (`deltaedit train --codes`)"
        )
    return matrix


def _matrix(contents: Contents) -> Tensor | None:
    """Floats [S, E] of an array, or of the tensor called "relevance"."""
    if contents.container is Container.NUMPY:
        array: np.ndarray = contents.tree
        if not _may_be_relevance(array):
            return None
        return torch.from_numpy(np.array(array, dtype=np.float32, order="C"))
    found = find(contents.tree, R)
    matrix = found.tensors[R] if found else None
    return None if matrix is None or matrix.dim() != 2 else matrix.float().clone()


def _may_be_relevance(array: np.ndarray) -> bool:
    return array.ndim == 2 and array.dtype.kind == "f" and len(array) <= MOST_CHANNELS


def _lengths(matrix: Tensor | np.ndarray) -> Iterator[Tensor]:
    """Lengths of `ROWS` rows after the other; those of rows with NaN are NaN."""
    for first in range(0, max(len(matrix), 1), ROWS):
        rows = matrix[first : first + ROWS]
        rows = rows if isinstance(rows, Tensor) else torch.from_numpy(np.array(rows))
        yield rows.double().norm(dim=1)


def _unit(lengths: Tensor) -> bool:
    """Whether all rows have length 1 or 0 (those with NaN are named later)."""
    odd = torch.minimum((lengths - 1).abs(), lengths) > UNIT_TOLERANCE
    return not bool(odd[lengths.isfinite()].any())


def _relevance_sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    channels, width = tensors[R].shape
    return {"style_channels": channels, "clip_width": width}


def _match_codes(contents: Contents) -> Match | None:
    if contents.container is Container.NUMPY:
        known = contents.tree.ndim in (2, 3)
    else:
        known = {"s", "clip"} <= flat_tensors(contents.tree).keys()
    return Match(_layout(contents), lambda: _codes(contents)) if known else None


def _codes(contents: Contents) -> Tensors:
    if contents.container is not Container.NUMPY:
        return flat_tensors(contents.tree)
    array: np.ndarray = contents.tree  # mapped: several GB are looked at, not loaded
    native = array if array.dtype.isnative else np.array(array, array.dtype.str[1:])
    return {"codes": torch.from_numpy(native)}


def _codes_sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    return {key: " x ".join(map(str, value.shape)) for key, value in tensors.items()}


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


RELEVANCE = Kind(R, "relevance matrix", "load_relevance", _match_relevance, _relevance_sizes)
SAID_RELEVANCE = replace(RELEVANCE, match=_match_said)  # of a file that is said to be one
CODES = Kind(
    "codes", "set of latent codes", "open_codes, given its folder", _match_codes, _codes_sizes
)
