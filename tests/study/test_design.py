"""The balance of a design are counted, not sampled: it is exact or it is not there."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltaedit_kit.labs.study.design import Design, plan, williams_square
from deltaedit_kit.support.errors import DeltaEditError

PAPER = Design()
PLANS = [plan(PAPER, 20, participant) for participant in range(PAPER.participants)]
COMPARED = [[r for r in one.rounds if not r.check] for one in PLANS]


def test_the_default_is_the_papers_study() -> None:
    assert (PAPER.participants, PAPER.rounds) == (40, 20)
    assert sum(len(rounds) for rounds in COMPARED) == 800


def test_every_participant_sees_every_pair_once() -> None:
    assert all(sorted(r.item for r in rounds) == list(range(20)) for rounds in COMPARED)


def test_sides_are_balanced_within_people_and_within_pairs() -> None:
    assert all(sum(r.swapped for r in rounds) == 10 for rounds in COMPARED)
    by_item = Counter(r.item for rounds in COMPARED for r in rounds if r.swapped)
    assert by_item == dict.fromkeys(range(20), 20)


def test_every_pair_stands_at_every_position_equally_often() -> None:
    places = Counter((r.item, k) for rounds in COMPARED for k, r in enumerate(rounds))
    assert set(places.values()) == {2}
    assert len(places) == 400


def test_every_pair_follows_every_other_equally_often() -> None:
    follows = Counter((a.item, b.item) for rounds in COMPARED for a, b in pairwise(rounds))
    assert set(follows.values()) == {2}
    assert len(follows) == 20 * 19


def test_each_question_comes_first_for_half_of_the_people() -> None:
    assert Counter(one.questions[0] for one in PLANS) == {"accuracy": 20, "realism": 20}


def test_checks_come_on_top_never_first_and_on_both_sides() -> None:
    checks = [r for one in PLANS for r in one.rounds if r.check]
    assert len(checks) == 40 * PAPER.checks
    assert all(not one.rounds[0].check for one in PLANS)
    assert sum(r.swapped for r in checks) == len(checks) / 2
    assert len({r.position for r in checks}) > 15  # not to be guessed


def test_a_plan_is_the_same_whoever_joined_before_and_depends_on_the_seed() -> None:
    assert plan(PAPER, 20, 17) == PLANS[17]
    assert plan(Design(seed=1), 20, 17) != PLANS[17]
    assert len({one.rounds for one in PLANS}) == 40


@pytest.mark.parametrize("count", [1, 2, 5, 8, 20, 21])
def test_williams_square_is_balanced(count: int) -> None:
    square = williams_square(count)
    times = len(square) // count
    assert all(
        Counter(column) == dict.fromkeys(range(count), times)
        for column in zip(*square, strict=True)
    )
    follows = Counter(step for row in square for step in pairwise(row))
    assert set(follows.values()) <= {times}
    assert len(follows) == count * (count - 1)


@settings(max_examples=60, deadline=None)
@given(
    rounds=st.integers(1, 12),
    extra=st.integers(0, 30),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_any_design_is_fair(rounds: int, extra: int, seed: int, data: st.DataObject) -> None:
    checks = data.draw(st.integers(0, rounds))
    design = Design(participants=8, rounds=rounds, checks=checks, seed=seed)
    plans = [plan(design, rounds + extra, participant) for participant in range(8)]
    for one, mirror in zip(plans[::2], plans[1::2], strict=True):
        sides = {r.item: r.swapped for r in one.rounds if not r.check}
        mirrored = {r.item: not r.swapped for r in mirror.rounds if not r.check}
        assert sides == mirrored
        assert len(sides) == rounds
    assert all(len(one.rounds) == rounds + checks for one in plans)
    assert all([r.position for r in one.rounds] == list(range(rounds + checks)) for one in plans)
    seen = Counter(r.item for one in plans for r in one.rounds if not r.check)
    counts = [seen[item] for item in range(rounds + extra)]
    assert max(counts) - min(counts) <= 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"participants": 0}, "participants is 0"),
        ({"rounds": 2.5}, "rounds is 2.5"),
        ({"checks": 21}, "checks is 21"),
        ({"seed": -1}, "seed is -1"),
        ({"questions": ()}, "questions are"),
        ({"questions": ("accuracy", "beauty")}, "beauty"),
        ({"questions": ("accuracy", "accuracy")}, "each once"),
    ],
)
def test_a_design_that_makes_no_study_is_refused(wrong: dict, words: str) -> None:
    with pytest.raises(DeltaEditError, match=words):
        Design(**wrong)


def test_too_few_pairs_are_refused_with_a_way_out() -> None:
    with pytest.raises(DeltaEditError, match=r"19 pairs are too few .* Design\(rounds=19\)"):
        plan(PAPER, 19, 0)
