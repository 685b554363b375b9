"""The calculator against the closed form for many people, and against studies that were run."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from deltaedit_kit.labs.study.power import intraclass_correlation, participants_needed, power
from deltaedit_kit.support.errors import DeltaEditError
from tests.study.cases import counts_of


def beta_binomial(
    share: float, rho: float, people: int, rounds: int, studies: int, seed: int = 0
) -> np.ndarray:
    """Wins [studies, people, rounds]; answers of one person have intraclass correlation rho."""
    rng = np.random.default_rng(seed)
    total = 1 / rho - 1
    own = rng.beta(share * total, (1 - share) * total, size=(studies, people, 1))
    return rng.random((studies, people, rounds)) < own


@pytest.mark.parametrize(
    ("share", "people", "rho"), [(0.55, 40, 0.02), (0.6, 20, 0.1), (0.4, 15, 0.05)]
)
def test_power_is_how_often_studies_find_it(share: float, people: int, rho: float) -> None:
    shares = beta_binomial(share, rho, people, 20, studies=4000).mean(2)
    found = stats.ttest_1samp(shares, 0.5, axis=1).pvalue < 0.05
    assert found.mean() == pytest.approx(power(share, people, 20, rho), abs=0.03)


def test_without_a_preference_power_is_the_level() -> None:
    assert power(0.5, 40) == pytest.approx(0.05)


def test_many_people_need_what_the_normal_formula_says() -> None:
    share, rounds, rho = 0.51, 10, 0.05
    spread = share * (1 - share) * (1 + (rounds - 1) * rho) / rounds
    z = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    formula = z**2 * spread / (share - 0.5) ** 2
    assert participants_needed(share, rounds, rho) == pytest.approx(formula, rel=0.005)


def test_needed_is_the_smallest_number_that_is_enough() -> None:
    for share, rho in ((0.55, 0.05), (0.6, 0.2), (0.8, 0.0)):
        needed = participants_needed(share, 20, rho)
        assert power(share, needed, 20, rho) >= 0.8
        assert needed == 2 or power(share, needed - 1, 20, rho) < 0.8


def test_people_help_more_than_rounds_when_they_differ() -> None:
    assert participants_needed(0.6, rounds=40, icc=0.5) > 0.9 * participants_needed(
        0.6, rounds=20, icc=0.5
    )
    assert participants_needed(0.55, icc=0.0) < participants_needed(0.55, icc=0.1)
    assert participants_needed(0.45) == participants_needed(0.55)


@pytest.mark.parametrize("rho", [0.02, 0.1, 0.4])
def test_intraclass_correlation_recovers_the_correlation(rho: float) -> None:
    wins = beta_binomial(0.6, rho, people=2000, rounds=20, studies=1)[0]
    assert intraclass_correlation(counts_of(wins)) == pytest.approx(rho, abs=0.02)


def test_intraclass_correlation_at_its_ends() -> None:
    apart = np.repeat([[1.0], [0.0]], 10, axis=1).repeat(4, axis=0)
    assert intraclass_correlation(counts_of(apart)) == 1.0
    assert intraclass_correlation(counts_of(np.tile([1.0, 0.0], (6, 5)))) == 0.0
    assert intraclass_correlation(counts_of(np.ones((6, 5)))) == 0.0
    with pytest.raises(DeltaEditError, match="needs two participants"):
        intraclass_correlation(counts_of(np.ones((6, 1))))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"share": 1.0}, "share is 1.0"),
        ({"share": float("nan")}, "share is nan"),
        ({"share": 0.6, "rounds": 0}, "rounds is 0"),
        ({"share": 0.6, "icc": 1.5}, "icc is 1.5"),
        ({"share": 0.6, "wanted": 1}, "wanted is 1"),
        ({"share": 0.5}, "too close to 0.5"),
    ],
)
def test_impossible_wishes_are_refused(wrong: dict, words: str) -> None:
    with pytest.raises(DeltaEditError, match=words):
        participants_needed(**wrong)


def test_one_participant_has_no_power() -> None:
    with pytest.raises(DeltaEditError, match="participants is 1"):
        power(0.6, 1)
