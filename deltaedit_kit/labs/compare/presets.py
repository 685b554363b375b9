"""Settings of the comparison, by name: what was published, what a CPU can afford, the best of some.

    default     the published hyper-parameters, DeltaEdit's as the domain measured them
    short       the same with fewer steps, for the three methods that optimise, on a CPU; a
                method that optimises nothing has only a default, and is listed under that name
    best        `short` with the point of the method's `grid`, and the strength, of highest score,
                found on sentences and faces that the table never sees

    score = success - PRICE · side effect           with an oracle
    score = directional similarity · IDS            without one

A shortened walk keeps its reach: TediGAN's 200 steps of 0.01 become 15 of 0.13. What shortening
costs is measured by `python -m benchmarks.toyfaces_steps`. The numbers are the methods' own: each
class names its `short`, `quick` and `grid`.

Every method gets as many settings to try, each at every strength of the run. PRICE says what a
change that nobody asked for costs: at 5, moving all other factors by a twentieth of their range
outweighs a success on every fourth face. The choice is the kit's; change it and look what happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.compare.baselines import method_class
from deltaedit_kit.labs.compare.runs import Run
from deltaedit_kit.support.errors import DeltaEditError

NAMES = ("default", "short", "best")
PRICE = 5.0


def check_name(name: str) -> None:
    """DeltaEditError for settings that are unknown."""
    if name not in NAMES:
        raise DeltaEditError(f"no settings are called {name[:40]!r}; use {', '.join(NAMES)}")


def settings_of(method: str, name: str, domain: Domain, quick: bool = False) -> dict[str, Any]:
    """What replaces a method's published settings. DeltaEditError for unknown names."""
    check_name(name)
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


@dataclass(frozen=True)
class Best:
    """The winning settings; `strength` is a multiple of the method's own."""

    settings: dict[str, Any]
    strength: float
    score: float


def score(runs: Sequence[Run], strength: float) -> float:
    """Mean score of the runs at a strength; a failed run counts as the worst, -PRICE."""
    scores = []
    for run in runs:
        values = run.values.get(strength, {})
        if run.status != "ok" or not values:
            scores.append(-PRICE)
        elif "success" in values and not np.isnan(values["success"]).all():
            side = float(np.mean(values["side_effect"]))
            scores.append(float(np.nanmean(values["success"])) - PRICE * side)
        else:
            kept = np.mean(values["ids"]) if "ids" in values else 1.0
            scores.append(float(np.mean(values["directional"]) * kept))
    return float(np.mean(scores)) if scores else -PRICE


def best(candidates: Sequence[tuple[dict[str, Any], Sequence[Run]]]) -> Best:
    """The best of (settings, their runs) pairs over all strengths; the first one wins a tie."""
    found = [
        Best(settings, strength, score(runs, strength))
        for settings, runs in candidates
        for strength in sorted({s for run in runs for s in run.values} or {1.0})
    ]
    return max(found, key=lambda one: one.score)
