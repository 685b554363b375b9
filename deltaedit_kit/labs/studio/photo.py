"""A photo of one's own in the studio: an uploaded file -> the codes of a face, and how faithful.

    file --read--> upright RGB --invert--> (s, w+) ~ the largest face on it

How a photo becomes codes is the business of `deltaedit_kit.labs.photo`; another function of
(picture, domain) may stand in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    from PIL import Image

Invert = Callable[["Image.Image", Domain], Any]


@dataclass(frozen=True)
class Photo:
    """What was found: codes, n = 1 or more, and one line about them (empty: nothing to say)."""

    faces: Faces
    note: str


def largest_face(photo: Image.Image, domain: Domain) -> Any:
    """The kit's own inversion; of several faces the largest, for the studio cannot ask."""
    from deltaedit_kit.labs.photo.inverting import invert

    return invert(photo, domain, face="largest", progress=False)


def invert_upload(content: bytes, domain: Domain, invert: Invert | None = None) -> Photo:
    """The codes of an uploaded picture file: what `invert(picture, domain)` finds in it.

    `invert` (None: `largest_face`) returns `Faces`, or something that holds them as `.faces` and
    whose str is about them. Raises `DeltaEditError` for what is no picture, and what `invert`
    raises: no encoder for this domain, no face found.
    """
    from deltaedit_kit.labs.photo.photos import read_photo

    found = (invert or largest_face)(read_photo(content), domain)
    faces = found if isinstance(found, Faces) else getattr(found, "faces", None)
    if not isinstance(faces, Faces):
        raise DeltaEditError("the inversion returned no faces; choose a sampled face")
    return Photo(faces, "" if found is faces else " ".join(str(found).split()))
