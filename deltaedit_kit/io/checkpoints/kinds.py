"""All kinds of checkpoints, and a file opened as one of them.

`recognise` asks the kinds in their order; `open_as` says of another file what it is instead.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from deltaedit_kit.io.checkpoints import arcface, arrays, clip, delta_mapper, e4e, stylegan2
from deltaedit_kit.io.checkpoints.container import naming
from deltaedit_kit.io.checkpoints.foreign import other_network
from deltaedit_kit.io.checkpoints.kind import Kind, Match, Tensors, tensors_of
from deltaedit_kit.io.checkpoints.reading import Contents, read
from deltaedit_kit.support.errors import DeltaEditError

Opened = TypeVar("Opened")
KINDS = (
    e4e.KIND,  # before the generator, which lies in the same file
    stylegan2.KIND,
    delta_mapper.KIND,
    arcface.KIND,
    clip.KIND,
    arrays.RELEVANCE,
    arrays.CODES,
)

# Where `deltaedit new-domain` takes them.
OPTIONS = {"stylegan2": "--generator", "clip": "--clip", "e4e": "--encoder"}


def recognise(contents: Contents) -> tuple[Kind, Match] | None:
    """The kind of some contents, None where no format of any kind fits."""
    if other_network(contents) is not None:
        return None
    matches = ((kind, kind.match(contents)) for kind in KINDS)
    return next(((kind, match) for kind, match in matches if match is not None), None)


def what_it_is(contents: Contents) -> str:
    """Words for contents that are not what was asked for, with the remedy."""
    other = other_network(contents)
    if other is not None:
        return a(other)
    found = recognise(contents)
    if found is not None:
        kind, option = found[0], OPTIONS.get(found[0].name)
        place = f"give it as {option}, in Python open it" if option else "open it"
        return a(f"{kind.title}; {place} with {kind.loader}")
    tree = contents.tree
    first = [str(key)[:60] for key in list(tree)[:3]] if isinstance(tree, dict) else []
    keys = f", first keys {first}" if first else ""
    return a(f"{contents.container.value} of an unknown layout{keys}; check what was downloaded")


def a(words: str) -> str:
    """The words with their article."""
    return f"{'an' if words[0] in 'aeiouA' else 'a'} {words}"


def open_as(path: str | Path, kind: Kind, build: Callable[[Tensors], Opened]) -> Opened:
    """What `build` makes of the tensors of a file that must be of `kind`, all of them finite.

    Raises DeltaEditError naming the file, and what it is instead.
    """
    contents = read(path)
    with naming(path):
        match = None if other_network(contents) else kind.match(contents)
        if match is None:
            raise DeltaEditError(
                f"{contents.path} is no {kind.title}: it is {what_it_is(contents)}"
            )
        return build(tensors_of(contents, kind, match))
