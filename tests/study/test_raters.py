"""Simulated participants do what their equation says, and say that they are simulated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from deltaedit_kit.labs.study.creation import create_study
from deltaedit_kit.labs.study.design import Design
from deltaedit_kit.labs.study.exclusion import counted
from deltaedit_kit.labs.study.plots import study_figure
from deltaedit_kit.labs.study.raters import Raters, answer_study, expected_share
from deltaedit_kit.labs.study.report import report
from deltaedit_kit.support.errors import DeltaEditError
from tests.study.cases import FIRST, SECOND, fake_items, simulated

DESIGN = Design(participants=12, rounds=6, checks=2)
LARGE = Design(participants=160, rounds=20, checks=3)
IDEAL = Raters(participant_sd=0.0, side_bias=0.0, lapse=0.0)


def test_the_planted_share_is_the_equations() -> None:
    assert expected_share(np.array([0.0]), Raters()) == pytest.approx(0.5)
    assert expected_share(np.array([1.0]), IDEAL) == pytest.approx(expit(1.0))
    assert expected_share(np.array([1.0]), replace(IDEAL, lapse=1.0)) == pytest.approx(0.5)
    rng = np.random.default_rng(0)
    drawn = expit(1.0 + 0.8 * rng.standard_normal(400_000)).mean()
    assert expected_share(np.array([1.0]), replace(IDEAL, participant_sd=0.8)) == pytest.approx(
        drawn, abs=0.002
    )


def test_answers_follow_the_planted_share_and_the_side_bias() -> None:
    raters = Raters(participant_sd=0.5, side_bias=0.4)
    answers = [a for a in simulated(0.8, raters, LARGE) if not a.check]
    share = np.mean([a.preferred == FIRST for a in answers])
    assert share == pytest.approx(expected_share(np.array([0.8]), raters), abs=0.02)
    assert np.mean([a.choice == "left" for a in answers]) > 0.53


def test_careless_participants_fail_the_checks_and_careful_ones_pass() -> None:
    answers = simulated(0.5, Raters(careless=0.25), LARGE)
    left_out = len(counted(answers).inattentive) / LARGE.participants
    assert left_out == pytest.approx(0.25 * (1 - 7 / 64), abs=0.08)
    assert len(counted(simulated(0.5, Raters(), LARGE)).inattentive) <= 0.03 * 160


def test_everything_simulated_says_so(tmp_path: Path) -> None:
    store = create_study(tmp_path / "s.sqlite", fake_items(6), DESIGN, simulated=True)
    logits = dict.fromkeys(DESIGN.questions, np.zeros(6))
    assert answer_study(store, logits, Raters(), seed=0) == 12 * 8 * 2
    answers = store.answers()
    assert all(a.simulated for a in answers)
    result = report(answers)
    assert "SIMULATED" in str(result).splitlines()[0]
    assert "SIMULATED" in result._repr_html_()
    assert result.table["simulated"].all()
    assert answer_study(store, logits, Raters(), seed=0) == 0  # all there already


def test_a_file_and_no_file_hold_the_same_answers(tmp_path: Path) -> None:
    store = create_study(tmp_path / "s.sqlite", fake_items(6), DESIGN, simulated=True)
    logits = np.linspace(-1, 1, 6)
    answer_study(store, dict.fromkeys(DESIGN.questions, logits), Raters(), seed=4)
    assert store.answers() == simulated(logits, Raters(), DESIGN, seed=4)


def test_a_study_of_people_takes_no_simulated_answer(tmp_path: Path) -> None:
    store = create_study(tmp_path / "s.sqlite", fake_items(6), DESIGN)
    with pytest.raises(DeltaEditError, match="answered by people"):
        answer_study(store, dict.fromkeys(DESIGN.questions, np.zeros(6)), Raters(), seed=0)
    assert store.answers() == []


def test_advantages_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    store = create_study(tmp_path / "s.sqlite", fake_items(6), DESIGN, simulated=True)
    for wrong in (
        {"accuracy": np.zeros(6)},
        dict.fromkeys(DESIGN.questions, np.zeros(5)),
        dict.fromkeys(DESIGN.questions, np.full(6, np.nan)),
    ):
        with pytest.raises(DeltaEditError, match="give 6 finite numbers"):
            answer_study(store, wrong, Raters(), seed=0)


@pytest.mark.parametrize(
    "wrong", [{"participant_sd": -1}, {"lapse": 2}, {"careless": 2}, {"side_bias": None}]
)
def test_impossible_raters_are_refused(wrong: dict) -> None:
    with pytest.raises(DeltaEditError, match=r"give|are shares"):
        Raters(**wrong)


def test_the_report_has_a_line_for_each_question_and_sees_a_side_bias() -> None:
    result = report(simulated(1.0, Raters(side_bias=0.6, careless=0.1), LARGE))
    table = result.table.set_index("question")
    assert list(table.index) == ["accuracy", "realism"]
    assert set(table["preferred"]) == {FIRST}
    assert set(table["over"]) == {SECOND}
    truth = expected_share(np.array([1.0]), Raters(side_bias=0.6))
    assert ((table["low"] < truth) & (truth < table["high"])).all()
    assert table[["p people", "p answers"]].max(axis=None) < 1e-6
    for counts, share in zip(result.tallies, table["share"], strict=True):
        assert np.nanmean(counts) == share
    assert result.left_share > 0.55
    assert result.p_left < 1e-6
    assert f"{len(result.counted.participants)} participants are counted" in str(result)


@pytest.mark.parametrize("over", ["participants", "both"])
def test_the_figure_says_what_the_interval_resamples_and_that_nobody_was_asked(over: str) -> None:
    figure = study_figure(report(simulated(0.5, Raters(), DESIGN), over))
    words = " ".join(text.get_text() for text in [*figure.texts, *figure.axes[0].texts])
    assert ("interval over participants and pairs" in words) == (over == "both")
    assert "SIMULATED" in words
