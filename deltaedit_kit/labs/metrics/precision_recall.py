"""Precision and recall of a generator: what is drawn well, and how much of the world is drawn.

    precision   share of generated pictures within the ball of a real one
    recall      share of real pictures within the ball of a generated one

A picture's ball reaches to its k-th neighbour of its own kind, in a feature network's space. Both
are about .9 for two sets of one kind of a thousand pictures, and 0 for sets far apart.

Source: Kynkäänniemi et al. 2019 (arXiv:1904.06991), k = 3.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.labs.metrics.features import check_clouds

NEIGHBOUR = 3  # k


def precision_recall(real: Float[Tensor, "n D"], made: Float[Tensor, "m D"]) -> tuple[float, float]:
    """(precision, recall), each in [0, 1], of features of real and generated pictures.

    Raises DeltaEditError for features of different widths, NaN, and no more than three rows.
    """
    check_clouds(real, made, rows=NEIGHBOUR + 1)  # each row has k others
    return _covered(made, real), _covered(real, made)


def _covered(points: Tensor, centres: Tensor) -> float:
    """Share of `points` within reach of one of `centres`."""
    distances = torch.cdist(centres, centres)
    reach = distances.kthvalue(NEIGHBOUR + 1, dim=1).values  # the first is itself
    return float((torch.cdist(points, centres) <= reach).any(dim=1).float().mean())
