"""A study's result in one object and one table: who counted, what they prefer, how sure that is.

Idea: the report says its limits in the same breath: how many were left out and why, whether people
pressed one side more than the other, and in its first line whether anybody was asked at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import combinations

import pandas as pd

from deltaedit_kit.labs.study.agreement import krippendorff_alpha
from deltaedit_kit.labs.study.answers import Answer, methods_of
from deltaedit_kit.labs.study.exclusion import Counted, counted
from deltaedit_kit.labs.study.power import intraclass_correlation
from deltaedit_kit.labs.study.preference import Preference, exact_binomial, preference
from deltaedit_kit.labs.study.tally import Tally, tally


@dataclass(frozen=True)
class Line:
    """One question about one pair of methods."""

    tally: Tally
    preference: Preference
    agreement: float  # Krippendorff's alpha
    icc: float  # ρ, for the power calculator


@dataclass(frozen=True)
class Report:
    """Everything that the answers say."""

    lines: tuple[Line, ...]
    counted: Counted
    left_share: float  # of all answers that count; sides are balanced, so a side bias shows here
    p_left: float  # exact binomial: could it be chance?
    simulated: bool

    @property
    def table(self) -> pd.DataFrame:
        """A row for each question about each two methods; the interval is of the share."""
        rows = [
            {
                "question": line.preference.question,
                "preferred": line.preference.first,
                "over": line.preference.second,
                "share": line.preference.share,
                "low": line.preference.low,
                "high": line.preference.high,
                "p people": line.preference.p_people,
                "p answers": line.preference.p_answers,
                "alpha": line.agreement,
                "ICC": line.icc,
                "simulated": self.simulated,
            }
            for line in self.lines
        ]
        return pd.DataFrame(rows)

    @property
    def notes(self) -> tuple[str, str, str]:
        """What a reader of the table must know: who was asked, who counts, a side bias."""
        who = self.counted
        return (
            "SIMULATED STUDY: no person was asked" if self.simulated else "User study",
            f"{len(who.participants)} participants are counted; {len(who.inattentive)} failed the "
            f"attention checks, {len(who.unfinished)} did not finish",
            f"left side chosen: {self.left_share:.1%} (p = {self.p_left:.2g})",
        )

    def __str__(self) -> str:
        title, counted, side = self.notes
        return f"{title}\n{counted}\n{self._formatted().to_string(index=False)}\n{side}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        title, counted, side = (escape(note) for note in self.notes)
        table = self._formatted().to_html(index=False)
        return f"<b>{title}</b><br>{counted}{table}{side}"

    def _formatted(self) -> pd.DataFrame:
        """The table as texts, with the digits that a reader needs."""
        formats = {"p people": "{:.2g}", "p answers": "{:.2g}", "alpha": "{:.2f}", "ICC": "{:.2f}"}
        formats |= dict.fromkeys(("share", "low", "high"), "{:.1%}")
        shown = self.table.drop(columns="simulated")
        return shown.assign(
            **{name: shown[name].map(text.format) for name, text in formats.items()}
        )


def report(
    answers: Sequence[Answer],
    confidence: float = 0.95,
    over: str = "participants",
    allowed: int = 1,
) -> Report:
    """Analyse the answers of one study: every question about every two methods.

    `over` is what intervals resample (see `preference`), `allowed` the wrong attention checks that
    are forgiven. Raises `DeltaEditError` when there is too little to analyse.
    """
    rows = counted(answers, allowed)
    questions = sorted({a.question for a in rows.answers})
    compared = {frozenset((a.left, a.right)) for a in rows.answers}
    lines = []
    for question in questions:
        for first, second in combinations(methods_of(rows.answers), 2):
            if frozenset((first, second)) in compared:
                counts = tally(rows.answers, question, first, second)
                shown = preference(counts, confidence, over)
                lines.append(
                    Line(counts, shown, krippendorff_alpha(counts), intraclass_correlation(counts))
                )
    left = sum(a.choice == "left" for a in rows.answers)
    return Report(
        lines=tuple(lines),
        counted=rows,
        left_share=left / len(rows.answers),
        p_left=exact_binomial(left, len(rows.answers)),
        simulated=any(a.simulated for a in rows.answers),
    )
