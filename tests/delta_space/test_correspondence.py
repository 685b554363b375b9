"""Gap, RMSE, paired cosine and retrieval, against outside references and clear cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student
from sklearn.metrics import top_k_accuracy_score
from sklearn.metrics.pairwise import cosine_similarity, paired_cosine_distances

from deltaedit_kit.labs.delta_space.alignment import (
    Pair,
    centre,
    cosine_margin,
    mean_gap,
    paired_cosine,
    random_differences,
    retrieval,
    rmse,
    shuffle,
)
from deltaedit_kit.support.errors import DeltaEditError
from tests.delta_space.small_clouds import gaussian, related, unrelated


def test_equal_clouds_are_perfect() -> None:
    first = related().first
    assert mean_gap(first, first).value == rmse(first, first).value == 0.0
    assert paired_cosine(first, first).value == pytest.approx(1.0)
    assert retrieval(first, first, 1).value == 1.0
    assert cosine_margin(first, first).value > 0.9


def test_paired_cosine_and_its_null_as_scikit_learn_has_them() -> None:
    pair = related(noise=1.0)
    one = paired_cosine(*pair)
    assert one.value == pytest.approx(1 - paired_cosine_distances(*pair).mean())
    table = cosine_similarity(*pair)
    assert one.reference == pytest.approx(table[~np.eye(len(table), dtype=bool)].mean())
    margin = cosine_margin(*pair)
    assert margin.value == pytest.approx(one.value - one.reference)
    assert margin.low is not None
    assert margin.high is not None
    assert margin.low < margin.value < margin.high


@pytest.mark.parametrize("k", [1, 5, 10])
@pytest.mark.parametrize("way", ["picture to text", "text to picture"])
def test_retrieval_as_scikit_learn_counts_it(k: int, way: str) -> None:
    pair = related(n=60, noise=1.2)
    table = cosine_similarity(*pair)
    scores = table if way == "picture to text" else table.T
    wanted = top_k_accuracy_score(np.arange(60), scores, k=k, labels=np.arange(60))
    assert 0.1 < wanted < 1
    result = retrieval(*pair, k, way)
    assert result.value == pytest.approx(wanted)
    assert result.reference == pytest.approx(k / 60)


def test_pairs_in_a_wrong_order_are_at_chance() -> None:
    pair = shuffle(related(n=400), seed=1)
    assert abs(cosine_margin(*pair).value) < 0.02
    assert retrieval(*pair, 10).value < 4 * 10 / 400
    assert cosine_margin(*related()).value > 0.5


def test_margin_does_not_see_a_gap_that_retrieval_survives() -> None:
    near, far = related(), related(gap=3.0)
    assert paired_cosine(*far).reference < paired_cosine(*far).value < paired_cosine(*near).value
    assert retrieval(*far, 1).value > 0.9


def test_the_interval_of_the_margin_covers_its_null_19_times_of_20() -> None:
    intervals = [cosine_margin(*unrelated(60, 8, seed)) for seed in range(200)]
    covered = np.mean([i.low <= 0 <= i.high for i in intervals])  # type: ignore[operator]
    assert 0.90 <= covered <= 0.99


def test_the_interval_of_the_margin_is_the_jackknifes() -> None:
    pair = related(n=25, width=4, noise=0.8, gap=2.0)
    margin = cosine_margin(*pair)
    without = [cosine_margin(*(np.delete(x, k, axis=0) for x in pair)).value for k in range(25)]
    error = np.sqrt(24 / 25 * np.square(np.array(without) - np.mean(without)).sum())
    reach = student.ppf(0.975, 24) * error
    assert (margin.low, margin.high) == pytest.approx((margin.value - reach, margin.value + reach))


def test_the_interval_of_the_margin_covers_the_truth_in_a_narrow_cone() -> None:
    """As raw CLIP has it: all rows alike, partners more so. Cosines of one row hang together."""

    def drawn(n: int, seed: int) -> Pair:
        shared = 2 + gaussian(n, 8, 3 * seed)
        return Pair(*(shared + 0.5 * gaussian(n, 8, 3 * seed + side) for side in (1, 2)))

    truth = np.mean([cosine_margin(*drawn(1500, 1000 + k)).value for k in range(5)])
    intervals = [cosine_margin(*drawn(60, seed)) for seed in range(200)]
    covered = np.mean([i.low <= truth <= i.high for i in intervals])  # type: ignore[operator]
    assert 0.90 <= covered <= 0.99


def test_ties_earn_nothing() -> None:
    constant = np.ones((20, 4))
    assert retrieval(related(20, 4).first, constant, 1).value == 0.0
    assert retrieval(related(20, 4).first, constant, 20).value == 1.0


def test_wrong_input_is_one_line() -> None:
    with pytest.raises(DeltaEditError, match="k is 99; give a whole number from 1 to 20"):
        retrieval(*related(20), 99)
    zero = related(20).first
    zero[3] = 0
    with pytest.raises(DeltaEditError, match="row 3 is all zeros"):
        paired_cosine(zero, related(20).second)
    with pytest.raises(DeltaEditError, match="at least 3 pairs, got 2"):
        cosine_margin(*related(2))
    assert isinstance(related(), Pair)


def test_gap_of_a_shifted_cloud_is_the_shift() -> None:
    first = gaussian(50, 4, seed=0)
    assert mean_gap(first, first + np.array([3.0, 0, 4.0, 0])).value == pytest.approx(5.0)
    assert rmse(first, first + 2.0).value == pytest.approx(2.0)


def test_rmse_by_hand() -> None:
    assert rmse([[0.0, 0.0]], [[3.0, 4.0]]).value == pytest.approx(np.sqrt(25 / 2))


def test_centring_alone_removes_any_gap() -> None:
    apart = Pair(gaussian(80, 6, seed=0), gaussian(80, 6, seed=1, shift=9.0, spread=3.0))
    assert mean_gap(*apart).value > 20
    assert mean_gap(centre(apart.first), centre(apart.second)).value == pytest.approx(0, abs=1e-12)


def test_differences_of_random_pairs_have_no_gap_in_any_two_spaces() -> None:
    apart = Pair(gaussian(500, 6, seed=0), np.exp(gaussian(500, 6, seed=1)) + 9.0)
    assert mean_gap(*random_differences(apart)).value == pytest.approx(0, abs=1e-10)
