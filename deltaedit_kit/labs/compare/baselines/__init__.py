"""DeltaEdit beside the methods that it was compared with, all behind one call.

    method                  what it does for a sentence               per sentence   passes a face
    deltaedit               asks a mapper that learned without text   nothing        one
    styleclip-optimisation  Adam on w+ of this very picture           nothing        hundreds
    styleclip-mapper        trains three small networks               a training     one
    styleclip-directions    one direction of s from relevance R       nothing        one
    tedigan                 Adam on w+, held by the pixels            nothing        hundreds

    from deltaedit_kit.labs.compare.baselines import make
    edit = make("styleclip-directions", domain).edit(faces, "face with glasses")

Every class names its source and takes the published hyper-parameters as defaults. They are written
from the papers and public descriptions; the weights that they need are the domain's.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from deltaedit_kit.support.errors import DeltaEditError, did_you_mean

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain
    from deltaedit_kit.labs.compare.baselines.method import Method

# name -> where its class is, imported when it is asked for
HOMES = {
    "deltaedit": "delta_edit:DeltaEdit",
    "styleclip-optimisation": "latent_optimisation:LatentOptimisation",
    "styleclip-mapper": "latent_mapper:LatentMapper",
    "styleclip-directions": "global_directions:GlobalDirections",
    "tedigan": "tedigan:TediGAN",
}
METHODS = tuple(HOMES)


def method_class(name: str) -> type[Method]:
    """The class of a method; DeltaEditError with the nearest name if there is none."""
    if name not in HOMES:
        advice = did_you_mean(name, METHODS, likeness=0.3)
        raise DeltaEditError(f"no method {str(name)[:40]!r}; {advice}known: {', '.join(METHODS)}")
    module, attribute = HOMES[name].split(":")
    return getattr(import_module(f"{__name__}.{module}"), attribute)


def make(name: str, domain: Domain, **settings: Any) -> Method:
    """The method called `name` for `domain`; `settings` replace its published ones.

    Raises `DeltaEditError` for a name or a setting that does not exist.
    """
    return method_class(name)(domain, settings)
