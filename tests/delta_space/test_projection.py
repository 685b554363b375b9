"""Projections by behaviour: seeded, faithful to groups, honest about what the plane lost."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from deltaedit_kit.labs.delta_space.projection import (
    Method,
    Projection,
    faithfulness,
    project,
    scale,
    sweep,
)
from deltaedit_kit.support.errors import DeltaEditError
from tests.delta_space.small_clouds import gaussian

pytestmark = pytest.mark.slow

GROUPS = np.tile(np.arange(4), 12)


def clustered() -> tuple[np.ndarray, np.ndarray]:
    """Two clouds of 48 rows in 20 dimensions, in four groups far from one another."""
    centres = 8 * gaussian(4, 20, seed=7)
    return centres[GROUPS] + gaussian(48, 20, 0), centres[GROUPS] + gaussian(48, 20, 1)


@pytest.fixture(scope="module")
def seen() -> dict[str, Projection]:
    """Each projection once: t-SNE takes a second, UMAP several to compile."""
    return {method: project(*clustered(), method, seed=3) for method in ("pca", "tsne", "umap")}


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_groups_stay_groups(seen: dict[str, Projection], method: str) -> None:
    one = seen[method]
    assert one.first.shape == one.second.shape == (48, 2)
    assert one.first.dtype == np.float32
    points = np.concatenate((one.first, one.second))
    labels = np.tile(GROUPS, 2)
    assert cross_val_score(KNeighborsClassifier(5), points, labels, cv=5).mean() > 0.95
    assert np.abs(points).max() == pytest.approx(1.0)
    assert one.trust > 0.8
    assert 0.1 < one.recall < 1


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_the_same_seed_gives_the_same_points(seen: dict[str, Projection], method: str) -> None:
    again = project(*clustered(), method, seed=3)  # type: ignore[arg-type]
    assert (again.first == seen[method].first).all()
    assert (again.second == seen[method].second).all()


def test_another_seed_moves_umap_but_not_pca(seen: dict[str, Projection]) -> None:
    assert (project(*clustered(), "pca", seed=4).first == seen["pca"].first).all()
    assert not np.allclose(project(*clustered(), "umap", seed=4).first, seen["umap"].first)


def test_pca_is_that_of_both_clouds_together(seen: dict[str, Projection]) -> None:
    wanted = PCA(2, svd_solver="full").fit_transform(np.concatenate(clustered()))
    points = np.concatenate((seen["pca"].first, seen["pca"].second))
    ratios = (
        np.linalg.norm(points - points[0], axis=1)[1:]
        / np.linalg.norm(wanted - wanted[0], axis=1)[1:]
    )
    assert ratios == pytest.approx(np.full(95, ratios[0]), rel=1e-3)


def test_scaling_keeps_proportions_and_the_gap() -> None:
    points = scale([[10.0, 0.0], [14.0, 1.0], [10.0, 2.0]])
    assert points == pytest.approx(np.array([[-1, -0.5], [1, 0], [-1, 0.5]]))
    assert scale([[3.0, 3.0], [3.0, 3.0]]) == pytest.approx(np.zeros((2, 2)))


def test_faithfulness_of_the_truth_and_of_noise() -> None:
    flat = gaussian(80, 2, 0)
    assert faithfulness(flat, flat) == (1.0, 1.0)
    trust, recall = faithfulness(flat, gaussian(80, 2, 1))
    assert trust < 0.7
    assert recall < 0.3


def test_judging_a_large_cloud_takes_a_sample_of_it() -> None:
    rows = gaussian(3500, 2, 0)
    assert faithfulness(rows, rows) == (1.0, 1.0)


def test_sweep_keeps_the_order_and_names_the_setting() -> None:
    few = tuple(cloud[:30] for cloud in clustered())
    steps = sweep(*few, "tsne", [15, 2])
    assert [step.setting for step in steps] == [15, 2]
    assert steps[0].title == "t-SNE, perplexity 15"
    with pytest.raises(DeltaEditError, match="PCA has no setting"):
        sweep(*few, "pca", [1])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second", "options", "message"),
    [
        (np.full((9, 2), np.nan), np.ones((9, 2)), {}, "NaN or infinity in 9 of 9 rows"),
        (np.ones((1, 2)), np.ones((1, 2)), {}, "at least 2 pairs, got 1"),
        (np.ones((9, 2)), np.ones((8, 2)), {}, "rows do not pair up"),
        (np.eye(9), np.eye(9), {}, "perplexity 30 needs more than 90 points, got 18; .* most 5"),
        (np.eye(9), np.eye(9), {"setting": 0.2}, "perplexity is 0.2; give a finite number >= 1"),
        (np.eye(5), np.eye(5), {"method": "umap"}, "n_neighbors 15 needs .* got 10; .* most 9"),
        (np.eye(9), np.eye(9), {"method": "umap", "setting": 2.5}, "n_neighbors is 2.5"),
        (np.eye(9), np.eye(9), {"method": "map"}, "no projection is called 'map'; use one of pca"),
        (np.eye(9), np.eye(9), {"seed": -1}, "seed is -1"),
    ],
)
def test_wrong_input_is_one_line(first, second, options, message: str) -> None:
    with pytest.raises(DeltaEditError, match=message) as caught:
        project(first, second, **options)
    assert "\n" not in str(caught.value)


def test_the_smallest_clouds_that_work() -> None:
    two = project([[0.0, 0], [4, 0]], [[0.0, 1], [4, 1]], "pca")  # flat already: nothing is lost
    assert (two.trust, two.recall) == (1.0, 1.0)
    assert project(np.eye(3), np.eye(3) + 1, "umap", 2).first.shape == (3, 2)
    assert project(np.eye(3), np.eye(3) + 1, "tsne", 1).first.shape == (3, 2)


G = gaussian(20, 8, 0)
ONE_APART = np.ones((20, 8)) + np.eye(20, 8) * (np.arange(20) == 0)[:, None]
METHODS = {"pca": None, "tsne": 5, "umap": 5}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [0.0, 1.0, 0.1, 1e-30, -3e9])
@pytest.mark.parametrize("width", [1, 8])
def test_clouds_without_spread_are_one_line(method: Method, value: float, width: int) -> None:
    """scikit-learn's t-SNE ends the process here."""
    cloud = np.full((20, width), value)
    with pytest.raises(DeltaEditError, match="rows of the two clouds are equal"):
        project(cloud, cloud[::-1], method, METHODS[method])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (ONE_APART, np.ones((20, 8))),
        (np.ones((20, 8)), np.full((20, 8), 2.0)),
        (np.repeat(G[:4], 5, axis=0), np.repeat(G[4:8], 5, axis=0)),
        (G, G),
        (G[:, :1], -G[:, :1]),
        (np.ones((20, 1)), np.zeros((20, 1))),
        (np.arange(20.0)[:, None] * np.ones(8), np.arange(20.0)[:, None] * np.ones(8)),
        (G * 1e11, G[::-1] * 1e11),
        (G * 1e-30, G[::-1] * 1e-30),
        (1 + G * 1e-9, 1 + G[::-1] * 1e-9),
        (np.concatenate((G[:-1], 1e10 * G[-1:])), G),
        (G > 0, G < 0),
    ],
    ids=["one apart", "two values", "repeated", "equal", "width 1", "width 1, two values", "line",
         "large", "small", "small beside their size", "far outlier", "bool"],
)  # fmt: skip
def test_poor_clouds_have_a_plane(first, second, method: Method) -> None:
    one = project(first, second, method, METHODS[method])
    points = np.concatenate((one.first, one.second))
    assert np.abs(points).max() == pytest.approx(1.0)
    assert 0 <= one.recall <= 1
    assert 0 <= one.trust <= 1


def test_a_scale_that_floats_can_hold_changes_nothing_else() -> None:
    for factor in (1e-30, 1e-5, 1e9):
        small = project(G * factor, G[::-1] * factor, "pca")
        assert small.first == pytest.approx(project(G, G[::-1], "pca").first, abs=1e-4)
