"""Settings of the comparison, by name: what was published, what a CPU can afford, what to try.

    default     the published hyper-parameters, DeltaEdit's as the domain measured them
    short       the same with fewer steps, for the three methods that optimise, on a CPU; a
                method that optimises nothing has only a default, and is listed under that name
    best        `short` with what `tuning` chose from the method's `grid` on sentences of its own

A shortened walk keeps its reach: TediGAN's 200 steps of 0.01 become 15 of 0.13. What shortening
costs is measured by `python -m benchmarks.toyfaces_steps`. The numbers are the methods' own: each
class names its `short`, `quick` and `grid`.
"""

from __future__ import annotations

from typing import Any

from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.compare.baselines import method_class
from deltaedit_kit.support.errors import DeltaEditError

Values = dict[str, Any]
NAMES = ("default", "short", "best")


def settings_of(method: str, name: str, domain: Domain, quick: bool = False) -> Values:
    """What replaces a method's published settings. DeltaEditError for unknown names."""
    if name not in NAMES:
        raise DeltaEditError(f"no settings are called {name[:40]!r}; use {', '.join(NAMES)}")
    found = method_class(method)
    if quick:
        return dict(found.quick)
    if name == "default" or domain.device.type != "cpu":
        return {}
    return dict(found.short)


def label_of(method: str, name: str, domain: Domain, quick: bool = False) -> str:
    """What the table calls it: nobody's default is called short, and nothing short a default."""
    if name == "best":
        return name
    return "short" if settings_of(method, name, domain, quick) else "default"
