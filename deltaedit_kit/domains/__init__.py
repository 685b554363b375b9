"""What is edited: a declaration (spec.py), its networks in use (domain.py) and its faces.

    load_domain("toyfaces").sample(4, seed=0)  ->  Faces(s, w_plus, clip, images)

Names are imported at their first use, so that `domains.toyfaces.factors` and its like can be
imported by a recipe without any network.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deltaedit_kit.domains.domain import Domain, Networks
    from deltaedit_kit.domains.faces import Faces, SampleOrigin
    from deltaedit_kit.domains.loading import load_domain
    from deltaedit_kit.domains.spec import DomainSpec

__all__ = ["Domain", "DomainSpec", "Faces", "Networks", "SampleOrigin", "load_domain"]

_HOME_OF = {
    "Domain": "domain",
    "DomainSpec": "spec",
    "Faces": "faces",
    "Networks": "domain",
    "SampleOrigin": "faces",
    "load_domain": "loading",
}


def __getattr__(name: str) -> Any:
    """Import the module that defines a public name when the name is first asked for."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'deltaedit_kit.domains' has no attribute {name!r}")
    return getattr(import_module(f"deltaedit_kit.domains.{_HOME_OF[name]}"), name)
