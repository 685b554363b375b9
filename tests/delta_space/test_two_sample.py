"""The classifier two-sample test: power, its null, and what a linear one cannot see."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from deltaedit_kit.labs.delta_space.alignment import Pair, classifier_test, random_differences
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


def test_wrong_input_is_one_line() -> None:
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
