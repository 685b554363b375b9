"""From a photo back to the codes of a generator, and whether it is still the same person.

    from deltaedit_kit.inversion import invert
    inversion = invert("me.jpg", domain, refine=100);   Editor(domain).edit(inversion.faces, ...)

photos.py     any picture file -> upright RGB
alignment.py  faces on a photo -> FFHQ's crop
e4e.py        crop -> w+ (encoder for editing); toyfaces has its own in domains/toyfaces/encoder.py
encoding.py   the encoder's answer, corrected by a look at what it drew
refining.py   w+ -> a w+ that draws this very picture
fidelity.py   how much of the photo is left: PSNR, identity, CLIP
inverting.py  `invert`: all of these in a row
arcface.py    crop -> unit vector of the person;  ir_se.py: the body that e4e and it share

The names below load their modules at their first use: the readers of checkpoints, which only need
the networks, do not wait for the rest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deltaedit_kit.inversion.alignment import align_face, find_faces
    from deltaedit_kit.inversion.fidelity import Fidelity
    from deltaedit_kit.inversion.inverting import Inversion, invert
    from deltaedit_kit.inversion.photos import read_photo

__all__ = [
    "Fidelity",
    "Inversion",
    "align_face",
    "find_faces",
    "invert",
    "read_photo",
]

_HOME_OF = {
    "Fidelity": "fidelity",
    "Inversion": "inverting",
    "align_face": "alignment",
    "find_faces": "alignment",
    "invert": "inverting",
    "read_photo": "photos",
}


def __getattr__(name: str) -> Any:
    """Import the module that defines a public name when the name is first asked for."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'deltaedit_kit.inversion' has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
