"""Two clouds as a whole, and row by row: does a row of one know its partner in the other?

    gap    = | mean(x) - mean(y) |            RMSE = sqrt( mean over k, e of (x_ke - y_ke)² )
    margin = mean_k cos(x_k, y_k) - mean_{k≠l} cos(x_k, y_l)
    R@k    = share of rows whose partner is among the k rows of the other cloud nearest by cosine

The gap is "the modality gap" of Liang et al., Mind the Gap, NeurIPS 2022 (arXiv:2203.02053). Be
careful with it: subtracting each cloud's own mean makes it 0 whatever the clouds are, and so does
taking differences of exchangeable pairs, since then d and -d are equally likely and the mean is 0.

Margin and R@k are what an edit by text needs: Δt must point where *its* Δi points, not merely where
the others do. Neither can be had by moving a cloud as a whole to where the other one is.

Source: R@k as in Radford et al., CLIP, arXiv:2103.00020, section 3 (retrieval); the interval of the
margin is the jackknife's (Tukey 1958), for one row takes part in n cosines.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from sklearn.metrics import root_mean_squared_error

from deltaedit_kit.labs.delta_space.alignment.measure import Measure
from deltaedit_kit.labs.delta_space.alignment.pairs import Pair
from deltaedit_kit.labs.metrics.interval import student_reach
from deltaedit_kit.support.errors import check_whole_number

Way = Literal["picture to text", "text to picture"]


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


def cosines(pair: Pair) -> Float[np.ndarray, "n n"]:
    """cos(x_k, y_l) for all k, l. Raises DeltaEditError for a row of zeros."""
    first, second = pair.unit()
    return first @ second.T


def paired_cosine(first: ArrayLike, second: ArrayLike) -> Measure:
    """Mean cosine of rows that belong together; its null is the mean of all other pairs.

    Compare with that null: two clouds in one narrow cone have a high cosine for any two rows.
    Raises DeltaEditError as `Pair.of` does and for a row of zeros.
    """
    table = cosines(Pair.of(first, second))
    return Measure(
        "paired cosine", float(np.diag(table).mean()), _unpaired(table), "null", "higher"
    )


def cosine_margin(first: ArrayLike, second: ArrayLike) -> Measure:
    """Paired minus unpaired cosine with a 95 % interval over the pairs; null 0.

    The interval is Student's, of the jackknife: what the margin owes to pair k is own_k minus the
    mean of row k and minus that of column k. Raises DeltaEditError as `paired_cosine`, and for two
    pairs.
    """
    table = cosines(Pair.of(first, second, at_least=3))
    n, own = len(table), np.diag(table)
    # n · margin - (n - 1) · (margin without pair k), up to a number that all k share.
    owed = own - (table.sum(axis=0) + table.sum(axis=1) - 2 * own) / (n - 2)
    reach = float(student_reach(n) * owed.std(ddof=1) / np.sqrt(n))
    value = float(own.mean()) - _unpaired(table)
    return Measure(
        "paired - unpaired cosine", value, 0.0, "null", "higher", value - reach, value + reach
    )


def retrieval(
    first: ArrayLike, second: ArrayLike, k: int = 1, way: Way = "picture to text"
) -> Measure:
    """R@k from rows of `first` (pictures) to rows of `second` (texts), or back; null k / n.

    A partner that ties with others counts as the last of them, so a constant cloud earns
    nothing. Raises DeltaEditError as `paired_cosine`, and for a k outside [1, n].
    """
    table = cosines(Pair.of(first, second))
    n = len(table)
    k = check_whole_number("k", k, 1, n)
    scores = table if way == "picture to text" else table.T
    own = np.diag(scores)[:, None]
    # Rounding makes equal rows differ in the last digits; they are ties all the same.
    ahead = (scores >= own - 1e-12).sum(axis=1) - 1
    arrow = "i→t" if way == "picture to text" else "t→i"
    return Measure(f"R@{k} {arrow}", float((ahead < k).mean()), k / n, "null", "higher")


def _unpaired(table: np.ndarray) -> float:
    n = len(table)
    return float((table.sum() - np.trace(table)) / (n * (n - 1)))
