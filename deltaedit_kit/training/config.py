"""What a training run is, as plain data: the published schedule is the default.

    Adam 0.5 for weights stored 100 times too large, batch 64, 201,562 steps = 12.9 million pairs,
    L = l2_weight · mean squared error + cosine_weight · (1 - mean cosine)

Idea: everything that decides the weights stands here, and nothing else does; so two runs with
equal configs and codes end in equal weights, and a checkpoint can tell whose it is.

A class has a minute, not the published days. Eight layers one after another learn several times
faster from orthogonal matrices, which neither stretch nor squeeze a signal, and then bear far
higher rates if these are reached slowly: `orthogonal`, `warm_up`, `beta2`, `learning_rate`.

Citation: arXiv:2303.06285, section 3.3 and the released training options; orthogonal starts: Saxe
et al. 2014, arXiv:1312.6120; warm-up: Goyal et al. 2017, arXiv:1706.02677.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from deltaedit_kit.errors import DeltaEditError, finite_number, whole_number

GROUPS = ("coarse", "medium", "fine")


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of `train_mapper`. Raises DeltaEditError for settings that make no sense."""

    steps: int = 201_562
    batch: int = 64  # pairs a step, over all processes
    learning_rate: float = 0.5  # for weights stored 100 times too large (lr_mul 0.01)
    schedule: str = "constant"  # or "cosine": from learning_rate down to 0 at the last step
    warm_up: int = 0  # steps in which the rate grows to what the schedule says
    beta2: float = 0.999  # share that Adam keeps of the running average of squared gradients
    orthogonal: bool = False  # begin with orthogonal matrices instead of normal ones, equally large
    l2_weight: float = 1.0
    cosine_weight: float = 1.0
    ema: float = 0.0  # share kept of the running average of weights; 0 trains without
    held_out: float = 0.02  # share of the codes that only validation sees
    family: int = 1  # codes lie in families of this many relatives: most pairs are such
    seed: int = 0
    report_every: int = 500
    save_every: int = 2000
    precision: str = "fp32"  # or "bf16": products in bfloat16, weights and sums in float32
    accumulate: int = 1  # a step's pairs in this many passes, to fit into memory
    compile: bool = False  # torch.compile; on a GPU with CUDA graphs
    patience: int = 0  # stop after this many reports without a better validation; 0 never
    # Ablations: one switch each.
    condition_on_image: bool = True  # False: the mapper is not told i1, only the direction
    group: str | None = None  # "coarse", "medium" or "fine": learn and move this group only
    space: str = "s"  # or "w_plus": the same network on w+ instead of s
    fixed_pairs: bool = False  # True: every code meets one partner all along, not any other code
    limit: int | None = None  # learn from so many codes only; the held-out ones stay the same

    def __post_init__(self) -> None:
        choices = {
            "schedule": ("constant", "cosine"),
            "precision": ("fp32", "bf16"),
            "space": ("s", "w_plus"),
            "group": (None, *GROUPS),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                listed = ", ".join(repr(choice) for choice in allowed)
                raise DeltaEditError(f"{name} is {getattr(self, name)!r}; give one of {listed}")
        for name in ("steps", "batch", "report_every", "save_every", "accumulate", "family"):
            whole_number(name, getattr(self, name), 1)
        for name in ("patience", "warm_up"):
            whole_number(name, getattr(self, name), 0)
        whole_number("seed", self.seed, 0, 2**63 - 1)
        if self.limit is not None:
            whole_number("limit", self.limit, 2)
        if not 0 <= self.ema < 1 or not 0 <= self.beta2 < 1 or not 0 < self.held_out < 1:
            raise DeltaEditError("ema and beta2 must lie in [0, 1) and held_out in (0, 1)")
        if not finite_number("learning_rate", self.learning_rate) > 0:
            raise DeltaEditError(f"learning_rate is {self.learning_rate}; give a number > 0")
        weights = [finite_number(n, getattr(self, n)) for n in ("l2_weight", "cosine_weight")]
        if min(weights) < 0 or sum(weights) <= 0:
            raise DeltaEditError("l2_weight and cosine_weight must be >= 0, and one of them > 0")

    def rate(self, step: int) -> float:
        """The learning rate of step `step`, counted from 0."""
        rate = self.learning_rate * min(1.0, (step + 1) / max(1, self.warm_up))
        if self.schedule == "constant":
            return rate
        return rate * 0.5 * (1 + math.cos(math.pi * step / self.steps))
