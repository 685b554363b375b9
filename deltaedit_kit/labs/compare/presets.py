"""Settings of the comparison, by name: what was published, what a CPU can afford, what to try.

    default     the published hyper-parameters, DeltaEdit's as the domain measured them
    short       the same with fewer steps, for the three methods that optimise, on a CPU; a
                method that optimises nothing has only a default, and is listed under that name
    best        `short` with what `tuning` chose from `GRIDS` on sentences of their own

A shortened walk keeps its reach: TediGAN's 200 steps of 0.01 become 15 of 0.13. What shortening
costs is measured by `python -m benchmarks.toyfaces_steps`.
"""

from __future__ import annotations

from typing import Any

from deltaedit_kit.domain import Domain
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.compare.baselines import METHODS

Values = dict[str, Any]
NAMES = ("default", "short", "best")

SHORT: dict[str, Values] = {
    "styleclip-optimisation": {"steps": 15, "fast": True},
    "styleclip-mapper": {"steps": 60, "batch": 4, "fast": True},
    "tedigan": {"steps": 15, "lr": 0.13, "fast": True},
}
QUICK: dict[str, Values] = {
    "styleclip-optimisation": {"steps": 3, "fast": True},
    "styleclip-mapper": {"steps": 3, "batch": 2, "codes": 16, "fast": True},
    "tedigan": {"steps": 3, "lr": 0.1, "fast": True},
}
# Besides these, every point of a grid is evaluated at every strength of the run.
GRIDS: dict[str, list[Values]] = {
    "deltaedit": [{"threshold": 0.03}, {"threshold": 0.06}, {"threshold": 0.1}],
    "styleclip-directions": [{"threshold": 0.1}, {"threshold": 0.2}, {"threshold": 0.3}],
    "styleclip-optimisation": [{"l2": 0.0005}, {"l2": 0.002}, {"l2": 0.008}],
    "styleclip-mapper": [{"l2": 0.2}, {"l2": 0.8}, {"l2": 2.0}],
    "tedigan": [{"clip": 0.5}, {"clip": 1.0}, {"clip": 3.0}],
}
# Methods that work hard for every single picture get the first faces of the set only.
PER_PICTURE = ("styleclip-optimisation", "tedigan")


def settings_of(method: str, name: str, domain: Domain, quick: bool = False) -> Values:
    """What replaces a method's published settings. DeltaEditError for unknown names."""
    if method not in METHODS:
        raise DeltaEditError(f"no method {method[:40]!r}; known: {', '.join(METHODS)}")
    if name not in NAMES:
        raise DeltaEditError(f"no settings are called {name[:40]!r}; use {', '.join(NAMES)}")
    if quick:
        return dict(QUICK.get(method, {}))
    if name == "default" or domain.device.type != "cpu":
        return {}
    return dict(SHORT.get(method, {}))


def label_of(method: str, name: str, domain: Domain, quick: bool = False) -> str:
    """What the table calls it: nobody's default is called short, and nothing short a default."""
    if name == "best":
        return name
    return "short" if settings_of(method, name, domain, quick) else "default"
