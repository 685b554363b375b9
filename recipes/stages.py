"""A training in stages, for `labs.own_domain.loop.descend`: cosines one after the other.

    rate(k) = min(1, (k + 1) / warm_up) (last + (rate - last) (1 + cos(π k / steps)) / 2)

in each stage, k counted from its own start; optimizer and networks go on. Restarts (SGDR,
Loshchilov & Hutter 2017) let the rare and small catch up when the rest is learned.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from deltaedit_kit.labs.own_domain.loop import Schedule


@dataclass(frozen=True)
class Stage:
    """One cosine, from `rate` to `last`."""

    steps: int
    rate: float
    last: float = 0.0
    warm_up: int = 0  # steps until the full rate

    def rate_at(self, step: int) -> float:
        """The rate of a step of this stage."""
        cosine = 0.5 * (1 + math.cos(math.pi * step / self.steps))
        rising = min(1.0, (step + 1) / self.warm_up) if self.warm_up else 1.0
        return rising * (self.last + (self.rate - self.last) * cosine)


@dataclass(frozen=True)
class Stages(Schedule):
    """All stages as one schedule; those of no steps are passed over."""

    stages: tuple[Stage, ...] = ()

    @classmethod
    def of(cls, stages: Sequence[Stage], memory: float = 0.0, save_every: float = 60.0) -> Stages:
        """A schedule of as many steps as the stages have together."""
        steps, rate = sum(stage.steps for stage in stages), stages[0].rate
        return cls(steps, rate, 0, memory, save_every, tuple(stages))

    def at(self, step: int) -> tuple[int, int]:
        """(number of its stage, step of that stage)."""
        for number, stage in enumerate(self.stages):
            if step < stage.steps:
                return number, step
            step -= stage.steps
        raise IndexError("the last stage is over")

    def rate_at(self, step: int) -> float:
        """The rate of a step of the whole training."""
        number, own = self.at(step)
        return self.stages[number].rate_at(own)
