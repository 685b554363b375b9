"""A measured number together with what it must be compared with.

Idea: "0.11" says nothing. A measure carries its reference, which is either an *ideal* (what two
clouds that coincide would give) or a *null* (what clouds without any correspondence give), and the
direction in which it gets better. Where they exist, a confidence interval and a p-value come too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower", "nearer"]  # "nearer": to the reference, from either side


@dataclass(frozen=True)
class Measure:
    """One result: `value`, the `reference` ("ideal" or "null" by `kind`), and `better`.

    `low` and `high` bound a 95 % interval; `p` is the chance of a value at least this far from
    the null if the null were true. All three are None where a measure has none.
    """

    name: str
    value: float
    reference: float
    kind: Literal["ideal", "null"]
    better: Better
    low: float | None = None
    high: float | None = None
    p: float | None = None

    def __str__(self) -> str:
        parts = [f"{self.name} {self.value:.3f}"]
        if self.low is not None and self.high is not None:
            parts.append(f"[{self.low:.3f}, {self.high:.3f}]")
        parts.append(f"({self.kind} {self.reference:.3g}, {self.better} is better)")
        if self.p is not None:
            parts.append(f"p = {self.p:.3f}")
        return " ".join(parts)
