"""A kind of checkpoint: how to recognise it in a file's contents, and its tensors in our layout.

Idea: the same four questions for every kind, so that loading, converting and inspecting are each
written once:

    which format of mine is it?   which tensors, by our keys?   which sizes?   what opens it?

People save state dicts in many wrappings: below "g_ema" or "state_dict", from within DataParallel
("module."), as a part of something larger ("net."). `find` takes them all off, for every kind.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.io.checkpoints.container import Container
from deltaedit_kit.io.checkpoints.filling import check_finite
from deltaedit_kit.io.checkpoints.reading import Contents
from deltaedit_kit.io.checkpoints.stand_ins import short

Tensors = dict[str, Tensor]
MOST_TENSORS = 10_000  # of one network
# Keys under which a state dict may lie, best first: an averaged network is the one to use.
WRAPPINGS = ("g_ema", "params_ema", "ema", "state_dict", "model_state_dict", "generator", "encoder")
WRAPPINGS += ("mapper", "model", "net", "netG", "params", "weights", "module")
PREFIX = re.compile(
    r"((g_ema|params_ema|ema|module|_orig_mod|model|net|netG|generator|mapper)\.){0,3}"
)
MEAN_CODES = ("latent_avg", "mean_latent", "w_avg")  # the mean of w, best first
MOST_NUMBERS = 2**17  # of a mean code: 22 rows of 4096
MEAN_W = MEAN_CODES[0]  # as our layout has it


@dataclass(frozen=True)
class Kind:
    """One kind of checkpoint. The functions raise DeltaEditError or KeyError for broken files."""

    name: str  # in the header of converted files: "stylegan2"
    title: str  # for people: "StyleGAN2 generator"
    loader: str  # the function that opens it
    format_of: Callable[[Contents], str | None]  # its format in words, None: not of this kind
    tensors: Callable[[Contents], Tensors]  # flat, keys of our own layout
    sizes: Callable[[Mapping[str, Tensor]], dict[str, Any]]  # of those tensors, for people


@dataclass(frozen=True)
class Found:
    """A state dict without its wrapping, and the dicts around it, innermost first."""

    tensors: Tensors
    around: tuple[Mapping[Any, Any], ...]

    def beside(self, *names: str) -> Any:
        """The first of these entries beside the tensors or around them; None: there is none."""
        for mapping in (self.tensors, *self.around):
            for name in names:
                if mapping.get(name) is not None:
                    return mapping[name]
        return None


def find(tree: Any, *names: str, prefix: re.Pattern[str] = PREFIX) -> Found | None:
    """The state dict in which all the keys `names` are, in whatever wrapping; None: not here."""
    looked: set[int] = set()  # a file may name one dict in hundreds of places
    for inner, around in _wrapped(tree, ()):
        if id(inner) in looked:
            continue
        looked.add(id(inner))
        ends = (key for key in inner if isinstance(key, str) and key.endswith(names[0]))
        starts = (key.removesuffix(names[0]) for key in ends)
        for start in sorted(filter(prefix.fullmatch, starts), key=len):
            if all(isinstance(inner.get(start + name), Tensor) for name in names):
                return Found(flat_tensors(inner, start), (inner, *around))
    return None


def _wrapped(
    tree: Any, around: tuple[Mapping[Any, Any], ...]
) -> Iterator[tuple[Mapping[Any, Any], tuple[Mapping[Any, Any], ...]]]:
    """The dicts in a tree that may be a state dict, best first, with those around them."""
    if not isinstance(tree, Mapping) or len(around) > 2:
        return
    for name in WRAPPINGS:
        if name in tree:
            yield from _wrapped(tree[name], (tree, *around))
    yield tree, around


def tensors_of(contents: Contents, kind: Kind) -> Tensors:
    """The tensors of recognised contents in our layout, checked for NaN and infinity.

    Raises DeltaEditError, also for a part that is missing, and for one tensor under many names.
    """
    try:
        tensors = kind.tensors(contents)
    except KeyError as cause:
        raise DeltaEditError(
            f"{contents.path}: this {kind.title} lacks {cause}: another program's layout, or not "
            "complete; give the whole file as its authors published it"
        ) from None
    if len(tensors) > MOST_TENSORS:
        raise DeltaEditError(f"it holds {len(tensors)} tensors, no network has so many; refused")
    if contents.container is not Container.NUMPY:  # which is mapped and not copied
        contents.budget.make(
            sum(value.numel() * value.element_size() for value in tensors.values())
        )
    check_finite(tensors)
    return tensors


def flat_tensors(tree: Any, prefix: str = "") -> Tensors:
    """The tensors of one dict whose keys begin with `prefix`, without it; {} for no dict."""
    if not isinstance(tree, Mapping):
        return {}
    return {
        key[len(prefix) :]: value
        for key, value in tree.items()
        if isinstance(key, str) and key.startswith(prefix) and isinstance(value, Tensor)
    }


def mean_code(value: Any, width: int) -> Tensor | None:
    """The mean of w as rows [n, W], from a tensor, an array or lists of any nesting; None: none.

    Raises DeltaEditError for what is no row of numbers of this width.
    """
    if value is None:
        return None
    found = value if isinstance(value, Tensor) else _numbers(value)
    if found is not None and found.numel() and found.numel() % width == 0:
        return found.detach().reshape(-1, width).float()
    shape = list(value.shape) if isinstance(value, Tensor | np.ndarray) else short(value)
    raise DeltaEditError(
        f"its latent_avg, the mean of w, is {shape}, and w is {width} wide; give [{width}] or rows "
        "of it, or drop the entry, and it is estimated"
    )


def _numbers(value: Any) -> Tensor | None:
    """An array, or lists of lists of numbers, as a flat tensor; None for anything else."""
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.array(value, np.float32)) if value.size <= MOST_NUMBERS else None
    waiting, flat = [value], []
    while waiting:
        part = waiting.pop()
        if isinstance(part, np.ndarray | Tensor):
            part = part.tolist() if len(part.shape) < 2 else list(part)
        if isinstance(part, list | tuple):
            waiting += reversed(part)
        elif isinstance(part, int | float) and abs(part) < math.inf:
            flat.append(float(part))
        else:
            return None
        if len(waiting) + len(flat) > MOST_NUMBERS:  # lists may share each other without end
            return None
    return torch.tensor(flat, dtype=torch.float32, device="cpu")
