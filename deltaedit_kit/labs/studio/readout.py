"""What an oracle reads before and after: the factors of the picture as numbers in [0, 1].

    change_k = read(after)_k - read(before)_k,   the largest |change| first

Only a domain whose pictures were drawn from known factors has an oracle; for others there is
nothing to read, and nothing is invented.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.studio.engine import Look


@dataclass(frozen=True)
class FactorChange:
    """One factor, read twice."""

    name: str
    before: float
    after: float

    @property
    def change(self) -> float:
        """after - before."""
        return self.after - self.before


def read_out(domain: Domain, look: Look) -> tuple[FactorChange, ...]:
    """Every factor, the one that moved most first; empty where the domain has no oracle."""
    if domain.read_factors is None:
        return ()
    before, after = domain.read_factors(torch.stack([look.before, look.after])).tolist()
    names = [name.replace("_", " ") for name in domain.factors]
    rows = [FactorChange(*row) for row in zip(names, before, after, strict=True)]
    return tuple(sorted(rows, key=lambda row: -abs(row.change)))
