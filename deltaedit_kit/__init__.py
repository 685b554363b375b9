"""DeltaEdit Kit: text-free training, text-driven editing of a StyleGAN2 (arXiv:2303.06285).

    domain/        what is edited: `load_domain("toyfaces")` -> generator, CLIP, mapper, R
    stylegan2/     z -> w -> w+ -> s -> picture;  stylespace names the channels of s
    clip_space     pictures and texts -> unit vectors;  Δt = text(target) - text(neutral)
    codes/, train  pairs (s, i) of sampled pictures -> mapper, without any text
    mapper         DeltaMapper: (s, i, Δ) -> Δs;  relevance: which channels a text may touch
    editor         Editor: picture(s + strength · Δs · kept), the one call everything else shows
    io/            published formats, downloads, declarations of one's own domains
    toyfaces/      the embedded domain;  labs/: lessons, studio, comparison, command line
    support/       errors, devices, files, pictures

Nothing heavy is imported here: a name loads its module at its first use (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain
    from deltaedit_kit.domain.faces import Faces
    from deltaedit_kit.domain.spec import DomainSpec
    from deltaedit_kit.editor import Edit, Editor
    from deltaedit_kit.io.loading import load_domain
    from deltaedit_kit.labs.photo.inverting import Inversion, invert
    from deltaedit_kit.support.errors import DeltaEditError

__version__ = "0.1.0"

__all__ = [
    "DeltaEditError",
    "Domain",
    "DomainSpec",
    "Edit",
    "Editor",
    "Faces",
    "Inversion",
    "__version__",
    "invert",
    "load_domain",
]

_HOME_OF = {
    "DeltaEditError": "deltaedit_kit.support.errors",
    "Domain": "deltaedit_kit.domain",
    "DomainSpec": "deltaedit_kit.domain.spec",
    "Edit": "deltaedit_kit.editor",
    "Editor": "deltaedit_kit.editor",
    "Faces": "deltaedit_kit.domain.faces",
    "Inversion": "deltaedit_kit.labs.photo.inverting",
    "invert": "deltaedit_kit.labs.photo.inverting",
    "load_domain": "deltaedit_kit.io.loading",
}


def __getattr__(name: str) -> Any:
    """Import the module that defines a public name when the name is first asked for."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'deltaedit_kit' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value  # the next use finds it without coming back here
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
