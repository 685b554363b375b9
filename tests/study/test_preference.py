"""Shares, tests and intervals: against closed forms, and against preferences that were planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from deltaedit_kit.labs.study.answers import tally
from deltaedit_kit.labs.study.design import Design
from deltaedit_kit.labs.study.preference import (
    bootstrap_interval,
    exact_binomial,
    preference,
    sign_test,
)
from deltaedit_kit.labs.study.raters import Raters, expected_share
from deltaedit_kit.labs.study.report import report
from deltaedit_kit.support.errors import DeltaEditError
from tests.study.cases import FIRST, SECOND, counts_of, simulated

ONE_QUESTION = Design(checks=0, questions=("accuracy",))


def test_the_tally_counts_what_was_preferred() -> None:
    answers = simulated(0.5, Raters(), Design(participants=6, rounds=4, checks=2))
    counts = tally(answers, "realism", FIRST, SECOND)
    by_hand = [a for a in answers if a.question == "realism" and not a.check]
    assert counts.shape == (6, 4)
    assert (counts + tally(answers, "realism", SECOND, FIRST) == 1).all(axis=None)
    for a in by_hand:
        assert counts.loc[a.participant, a.item] == (a.preferred == FIRST)
    some = tally(by_hand[1:], "realism", FIRST, SECOND)
    assert some.isna().to_numpy().nonzero() == (by_hand[0].participant, by_hand[0].item)


def test_exact_binomial_is_the_sum_of_the_unlikely() -> None:
    assert exact_binomial(5, 10) == pytest.approx(1.0)
    assert exact_binomial(9, 10) == pytest.approx(2 * (1 + 10) / 2**10)
    assert exact_binomial(0, 10) == exact_binomial(10, 10) == pytest.approx(2 / 2**10)


def test_sign_test_counts_people_and_leaves_out_the_undecided() -> None:
    wins = np.array([[1, 1, 1, 0]] * 9 + [[0, 0, 0, 1]] + [[1, 0, 1, 0]] * 5)
    assert sign_test(counts_of(wins)) == pytest.approx(exact_binomial(9, 10))
    assert sign_test(counts_of(np.array([[1, 0]] * 4))) == 1.0


def test_the_interval_is_students_where_that_is_known_to_be_right() -> None:
    """Many people, many pairs: the bootstrap of a mean and Student's t then agree."""
    rng = np.random.default_rng(0)
    counts = counts_of(rng.random((200, 20)) < 0.6)
    low, high = bootstrap_interval(counts)
    shares = counts.mean(axis=1)
    t = stats.t.interval(0.95, 199, shares.mean(), stats.sem(shares))
    assert (low, high) == pytest.approx(t, abs=0.003)


def test_resampling_pairs_as_well_is_wider_when_pairs_differ() -> None:
    rng = np.random.default_rng(1)
    chances = np.linspace(0.05, 0.95, 20)
    counts = counts_of(rng.random((40, 20)) < chances)
    people, both = bootstrap_interval(counts), bootstrap_interval(counts, over="both")
    assert both[1] - both[0] > 2 * (people[1] - people[0])
    assert bootstrap_interval(counts) == people  # seeded


def test_when_all_agree_the_interval_is_exact_and_has_a_width() -> None:
    low, high = bootstrap_interval(counts_of(np.ones((10, 5))))
    assert high == 1.0
    assert low == pytest.approx(0.025 ** (1 / 10))  # Clopper-Pearson for 10 of 10
    assert bootstrap_interval(counts_of(np.zeros((10, 5)))) == pytest.approx((0.0, 1 - low))
    both = bootstrap_interval(counts_of(np.ones((10, 5))), over="both")
    assert both == pytest.approx((0.025 ** (1 / 5), 1.0))  # five pairs say less than ten people


@pytest.mark.slow
@pytest.mark.parametrize(("advantage", "spread"), [(0.0, 0.4), (0.7, 0.8)])
def test_a_planted_preference_is_within_its_interval(advantage: float, spread: float) -> None:
    """95 % intervals: of 100 studies, 93 or more must hold the truth that was put in."""
    raters = Raters(participant_sd=spread, side_bias=0.3)
    logits = advantage + np.linspace(-1.5, 1.5, 20)
    truth = expected_share(logits, raters)
    hits = 0
    for seed in range(100):
        answers = simulated(logits, raters, replace(ONE_QUESTION, seed=seed), seed)
        result = preference(tally(answers, "accuracy", FIRST, SECOND))
        hits += result.low <= truth <= result.high
    assert hits >= 93


@pytest.mark.slow
def test_the_test_over_answers_is_fooled_by_people_who_differ_the_one_over_people_is_not() -> None:
    """No preference, people who differ much: how often does each test of 5 % see one?"""
    raters, design = Raters(participant_sd=1.5), replace(ONE_QUESTION, participants=16)
    found = [
        preference(tally(simulated(0.0, raters, design, seed), "accuracy", FIRST, SECOND))
        for seed in range(60)
    ]
    assert np.mean([p.p_answers < 0.05 for p in found]) > 0.2
    assert np.mean([p.p_people < 0.05 for p in found]) < 0.12


def test_what_cannot_be_analysed_is_refused() -> None:
    answers = simulated(0.5, Raters(), Design(participants=4, rounds=4, checks=1))
    with pytest.raises(DeltaEditError, match=r"no answer about 'beauty'.*there are accuracy: m"):
        tally(answers, "beauty", FIRST, SECOND)
    with pytest.raises(DeltaEditError, match="with itself"):
        report([replace(a, left="x", right="x") for a in answers if not a.check])
    with pytest.raises(DeltaEditError, match="none at all"):
        tally([], "accuracy", FIRST, SECOND)
    with pytest.raises(DeltaEditError, match="twice"):
        tally([*answers, *answers], "accuracy", FIRST, SECOND)
    people = [replace(a, simulated=False, participant=a.participant + 4) for a in answers]
    with pytest.raises(DeltaEditError, match="mixed"):
        tally([*answers, *people], "accuracy", FIRST, SECOND)


@pytest.mark.parametrize(
    ("shape", "options", "words"),
    [
        ((1, 5), {}, "1 participants and 5 pairs are too few"),
        ((5, 1), {"over": "both"}, "too few"),
        ((5, 5), {"over": "rounds"}, "over is 'rounds'"),
    ],
)
def test_wrong_wishes_are_refused(shape: tuple[int, int], options: dict, words: str) -> None:
    wins = np.arange(np.prod(shape)).reshape(shape) % 2
    with pytest.raises(DeltaEditError, match=words):
        preference(counts_of(wins), **options)
