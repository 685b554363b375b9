"""Classifier two-sample test: if nothing can tell the clouds apart, they are alike.

    accuracy of a classifier "which cloud does this row come from?" on rows it was not trained on;
    chance is 1/2, and under the null the number of hits is Binomial(2n, 1/2)

Two classifiers see different things: a linear one sees means and directions of spread, k nearest
neighbours see density and shape. Differences d of exchangeable pairs defeat every linear one that
passes through the origin, as d and -d are equally likely; kNN is not fooled.

A pair stays together, in training or in test: a row's own partner is never its teacher.

Source: Lopez-Paz & Oquab, Revisiting Classifier Two-Sample Tests, ICLR 2017 (arXiv:1610.06545);
interval: Wilson, JASA 22 (1927).
"""

from __future__ import annotations

from itertools import count
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest
from sklearn.base import ClassifierMixin
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from deltaedit_kit.errors import DeltaEditError, check_whole_number
from deltaedit_kit.labs.delta_space.alignment.measure import Measure
from deltaedit_kit.labs.delta_space.alignment.pairs import Pair

Kind = Literal["knn", "linear"]


def classifier_test(
    first: ArrayLike,
    second: ArrayLike,
    kind: Kind = "knn",
    k: int = 10,
    folds: int = 5,
    seed: int = 0,
) -> Measure:
    """Cross-validated accuracy with Wilson's 95 % interval; null 1/2, p one-sided (binomial).

    "knn" votes among the k nearest rows (Euclidean), "linear" is least squares with a ridge of 1.
    The folds share their training rows, so the interval is slightly too narrow. An accuracy
    *below* 1/2 is no evidence of a difference: it is what centring on the mean of all rows does.
    Raises DeltaEditError as `Pair.of` does, for an unknown kind, and for too few rows.
    """
    k, folds = check_whole_number("k", k, 1), check_whole_number("folds", folds, 2)
    if kind not in get_args(Kind):
        raise DeltaEditError(f"no classifier is called {kind!r}; use 'knn' or 'linear'")
    # The largest fold takes ⌈n / folds⌉ pairs; two rows of each other pair teach, and kNN needs k.
    needed = next(n for n in count(folds) if 2 * (n - -(-n // folds)) >= k)
    pair = Pair.of(first, second, at_least=needed)
    n = len(pair.first)
    labels = np.repeat([0, 1], n)
    predicted = cross_val_predict(
        _classifier(kind, k),
        pair.pooled(),
        labels,
        groups=np.tile(np.arange(n), 2),
        cv=GroupKFold(folds, shuffle=True, random_state=seed),
    )
    test = binomtest(int(np.count_nonzero(predicted == labels)), 2 * n, 0.5, alternative="greater")
    interval = binomtest(test.k, test.n).proportion_ci(0.95, method="wilson")
    return Measure(
        f"{'kNN' if kind == 'knn' else 'linear'} two-sample accuracy",
        test.k / test.n,
        0.5,
        "null",
        "lower",
        float(interval.low),
        float(interval.high),
        float(test.pvalue),
    )


def _classifier(kind: Kind, k: int) -> ClassifierMixin:
    if kind == "linear":
        return RidgeClassifier(alpha=1.0)
    return KNeighborsClassifier(k, algorithm="brute")
