"""The pairs that people compare: two methods answer the same sentence on the same face.

    item = (sentence, face, before, picture of one method, picture of the other, a check)

Idea: a method is a name and a callable that answers `Editor.edit`'s call, so DeltaEdit, DeltaEdit
at another strength, and every baseline are compared by the same lines. Pictures are kept as PNG
files: what is compared is frozen when the study is made, and showing it needs no network.

An attention check is a picture against itself with its tiles shuffled: nobody who looks can prefer
the second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import torch

from deltaedit_kit.support.errors import DeltaEditError, check_pictures
from deltaedit_kit.support.pictures import encode_png

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from deltaedit_kit.domain.faces import Faces

TILES = 4  # a side; shuffled tiles of a quarter still show what colours the picture had


# Anything that edits faces with a sentence as `Editor.edit` does: `.after` of its result holds the
# edited pictures [n, 3, H, W] in [-1, 1].
Method = Callable[["Faces", str], Any]


@dataclass(frozen=True)
class Item:
    """One pair, with the names of the methods; all pictures are PNG files."""

    sentence: str
    face: str
    first: str  # name of the method that made `first_png`
    second: str
    before_png: bytes
    first_png: bytes
    second_png: bytes
    intact_png: bytes  # the attention check: this one is right,
    shuffled_png: bytes  # this one is wrong


def make_items(
    methods: Mapping[str, Method], faces: Faces, sentences: Sequence[str], seed: int = 0
) -> list[Item]:
    """All pairs of methods on every sentence; sentence k edits face k, beginning again at the end.

    2 methods and 20 sentences make 20 items, 3 methods make 60. Raises `DeltaEditError` for fewer
    than two methods, no sentence, and a method whose pictures have another shape than the face,
    hold NaN, or lie outside [-1, 1]; what a method itself refuses passes through.
    """
    if len(methods) < 2:
        raise DeltaEditError(
            f"{len(methods)} methods cannot be compared; give at least two by name"
        )
    if isinstance(sentences, str) or not sentences:
        raise DeltaEditError("no sentence to edit with; give a list such as ['face with glasses']")
    order = torch.Generator().manual_seed(seed)
    items = []
    for number, sentence in enumerate(sentences):
        row = number % len(faces)
        face = faces.select(row)
        before = face.images[0]
        after = {name: _edited(name, method, face, sentence) for name, method in methods.items()}
        for first, second in combinations(methods, 2):
            # Twice the same picture of a check would favour its method's familiarity: alternate.
            checked = after[first if len(items) % 2 == 0 else second]
            items.append(
                Item(
                    sentence=sentence,
                    face=f"face {row}",
                    first=first,
                    second=second,
                    before_png=encode_png(before),
                    first_png=encode_png(after[first]),
                    second_png=encode_png(after[second]),
                    intact_png=encode_png(checked),
                    shuffled_png=encode_png(shuffled_tiles(checked, order)),
                )
            )
    return items


def shuffled_tiles(
    picture: Float[Tensor, "3 H W"], order: torch.Generator
) -> Float[Tensor, "3 H W"]:
    """The picture cut into 4 x 4 tiles that change places; H and W are multiples of 4."""
    high, wide = (side // TILES for side in picture.shape[1:])
    tiles = picture.unflatten(1, (TILES, high)).unflatten(3, (TILES, wide))  # [3, 4, h, 4, w]
    tiles = tiles.permute(1, 3, 0, 2, 4).flatten(0, 1)  # [16, 3, h, w]
    places = torch.randperm(len(tiles), generator=order)
    # A permutation may leave tiles where they are; moving on by one place leaves none.
    source = torch.empty_like(places)
    source[places] = places.roll(1)
    mixed = tiles[source].unflatten(0, (TILES, TILES)).permute(2, 0, 3, 1, 4)  # [3, 4, h, 4, w]
    return mixed.reshape(picture.shape)


def _edited(name: str, method: Method, face: Faces, sentence: str) -> Float[Tensor, "3 H W"]:
    """One method's picture, checked: a broken picture must not reach a participant."""
    after = method(face, sentence).after
    if not isinstance(after, torch.Tensor) or after.shape != face.images.shape:
        shape = list(after.shape) if isinstance(after, torch.Tensor) else type(after).__name__
        raise DeltaEditError(
            f"{name!r} made {shape} of a face {list(face.images.shape)}; "
            "a method returns .after with a picture for each face"
        )
    check_pictures(f"pictures of {name!r} for {sentence[:60]!r}", after)
    return after[0]
