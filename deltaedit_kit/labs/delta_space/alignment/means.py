"""Distance of the means and root mean squared error: how far apart two clouds lie as a whole.

    gap  = | mean(x) - mean(y) |             RMSE = sqrt( mean over k, e of (x_ke - y_ke)² )

The gap is "the modality gap" of Liang et al., Mind the Gap, NeurIPS 2022 (arXiv:2203.02053). Be
careful with it: subtracting each cloud's own mean makes it 0 whatever the clouds are, and so does
taking differences of exchangeable pairs, since then d and -d are equally likely and the mean is 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import root_mean_squared_error

from deltaedit_kit.labs.delta_space.alignment.measure import Measure
from deltaedit_kit.labs.delta_space.alignment.pairs import Pair


def mean_gap(first: ArrayLike, second: ArrayLike) -> Measure:
    """Euclidean distance of the means of two clouds [n, E]; ideal 0.

    Raises DeltaEditError as `Pair.of` does.
    """
    pair = Pair.of(first, second, at_least=1)
    gap = np.linalg.norm(pair.first.mean(axis=0) - pair.second.mean(axis=0))
    return Measure("gap of the means", float(gap), 0.0, "ideal", "lower")


def rmse(first: ArrayLike, second: ArrayLike) -> Measure:
    """RMSE between rows that belong together, in units of the features; ideal 0.

    Raises DeltaEditError as `Pair.of` does.
    """
    pair = Pair.of(first, second, at_least=1)
    error = root_mean_squared_error(pair.first.ravel(), pair.second.ravel())
    return Measure("RMSE of pairs", float(error), 0.0, "ideal", "lower")
