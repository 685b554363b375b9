"""Arrays that are no networks: the relevance matrix R and latent codes, both published as .npy.

    fs3.npy [S, E]           R: unit rows, one a style channel (zero where a channel does nothing)
    sspace_noise_feat.npy    codes: [N, S], [N, E] or [N, L, W], several GB

Codes are mapped: opening them takes no memory, reading rows takes those rows. A .npy file of Python
objects is a pickle in disguise and is refused.

Source: the files of github.com/Yueming6568/DeltaEdit; .npy: numpy.lib.format.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.io.checkpoints.container import Container
from deltaedit_kit.io.checkpoints.kind import Kind, Tensors, flat_tensors, open_as, what_else
from deltaedit_kit.io.checkpoints.reading import Contents, read

if TYPE_CHECKING:
    from deltaedit_kit.codes.store import CodeStore

MOST_CHANNELS = 2**15  # S of a generator is some thousand; codes come by the ten thousand
UNIT_TOLERANCE = 0.02  # rows may have been stored in half precision


def load_relevance(path: str | Path) -> Tensor:
    """R [S, E], float32, from .npy or safetensors.

    Raises DeltaEditError naming file, cause and remedy, also where rows are no unit vectors.
    """
    return open_as(path, RELEVANCE)["relevance"].float().clone()


def load_codes(path: str | Path) -> np.ndarray | CodeStore:
    """Latent codes: the array of a .npy file (mapped and not read) or of what `convert` made of
    one, or a folder's store.

    Raises DeltaEditError naming file, cause and remedy.
    """
    if Path(path).is_dir():
        from deltaedit_kit.io.published_codes import open_codes

        return open_codes(path)
    if Path(path).suffix != ".safetensors":
        return open_npy_codes(path)
    tensors = open_as(path, CODES)
    if "codes" not in tensors:
        raise DeltaEditError(f"{path} is one shard of a store; give its folder")
    return tensors["codes"].numpy()


def open_npy_codes(path: str | Path) -> np.ndarray:
    """The floats [N, ...] of a .npy file, mapped read-only.

    Raises DeltaEditError for another file, no floats, and other than two or three dimensions.
    """
    contents = read(path)
    if contents.container is not Container.NUMPY:
        raise DeltaEditError(f"{path} is no .npy of latent codes: it is {what_else(contents)}")
    array: np.ndarray = contents.tree
    if array.dtype.kind != "f" or array.ndim not in (2, 3) or not len(array):
        raise DeltaEditError(
            f"{path} holds {array.dtype} {list(array.shape)}; latent codes are floats [N, S], "
            "[N, E] or [N, L, W]"
        )
    return array


def _is_relevance(array: np.ndarray) -> bool:
    """Few rows, and all of them of length 1 or 0 (NaN is not decided here: it is named later)."""
    if array.ndim != 2 or array.dtype.kind != "f" or not 0 < len(array) <= MOST_CHANNELS:
        return False
    with np.errstate(over="ignore"):  # numbers of a damaged file
        length = np.linalg.norm(array.astype(np.float32), axis=1)
    odd = np.minimum(abs(length - 1), length) > UNIT_TOLERANCE
    return not bool(odd[np.isfinite(length)].any())


def _relevance_format(contents: Contents) -> str | None:
    if contents.container is Container.NUMPY and _is_relevance(contents.tree):
        return "numpy array"
    matrix = flat_tensors(contents.tree).get("relevance")
    if matrix is not None and matrix.ndim == 2 and _is_relevance(matrix.float().numpy()):
        return f"our layout, {contents.container.value}"
    return None


def _relevance_tensors(contents: Contents) -> Tensors:
    if contents.container is Container.NUMPY:
        return {"relevance": _tensor(contents.tree)}
    return {"relevance": flat_tensors(contents.tree)["relevance"]}


def _relevance_sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    channels, width = tensors["relevance"].shape
    return {"style_channels": channels, "clip_width": width}


def _codes_format(contents: Contents) -> str | None:
    if contents.container is Container.NUMPY:
        return "numpy array" if contents.tree.ndim in (2, 3) else None
    tensors = flat_tensors(contents.tree)
    known = {"s", "clip"} <= tensors.keys() or tensors.keys() == {"codes"}
    return f"our layout, {contents.container.value}" if known else None


def _codes_tensors(contents: Contents) -> Tensors:
    if contents.container is Container.NUMPY:
        return {"codes": _mapped_tensor(contents.tree)}
    return flat_tensors(contents.tree)


def _codes_sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    return {key: " x ".join(map(str, value.shape)) for key, value in tensors.items()}


def _mapped_tensor(array: np.ndarray) -> Tensor:
    """The array as a tensor without a copy: several GB are looked at, not loaded."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return torch.from_numpy(
            array if array.dtype.isnative else np.array(array, array.dtype.str[1:])
        )


def _tensor(array: np.ndarray) -> Tensor:
    """A tensor of its own in this machine's byte order."""
    return torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("="), order="C"))


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
