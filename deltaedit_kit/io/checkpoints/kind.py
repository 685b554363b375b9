"""A kind of checkpoint: how to recognise it in a file's contents, and its tensors in our layout.

Idea: the same questions for every kind, so that loading, converting and inspecting are each written
once:

    contents --match--> its format in words, its tensors by our keys --sizes--> numbers for people

People save state dicts in many wrappings: below "g_ema" or "state_dict", from within DataParallel
("module."), as a part of something larger ("net."). `find` takes them all off, for every kind: it
looks for the dict in which a few keys of the network stand, behind any common prefix.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from deltaedit_kit.io.checkpoints.container import Container
from deltaedit_kit.io.checkpoints.filling import check_finite
from deltaedit_kit.io.checkpoints.pickle_data import short
from deltaedit_kit.io.checkpoints.reading import Contents
from deltaedit_kit.support.errors import DeltaEditError

Tensors = dict[str, Tensor]
MOST_TENSORS = 10_000  # of one network
DEEPEST, MOST_DICTS = 5, 10_000  # where `find` looks: wrappings around a state dict; dicts in all
# A name of a wrapping or prefix that says: an average of the weights over the training.
AVERAGED = re.compile(r"(?:^|[._-])(?:ema|avg|averaged?|running|shadow|gs)[._-]", re.IGNORECASE)
MEAN_CODES = ("latent_avg", "mean_latent", "w_avg")  # the mean of w, best first
MOST_NUMBERS = 2**17  # of a mean code: 22 rows of 4096
MEAN_W = MEAN_CODES[0]  # as our layout has it


class Match(NamedTuple):
    """Recognised contents; `tensors` raises DeltaEditError or KeyError where they are broken."""

    layout: str  # their format in words
    tensors: Callable[[], Tensors]  # flat, keys of our own layout


@dataclass(frozen=True)
class Kind:
    """One kind of checkpoint."""

    name: str  # in the header of converted files: "stylegan2"
    title: str  # for people: "StyleGAN2 generator"
    loader: str  # the function that opens it
    match: Callable[[Contents], Match | None]  # None: not of this kind
    sizes: Callable[[Mapping[str, Tensor]], dict[str, Any]]  # of its tensors, for people


@dataclass(frozen=True)
class Found:
    """A state dict without its wrapping, and the dicts around it, innermost first."""

    tensors: Tensors
    around: tuple[Mapping[Any, Any], ...]
    choice: str  # where several are: which of them this is, as the end of a sentence; else ""

    def beside(self, *names: str) -> Any:
        """The first of these entries beside the tensors or around them; None: there is none."""
        for mapping in (self.tensors, *self.around):
            for name in names:
                if mapping.get(name) is not None:
                    return mapping[name]
        return None


class Place(NamedTuple):
    """Where a state dict lies: the keys of `inner` that begin with `prefix`."""

    inner: Mapping[Any, Any]
    prefix: str
    around: tuple[Mapping[Any, Any], ...]
    name: str  # the names around it and its prefix: "model.g_ema.module."


def find(tree: Any, *names: str) -> Found | None:
    """The state dict with all the keys `names`, in whatever wrapping; None: not here.

    Of several the average (EMA) is taken. Raises DeltaEditError where that leaves more than one.
    """
    places: dict[tuple[int, ...], Place] = {}  # one network may lie in several
    for place in places_of(tree, *names):
        where = tuple(place.inner[place.prefix + name].data_ptr() for name in names)
        places.setdefault(where, place)
    found = list(places.values())
    best = [place for place in found if AVERAGED.search(place.name)] or found
    if not best:
        return None
    if len(best) > 1:
        several = ", ".join(short(place.name) for place in best[:4])
        raise DeltaEditError(f"it holds {len(best)} networks of a kind ({several}); save one alone")
    inner, prefix, around, name = best[0]
    choice = f", {short(name)} of {len(found)}" if len(found) > 1 else ""
    return Found(flat_tensors(inner, prefix), (inner, *around), choice)


def places_of(tree: Any, *names: str) -> Iterator[Place]:
    """Where all the keys `names` are, the outermost first; each dict is looked at once."""
    waiting: deque[tuple[Mapping[Any, Any], str, tuple[Mapping[Any, Any], ...]]] = deque()
    if isinstance(tree, Mapping):
        waiting.append((tree, "", ()))
    seen = {id(tree)}  # a file may name one dict in hundreds of places
    while waiting:
        inner, name, around = waiting.popleft()
        ends = (key for key in inner if isinstance(key, str) and key.endswith(names[0]))
        for prefix in sorted((key.removesuffix(names[0]) for key in ends), key=len):
            if prefix[-1:] in ("", ".") and all(
                isinstance(inner.get(prefix + key), Tensor) for key in names
            ):
                yield Place(inner, prefix, around, name + prefix)
        for key, part in inner.items() if len(around) < DEEPEST else ():
            if isinstance(key, str) and isinstance(part, Mapping) and id(part) not in seen:
                if len(seen) > MOST_DICTS:
                    break
                seen.add(id(part))
                waiting.append((part, f"{name}{key[:40]}.", (inner, *around)))


def state_dict(layout: str, *names: str) -> Callable[[Contents], Match | None]:
    """The `match` of a kind whose state dicts have all the keys `names`, and no other layout."""

    def match(contents: Contents) -> Match | None:
        found = find(contents.tree, *names)
        if found is None:
            return None
        words = f"{layout}, {contents.container.value}{found.choice}"
        return Match(words, lambda: found.tensors)

    return match


def tensors_of(contents: Contents, kind: Kind, match: Match) -> Tensors:
    """The tensors of recognised contents in our layout, checked for NaN and infinity.

    Raises DeltaEditError, also for a part that is missing, and for one tensor under many names.
    """
    try:
        tensors = match.tensors()
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

    Raises DeltaEditError for what is no row of numbers of this width, NaN and infinity.
    """
    if value is None:
        return None
    found = value if isinstance(value, Tensor) else _numbers(value)
    if found is not None and found.numel() and found.numel() % width == 0:
        rows = found.detach().reshape(-1, width).float()
        check_finite({MEAN_W: rows})
        return rows
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
        elif isinstance(part, float) or (isinstance(part, int) and abs(part) < MOST_NUMBERS):
            flat.append(float(part))
        else:
            return None
        if len(waiting) + len(flat) > MOST_NUMBERS:  # lists may share each other without end
            return None
    return torch.tensor(flat, dtype=torch.float32, device="cpu")
