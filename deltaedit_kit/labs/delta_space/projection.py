"""Projections: 512 dimensions on a plane, and how much of the truth is left there.

    PCA     the plane of largest variance: linear, distances shrink but never grow
    t-SNE   neighbours stay neighbours at the scale `perplexity`; distances between groups, sizes
            and densities of groups mean nothing (van der Maaten & Hinton, JMLR 9, 2008)
    UMAP    the same with a graph of `n_neighbors` (McInnes et al., arXiv:1802.03426)

Both clouds are projected together and scaled once, by one number, so that no cloud is moved or
stretched onto the other. A projection says how far it may be believed:

    trustworthiness   1 minus a penalty for neighbours on the plane that are none in space
    kNN recall        share of the k nearest in space that are among the k nearest on the plane

Source of trustworthiness: Venna & Kaski, ICANN 2001, as scikit-learn has it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from deltaedit_kit.labs.delta_space.alignment.pairs import Pair
from deltaedit_kit.support.errors import (
    HIGHEST_SEED,
    DeltaEditError,
    check_number,
    check_whole_number,
)

Method = Literal["pca", "tsne", "umap"]
DEFAULT_PERPLEXITY, DEFAULT_NEIGHBOURS, JUDGED_NEIGHBOURS = 30.0, 15, 10
LEAST_REACH = 1e-3  # rows that differ by less, in itself or beside their size, are scaled first
MOST_JUDGED = 3000  # trustworthiness sorts a table of rows × rows


@dataclass(frozen=True)
class Projection:
    """Points of two clouds on one plane, within [-1, 1], and how far to believe them.

    `first` and `second` are float32 [n, 2]; row k of both belongs to pair k. `setting` is the
    perplexity or n_neighbors, None for PCA. `trust` and `recall` lie in [0, 1]; 1 loses nothing.
    """

    first: Float[np.ndarray, "n 2"]
    second: Float[np.ndarray, "n 2"]
    method: Method
    setting: float | None
    seed: int
    trust: float
    recall: float

    @property
    def title(self) -> str:
        """Method and setting, as a plot should name them."""
        named = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}[self.method]
        knob = {"tsne": "perplexity", "umap": "n_neighbors"}.get(self.method)
        return named if knob is None else f"{named}, {knob} {self.setting:g}"


def project(
    first: ArrayLike,
    second: ArrayLike,
    method: Method = "tsne",
    setting: float | None = None,
    seed: int = 0,
) -> Projection:
    """Project two clouds [n, E] together. Same input and seed, same points (on one machine).

    `setting` is the perplexity of t-SNE (30), the n_neighbors of UMAP (15), nothing for PCA.
    Rows are taken as they are: give unit ones for cosine neighbours. Raises DeltaEditError as
    `Pair.of` does, for an unknown method, for a setting that needs more points than there are, and
    where all rows are equal.
    """
    pair = Pair.of(first, second)
    seed = check_whole_number("seed", seed, 0, HIGHEST_SEED)
    if method not in get_args(Method):
        known = ", ".join(get_args(Method))
        raise DeltaEditError(f"no projection is called {method!r}; use one of {known}")
    setting = _checked_setting(method, setting, 2 * len(pair.first))
    rows = _spread(pair.pooled())
    # Few rows: threads that wait for each other take longer than one, eight times where UMAP ran
    # before, as numba then gives OpenMP more threads than OMP_NUM_THREADS allows.
    with threadpool_limits(1, "openmp"):
        points = scale(_points(rows, method, setting, seed))
    trust, recall = faithfulness(rows, points)
    n = len(pair.first)
    return Projection(points[:n], points[n:], method, setting, seed, trust, recall)


def sweep(
    first: ArrayLike,
    second: ArrayLike,
    method: Literal["tsne", "umap"],
    settings: Sequence[float],
    seed: int = 0,
) -> list[Projection]:
    """The same clouds at several perplexities or n_neighbors, in the order given.

    What stays through a sweep may be structure; what changes is the method's own. Raises as
    `project` does, and for PCA, which has nothing to sweep.
    """
    if method == "pca":
        raise DeltaEditError("PCA has no setting to sweep; use 'tsne' or 'umap'")
    return [project(first, second, method, setting, seed) for setting in settings]


def scale(points: ArrayLike) -> Float[np.ndarray, "m 2"]:
    """All points moved and scaled by one number into [-1, 1]², proportions kept, float32."""
    points = np.asarray(points, dtype=np.float64)
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    reach = np.abs(points - middle).max()
    return ((points - middle) / (reach if reach > 0 else 1.0)).astype(np.float32)


def faithfulness(
    rows: Float[np.ndarray, "m E"], points: Float[np.ndarray, "m 2"]
) -> tuple[float, float]:
    """(trustworthiness, kNN recall) of a projection; of a seeded 3,000 rows where there are more.

    Ten neighbours, fewer where the clouds are too small (trustworthiness needs k < m / 2).
    """
    if len(rows) > MOST_JUDGED:
        chosen = np.random.default_rng(0).choice(len(rows), MOST_JUDGED, replace=False)
        rows, points = rows[chosen], points[chosen]
    k = max(1, min(JUDGED_NEIGHBOURS, (len(rows) - 1) // 2))
    near_rows, near_points = _nearest(rows, k), _nearest(points, k)
    shared = (near_rows[:, :, None] == near_points[:, None, :]).any(axis=2)
    trust = trustworthiness(rows, points, n_neighbors=k) if 2 * k < len(rows) else 1.0
    return float(trust), float(shared.mean())


def _spread(rows: Float[np.ndarray, "m E"]) -> Float[np.ndarray, "m F"]:
    """Rows in float32, at least two columns, with differences that float32 does not swallow.

    Raises DeltaEditError where all are equal: a method would divide by their spread of 0, and
    scikit-learn's t-SNE then ends the process.
    """
    middle = rows.mean(axis=0)
    reach, peak = float(np.abs(rows - middle).max()), float(np.abs(rows).max())
    # The mean of equal rows is off by its own rounding.
    if reach <= 1e-14 * peak:
        raise DeltaEditError(
            f"all {len(rows)} rows of the two clouds are equal, so a plane shows a single point; "
            "look at how they were embedded"
        )
    if reach < LEAST_REACH or reach < LEAST_REACH * peak:
        rows = (rows - middle) / reach
    if rows.shape[1] == 1:  # a line is a plane whose other side is empty
        rows = np.column_stack((rows, np.zeros(len(rows))))
    return rows.astype(np.float32)


def _nearest(rows: np.ndarray, k: int) -> np.ndarray:
    return NearestNeighbors(n_neighbors=k).fit(rows).kneighbors(return_distance=False)


def _checked_setting(method: Method, setting: float | None, count: int) -> float | None:
    if method == "pca":
        return None
    if method == "tsne":
        value = check_number("perplexity", DEFAULT_PERPLEXITY if setting is None else setting, 1.0)
        if 3 * value > count - 1:  # t-SNE looks at 3 perplexities of neighbours
            most = max(1, (count - 1) // 3)
            raise DeltaEditError(
                f"perplexity {value:g} needs more than {3 * value:g} points, got {count}; "
                f"give at most {most}, or larger clouds"
            )
        return value
    neighbours = check_whole_number(
        "n_neighbors", DEFAULT_NEIGHBOURS if setting is None else setting, 2
    )
    if neighbours >= count:
        raise DeltaEditError(
            f"n_neighbors {neighbours} needs more than {neighbours} points, got {count}; "
            f"give at most {count - 1}, or larger clouds"
        )
    return float(neighbours)


def _points(rows: np.ndarray, method: Method, setting: float | None, seed: int) -> np.ndarray:
    if setting is None:  # PCA has none
        return PCA(2, svd_solver="full").fit_transform(rows)
    if method == "tsne":
        tsne = TSNE(2, perplexity=setting, init="pca", learning_rate="auto", random_state=seed)
        return tsne.fit_transform(rows)
    import umap  # numba compiles for seconds: only those who ask for it wait

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="n_jobs value")  # a seed means one thread
        warnings.filterwarnings("ignore", message="'force_all_finite'")  # with an older umap
        warnings.filterwarnings("ignore", message="Spectral initiali")
        # On few points the spectral start needs more eigenvectors than there are.
        start = "spectral" if len(rows) > 20 else "random"
        model = umap.UMAP(n_neighbors=int(setting), random_state=seed, n_jobs=1, init=start)
        return np.asarray(model.fit_transform(rows))
