"""A photo of one's own in the studio: bytes -> picture -> the codes of a face.

    photo --invert--> (s, w+) ~ a face of the domain

How a photo becomes codes is the business of `deltaedit_kit.inversion`, looked up when the first
photo arrives: the studio works without it, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from deltaedit_kit.domains.domain import Domain
from deltaedit_kit.domains.faces import Faces
from deltaedit_kit.errors import DeltaEditError

NOT_THERE = (
    "photos cannot be inverted here (no deltaedit_kit.inversion.invert); pick a sampled face"
)


def find_invert() -> Callable[[Any, Domain], Any]:
    """`deltaedit_kit.inversion.invert`; raises `DeltaEditError` where the kit lacks it."""
    try:
        invert = getattr(import_module("deltaedit_kit.inversion"), "invert", None)
    except ImportError as cause:
        raise DeltaEditError(NOT_THERE) from cause
    if not callable(invert):
        raise DeltaEditError(NOT_THERE)
    return invert


def read_photo(
    content: bytes, domain: Domain, invert: Callable[[Any, Domain], Any] | None = None
) -> Faces:
    """The codes of a photo, n = 1 or more: what `invert(photo, domain)` finds in it.

    `content` is the file as it was uploaded; `invert` (None: the kit's own) gets it as an upright
    picture "RGB" and returns `Faces`, or something that holds them as `.faces`. Raises
    `DeltaEditError` for what is no picture, and what `invert` raises: no inversion for this domain,
    no face found.
    """
    from deltaedit_kit.inversion import photos

    invert = find_invert() if invert is None else invert
    found = invert(photos.read_photo(content), domain)
    faces = found if isinstance(found, Faces) else getattr(found, "faces", None)
    if not isinstance(faces, Faces):
        raise DeltaEditError("the inversion returned no faces; pick a sampled face")
    return faces
