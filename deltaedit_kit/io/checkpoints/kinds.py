"""All kinds of checkpoints, and a file opened as one of them.

`recognise` asks the kinds in their order; `open_as` says of another file what it is instead.
"""

from __future__ import annotations

from pathlib import Path

from deltaedit_kit.io.checkpoints import arcface, arrays, clip, delta_mapper, e4e, stylegan2
from deltaedit_kit.io.checkpoints.container import naming
from deltaedit_kit.io.checkpoints.foreign import other_network
from deltaedit_kit.io.checkpoints.kind import Kind, Tensors, tensors_of
from deltaedit_kit.io.checkpoints.reading import Contents, read
from deltaedit_kit.support.errors import DeltaEditError

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


def recognise(contents: Contents) -> Kind | None:
    """The kind of some contents, None where no format of any kind fits."""
    if other_network(contents) is not None:
        return None
    return next((kind for kind in KINDS if kind.format_of(contents)), None)


def what_it_is(contents: Contents) -> str:
    """Words for contents that are not what was asked for, with the remedy."""
    other = other_network(contents)
    if other is not None:
        return a(other)
    kind = recognise(contents)
    if kind is not None:
        option = OPTIONS.get(kind.name)
        place = f"give it as {option}, in Python open it" if option else "open it"
        return a(f"{kind.title}; {place} with {kind.loader}")
    tree = contents.tree
    first = [str(key)[:60] for key in list(tree)[:3]] if isinstance(tree, dict) else []
    keys = f", first keys {first}" if first else ""
    return a(f"{contents.container.value} of an unknown layout{keys}; check what was downloaded")


def a(words: str) -> str:
    """The words with their article."""
    return f"{'an' if words[0] in 'aeiouA' else 'a'} {words}"


def open_as(path: str | Path, kind: Kind) -> tuple[Tensors, Contents]:
    """The tensors of a file that must be of `kind`, all of them finite, and all that it holds.

    Raises DeltaEditError naming the file, and what it is instead.
    """
    contents = read(path)
    with naming(path):
        if other_network(contents) is not None or kind.format_of(contents) is None:
            raise DeltaEditError(
                f"{contents.path} is no {kind.title}: it is {what_it_is(contents)}"
            )
        return tensors_of(contents, kind), contents
