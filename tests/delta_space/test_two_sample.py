"""Two-sample tests: power, null, what a linear classifier cannot see; mixing; MMD and its p."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from deltaedit_kit.labs.delta_space.alignment import (
    Pair,
    classifier_test,
    mixing,
    mmd,
    random_differences,
)
from deltaedit_kit.support.errors import DeltaEditError
from tests.delta_space.small_clouds import gaussian, related, unrelated


def test_accuracy_as_scikit_learn_scores_it() -> None:
    pair = Pair(gaussian(50, 4, 0), gaussian(50, 4, 1, shift=0.5))
    folds = GroupKFold(5, shuffle=True, random_state=3)
    groups, labels = np.tile(np.arange(50), 2), np.repeat([0, 1], 50)
    scores = cross_val_score(
        KNeighborsClassifier(5), pair.pooled(), labels, groups=groups, cv=folds
    )
    one = classifier_test(*pair, "knn", k=5, seed=3)
    assert one.value == pytest.approx(scores.mean())  # equal folds, so equal means


@pytest.mark.parametrize("kind", ["knn", "linear"])
def test_tells_distant_clouds_apart(kind) -> None:
    one = classifier_test(gaussian(60, 4, 0), gaussian(60, 4, 1, shift=3.0), kind)
    assert one.value > 0.95
    assert one.p is not None
    assert one.p < 1e-6
    assert one.low is not None
    assert one.low > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["knn", "linear"])
def test_null_p_values_are_uniform_or_careful(kind) -> None:
    """Accuracy is a count, so p comes in steps: no small p is more frequent than it should be."""
    p = [classifier_test(*unrelated(40, 3, seed), kind, k=5, folds=4).p for seed in range(100)]
    values = np.array(p, dtype=float)
    spread = np.random.default_rng(0).uniform(-0.04, 0.04, 100)  # half a step of the count
    assert kstest(np.clip(values + spread, 0, 1), "uniform", alternative="greater").pvalue > 0.01
    assert np.mean(values < 0.05) < 0.12
    assert 0.35 < np.median(values) < 0.75


def test_linear_is_blind_to_differences_of_random_pairs_and_knn_is_not() -> None:
    apart = Pair(gaussian(400, 6, 0), gaussian(400, 6, 1, shift=5.0, spread=3.0))
    assert classifier_test(*apart, "linear").value > 0.95
    differences = random_differences(apart)
    assert classifier_test(*differences, "linear").value < 0.56
    assert classifier_test(*differences, "knn").value > 0.7


def test_partners_are_never_teachers() -> None:
    """With its exact partner in the training set, one-nearest-neighbour would always be wrong."""
    first = gaussian(100, 4, 0)
    assert classifier_test(first, first, "knn", k=1).value == pytest.approx(0.5, abs=0.1)


def test_wrong_input_of_a_classifier_is_one_line() -> None:
    with pytest.raises(DeltaEditError, match="no classifier is called 'svm'"):
        classifier_test(*related(), "svm")  # type: ignore[arg-type]
    with pytest.raises(DeltaEditError, match="at least 7 pairs, got 6"):
        classifier_test(*related(6), "knn", k=10)
    assert classifier_test(*related(7), "knn", k=10).value <= 1
    # Of 6 pairs in 5 folds the largest takes 2: 8 rows are left to teach, and 9 are asked.
    with pytest.raises(DeltaEditError, match="at least 7 pairs, got 6"):
        classifier_test(*related(6), "knn", k=9)
    for folds in (2, 3, 7):
        for n in range(folds, 16):
            k = 2 * (n - -(-n // folds))  # as many neighbours as the largest fold leaves
            assert classifier_test(*related(n), "knn", k, folds).value <= 1


def mixing_by_hand(first: np.ndarray, second: np.ndarray, k: int) -> float:
    rows, n = np.concatenate((first, second)), len(first)
    shares = []
    for row in range(2 * n):
        distances = np.linalg.norm(rows - rows[row], axis=1)
        distances[row] = np.inf
        nearest = np.argsort(distances)[:k]
        shares.append(np.mean((nearest >= n) != (row >= n)))
    return float(np.mean(shares))


def test_mixing_as_counted_by_hand() -> None:
    first, second = unrelated(40, 5).first, gaussian(40, 5, seed=9, shift=0.8)
    assert mixing(first, second, 7).value == pytest.approx(mixing_by_hand(first, second, 7))


def test_apart_together_and_paired_too_well() -> None:
    first = gaussian(200, 5, seed=0)
    assert mixing(first, first + 50.0).value == 0.0
    together = mixing(*unrelated(200, 5))
    assert together.value == pytest.approx(together.reference, abs=0.03)
    assert together.reference == pytest.approx(200 / 399)
    partners = mixing(first, first + 1e-6, k=1)
    assert partners.value == 1.0
    distances = [abs(one.value - one.reference) for one in (partners, together)]
    assert distances[0] > distances[1]  # more than the ideal is no better


def test_fewer_points_than_neighbours() -> None:
    with pytest.raises(DeltaEditError, match=r"at least 11 pairs, got 6; .* fewer neighbours"):
        mixing(gaussian(6, 3, 0), gaussian(6, 3, 1), k=10)


def plain_mmd(first: np.ndarray, second: np.ndarray, sigma: float) -> float:
    """Equation 4 of Gretton et al. 2012 as it is written there."""

    def k(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.exp(-((a - b) ** 2).sum() / (2 * sigma**2)))

    n, total = len(first), 0.0
    for a in range(n):
        for b in range(n):
            if a != b:
                same = k(first[a], first[b]) + k(second[a], second[b])
                total += same - k(first[a], second[b]) - k(second[a], first[b])
    return total / (n * (n - 1))


def gaussian_mmd(width: int, shift: float, sigma: float) -> float:
    """MMD² of N(0, I) and N(shift·1, I) under a Gaussian kernel, by the convolution of normals."""
    factor = (sigma**2 / (sigma**2 + 2)) ** (width / 2)
    return 2 * factor * (1 - np.exp(-width * shift**2 / (2 * (sigma**2 + 2))))


def test_mmd_as_the_plain_double_sum() -> None:
    first, second = gaussian(25, 4, 0), gaussian(25, 4, 1, shift=0.5)
    one = mmd(first, second, bandwidth=1.7, permutations=5)
    assert one.value == pytest.approx(plain_mmd(first, second, 1.7), rel=1e-9)


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.5])
def test_mmd_has_the_closed_form_of_two_gaussians(shift: float) -> None:
    first, second = gaussian(1500, 3, 0), gaussian(1500, 3, 1, shift=shift)
    value = mmd(first, second, bandwidth=2.0, permutations=1).value
    assert value == pytest.approx(gaussian_mmd(3, shift, 2.0), abs=0.006)


def test_mmd_is_zero_on_equal_clouds_and_far_from_it_on_distant_ones() -> None:
    first = gaussian(60, 4, 0)
    same, apart = mmd(first, first), mmd(first, first + 100.0)
    assert same.value == pytest.approx(0, abs=1e-12)
    assert same.p == 1.0
    assert apart.value > 0.4
    assert apart.p == pytest.approx(1 / 501)


def test_swapping_inside_pairs_is_the_same_as_swapping_rows() -> None:
    """The sign trick: MMD² of really swapped clouds is s'hs."""
    pair = related(n=12, noise=0.5, gap=1.0)
    values = []
    for seed in range(20):
        swap = np.random.default_rng(seed).random(12) < 0.5
        first = np.where(swap[:, None], pair.second, pair.first)
        second = np.where(swap[:, None], pair.first, pair.second)
        values.append(mmd(first, second, bandwidth=2.0, permutations=1).value)
    observed = mmd(*pair, bandwidth=2.0, permutations=4000)
    share = np.mean([value >= observed.value - 1e-12 for value in values])
    assert observed.p == pytest.approx(share, abs=0.1)


@pytest.mark.parametrize("draw", [unrelated, lambda n, w, seed: _dependent(n, w, seed)])
def test_p_values_of_mmd_are_uniform_under_the_null(draw) -> None:
    """Independent clouds, and pairs whose partners resemble one another: exact for both."""
    p = [mmd(*draw(25, 3, seed), permutations=199, seed=seed).p for seed in range(200)]
    assert kstest(p, "uniform").pvalue > 0.01


def _dependent(n: int, width: int, seed: int):
    shared, own, other = (gaussian(n, width, 1000 + 3 * seed + k) for k in range(3))
    return shared + own, shared + other


def test_wrong_bandwidth_and_equal_rows() -> None:
    first = gaussian(10, 3, 0)
    with pytest.raises(DeltaEditError, match="bandwidth is 0; give a number above 0"):
        mmd(first, first, bandwidth=0.0)
    with pytest.raises(DeltaEditError, match="most rows are equal"):
        mmd(np.ones((5, 2)), np.ones((5, 2)))
