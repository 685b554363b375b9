"""Training the mapper from pairs of pictures; this package cannot see a text.

Idea: any two codes are a lesson. From (s1, i1) and (s2, i2) the mapper is asked for the way from
the first style to the second, told only the direction of the way between their embeddings:

    d = (i2 - i1) / |i2 - i1|      Δŝ = M(s1, i1, d)      L = mean (Δŝ - Δs)² + 1 - mean cos(Δŝ, Δs)

    config.py   what a run is            pairs.py     codes -> lessons      loss.py   L, validation
    network.py  effective weights, Adam  state.py     the checkpoint        loop.py   train_mapper
    speed.py    share of peak

Citation: arXiv:2303.06285, section 3.3, equations 3 and 4.
"""

from __future__ import annotations

from deltaedit_kit.training.config import TrainingConfig
from deltaedit_kit.training.loop import Report, train_mapper
from deltaedit_kit.training.loss import Loss, delta_loss, validate
from deltaedit_kit.training.pairs import Pairs, draw_indices, pairs_at, split_rows
from deltaedit_kit.training.state import TrainingState

__all__ = [
    "Loss",
    "Pairs",
    "Report",
    "TrainingConfig",
    "TrainingState",
    "delta_loss",
    "draw_indices",
    "pairs_at",
    "split_rows",
    "train_mapper",
    "validate",
]
