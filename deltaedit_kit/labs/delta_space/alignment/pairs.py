"""Two clouds whose rows belong together, and the changes of them that serve as controls.

    x_k, y_k  [n, E]     row k of both shows the same thing, once as a picture, once as a text
    unit      x / |x|                          only the direction counts, as in CLIP
    centre    x - mean(x)                      takes away the distance of the means, nothing else
    random_differences  x_b - x_a, y_b - y_a   a, b drawn at random: exchangeable pairs
    shuffle   y in another order               all that is left is not correspondence

The two controls that matter: whatever a difference of features gains must be more than what
centring alone gains, and more than what pairs in a wrong order show.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike
from torch import Tensor

from deltaedit_kit.support.errors import DeltaEditError, check_whole_number

Rows = Float[np.ndarray, "n E"]
LARGEST = 1e12  # squares and their sums stay exact enough in float64, and finite in float32


class Pair(NamedTuple):
    """Two checked clouds, float64 [n, E]; row k of `first` belongs to row k of `second`."""

    first: Rows
    second: Rows

    @classmethod
    def of(cls, first: ArrayLike, second: ArrayLike, at_least: int = 2) -> Pair:
        """Check two arrays (numpy, lists, torch of any kind).

        Raises DeltaEditError for shapes that are not [n, E] twice, for differing numbers of rows
        or widths, for fewer than `at_least` rows, and for numbers that are not finite
        or beyond 1e12.
        """
        pair = cls(_matrix("first", first), _matrix("second", second))
        shapes = f"{list(pair.first.shape)} and {list(pair.second.shape)}"
        if pair.first.shape[0] != pair.second.shape[0]:
            raise DeltaEditError(
                f"the clouds have shapes {shapes}: their rows do not pair up; "
                "give one picture row for each text row"
            )
        if pair.first.shape[1] != pair.second.shape[1]:
            raise DeltaEditError(
                f"the clouds have shapes {shapes}; embed both with the same CLIP, "
                "so that they have one width"
            )
        if len(pair.first) < at_least:
            raise DeltaEditError(
                f"this measure needs at least {at_least} pairs, got {len(pair.first)}; "
                "give larger clouds, or fewer neighbours"
            )
        return pair

    def unit(self) -> Pair:
        """Both clouds with rows of length 1; see `unit`."""
        return Pair(unit(self.first), unit(self.second))

    def pooled(self) -> Float[np.ndarray, "2n E"]:
        """Both clouds in one array, `first` on top."""
        return np.concatenate(self)


def unit(rows: ArrayLike) -> Rows:
    """Rows [n, E] divided by their length. Raises DeltaEditError for a row of length 0."""
    rows = _matrix("cloud", rows)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    if (length == 0).any():
        row = int(np.flatnonzero(length[:, 0] == 0)[0])
        raise DeltaEditError(
            f"row {row} is all zeros and has no direction; leave it out "
            "(the difference of two equal pictures is such a row)"
        )
    return rows / length


def centre(rows: ArrayLike) -> Rows:
    """Rows minus their mean [n, E]: the cheapest way to bring two clouds together."""
    rows = _matrix("cloud", rows)
    return rows - rows.mean(axis=0)


def shuffle(pair: Pair, seed: int = 0) -> Pair:
    """The second cloud in another order, so that no row keeps its partner."""
    return Pair(pair.first, pair.second[partners(len(pair.first), seed, stream=0)])


def random_differences(pair: Pair, seed: int = 0) -> Pair:
    """Differences of pairs drawn at random: first_k - first_a beside second_k - second_a.

    k runs over all rows once, and so does a ≠ k: n differences from n pairs.
    """
    start = partners(len(pair.first), seed, stream=1)
    return Pair(pair.first - pair.first[start], pair.second - pair.second[start])


def partners(n: int, seed: int, stream: int) -> Int[np.ndarray, " n"]:
    """Another row for every row, each taken once: a step along a random cycle.

    Streams are independent. Differences and their shuffling must use two: along one and the same
    cycle x_b - x_a would meet y_c - y_b, which share b with opposite signs, and look opposed.
    Raises DeltaEditError for n < 2.
    """
    n = check_whole_number("number of pairs", n, 2)
    cycle = np.random.default_rng([seed, stream]).permutation(n)
    rows = np.empty(n, dtype=int)
    rows[cycle] = np.roll(cycle, 1)
    return rows


def _matrix(name: str, values: ArrayLike) -> Rows:
    if isinstance(values, Tensor):  # of any device and precision, part of a graph or not
        values = values.detach().cpu().to_dense().double().numpy()
    try:
        plain = np.asarray(values)
        if plain.dtype.kind not in "fiubO" or np.ma.is_masked(values):
            raise TypeError(f"{plain.dtype}{', masked' if np.ma.is_masked(values) else ''}")
        rows = plain.astype(np.float64)
    except (TypeError, ValueError, RuntimeError, OverflowError) as cause:
        raise DeltaEditError(
            f"the {name} cloud holds no table of numbers ({cause}); give an array [n, E]"
        ) from cause
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise DeltaEditError(f"the {name} cloud has the shape {list(rows.shape)}; give [n, E]")
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(bad):
        raise DeltaEditError(
            f"the {name} cloud has NaN or infinity in {len(bad)} of {len(rows)} rows "
            f"(first: row {bad[0]}); leave those rows out of both clouds"
        )
    peak = float(np.abs(rows).max(initial=0.0))
    if peak > LARGEST:  # before anything is squared
        raise DeltaEditError(f"the {name} cloud reaches {peak:.0e}, as no features do; scale it")
    return rows
