"""A kind of checkpoint: how to recognise it in a file's contents, and its tensors in our layout.

Idea: the same four questions for every kind, so that loading, converting and inspecting are each
written once:

    which format of mine is it?   which tensors, by our keys?   which sizes?   what opens it?
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.io.checkpoints.filling import check_finite
from deltaedit_kit.io.checkpoints.reading import Contents, read
from deltaedit_kit.io.checkpoints.restricted import naming

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Kind:
    """One kind of checkpoint. The functions raise DeltaEditError or KeyError for broken files."""

    name: str  # in the header of converted files: "stylegan2"
    title: str  # for people: "StyleGAN2 generator"
    loader: str  # the function that opens it
    format_of: Callable[[Contents], str | None]  # its format in words, None: not of this kind
    tensors: Callable[[Contents], Tensors]  # flat, keys of our own layout
    sizes: Callable[[Mapping[str, Tensor]], dict[str, Any]]  # of those tensors, for people


def open_as(path: str | Path, kind: Kind) -> Tensors:
    """The tensors of a file that must be of `kind`, all of them finite.

    Raises DeltaEditError naming the file, and what it is instead.
    """
    contents = read(path)
    with naming(path):
        if kind.format_of(contents) is None:
            raise DeltaEditError(f"{contents.path} is no {kind.title}: it is {what_else(contents)}")
        return tensors_of(contents, kind)


def tensors_of(contents: Contents, kind: Kind) -> Tensors:
    """The tensors of recognised contents in our layout, checked for NaN and infinity.

    Raises DeltaEditError, also for a part that is missing.
    """
    try:
        tensors = kind.tensors(contents)
    except KeyError as cause:
        raise DeltaEditError(
            f"{contents.path}: this {kind.title} lacks {cause}; fetch it again, it is not complete"
        ) from None
    check_finite(tensors)
    return tensors


def recognise(contents: Contents) -> Kind | None:
    """The kind of some contents, None where no format of any kind fits."""
    from deltaedit_kit.io.checkpoints.kinds import KINDS  # they import this module

    return next((kind for kind in KINDS if kind.format_of(contents)), None)


def what_else(contents: Contents) -> str:
    """Words for contents that are not what was asked for, with the remedy."""
    kind = recognise(contents)
    if kind is not None:
        return f"a {kind.title}; open it with {kind.loader}"
    tree = contents.tree
    keys = f", first keys {[str(key) for key in list(tree)[:3]]}" if isinstance(tree, dict) else ""
    return f"a {contents.container.value} of an unknown layout{keys}; check what was downloaded"


def flat_tensors(tree: Any, prefix: str = "") -> Tensors:
    """The tensors of one dict whose keys begin with `prefix`, without it; {} for no dict."""
    if not isinstance(tree, Mapping):
        return {}
    return {
        key[len(prefix) :]: value
        for key, value in tree.items()
        if isinstance(key, str) and key.startswith(prefix) and isinstance(value, Tensor)
    }
