"""Arrays that are no networks: the relevance matrix R and latent codes, both published as .npy.

    fs3.npy [S, E]           R: unit rows, one a style channel (zero where a channel does nothing)
    sspace_noise_feat.npy    codes: [N, S], [N, E] or [N, L, W], several GB

Codes are mapped: opening them takes no memory, reading rows takes those rows. A .npy file of Python
objects is a pickle in disguise and is refused.

Source: the files of github.com/Yueming6568/DeltaEdit; .npy: numpy.lib.format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deltaedit_kit.io.checkpoints.container import Container
from deltaedit_kit.io.checkpoints.kind import Kind, Tensors, find, flat_tensors
from deltaedit_kit.io.checkpoints.reading import Contents
from deltaedit_kit.support.errors import DeltaEditError

R = "relevance"
MOST_CHANNELS = 2**15  # S of a generator is some thousand; codes come by the ten thousand
ROWS = 1024  # looked at together: codes of this shape take gigabytes
UNIT_TOLERANCE = 0.02  # rows may have been stored in half precision


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
            "latent codes, open them with load_codes"
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


def _relevance_format(contents: Contents) -> str | None:
    if contents.container is not Container.NUMPY:
        return None if _matrix(contents) is None else f"our layout, {contents.container.value}"
    array: np.ndarray = contents.tree
    if not _may_be_relevance(array):
        return None
    return "numpy array" if all(map(_unit, _lengths(array))) else None  # codes have the same shape


def _relevance_tensors(contents: Contents) -> Tensors:
    return {R: relevance_from(contents)}


def codes_from(contents: Contents) -> np.ndarray:
    """Latent codes [N, ...], mapped read-only. Raises DeltaEditError for what can be none."""
    if contents.container is Container.NUMPY:
        array: np.ndarray = contents.tree
    else:
        tensors = flat_tensors(contents.tree)
        if "codes" not in tensors:
            raise DeltaEditError("it is one shard of a store; give its folder")
        array = tensors["codes"].numpy()
    if array.dtype.kind != "f" or array.ndim not in (2, 3):
        raise DeltaEditError(
            f"it holds {array.dtype} {list(array.shape)}; latent codes are floats [N, S], [N, E] "
            "or [N, L, W]"
        )
    shown = array.view()
    shown.flags.writeable = False
    return shown


def _relevance_sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    channels, width = tensors[R].shape
    return {"style_channels": channels, "clip_width": width}


def _codes_format(contents: Contents) -> str | None:
    if contents.container is Container.NUMPY:
        return "numpy array" if contents.tree.ndim in (2, 3) else None
    tensors = flat_tensors(contents.tree)
    known = {"s", "clip"} <= tensors.keys() or tensors.keys() == {"codes"}
    return f"our layout, {contents.container.value}" if known else None


def _codes_tensors(contents: Contents) -> Tensors:
    if contents.container is Container.NUMPY:
        return {"codes": mapped_tensor(contents.tree)}
    return flat_tensors(contents.tree)


def _codes_sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    return {key: " x ".join(map(str, value.shape)) for key, value in tensors.items()}


def mapped_tensor(array: np.ndarray) -> Tensor:
    """The array as a tensor without a copy: several GB are looked at, not loaded."""
    return torch.from_numpy(array if array.dtype.isnative else np.array(array, array.dtype.str[1:]))


RELEVANCE = Kind(
    "relevance",
    "relevance matrix",
    "load_relevance",
    _relevance_format,
    _relevance_tensors,
    _relevance_sizes,
)
CODES = Kind(
    "codes", "set of latent codes", "load_codes", _codes_format, _codes_tensors, _codes_sizes
)
