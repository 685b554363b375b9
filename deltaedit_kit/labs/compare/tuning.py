"""The best setting of a method, found on sentences and faces that the table never sees.

    score = success - PRICE · side effect           with an oracle
    score = directional similarity · IDS            without one

Every method gets as many settings to try, each at every strength of the run. PRICE says what a
change that nobody asked for costs: at 5, moving all other factors by a twentieth of their range
outweighs a success on every fourth face. The choice is the kit's; change it and look what happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from deltaedit_kit.labs.compare.runs import Run

PRICE = 5.0


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
