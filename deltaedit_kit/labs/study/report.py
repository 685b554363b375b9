"""A study's result in one object and one table: who counted, what they prefer, how sure that is.

Idea: the report says its limits in the same breath: how many were left out and why, whether people
pressed one side more than the other, and in its first line whether anybody was asked at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from deltaedit_kit.labs.study.agreement import krippendorff_alpha
from deltaedit_kit.labs.study.answers import Answer, tally
from deltaedit_kit.labs.study.exclusion import Counted, counted
from deltaedit_kit.labs.study.power import intraclass_correlation
from deltaedit_kit.labs.study.preference import exact_binomial, preference


@dataclass(frozen=True)
class Report:
    """Everything that the answers say.

    `table` has a row for each question about each two methods: share of answers for `preferred`
    with its interval [low, high], tests over people and over answers, Krippendorff's alpha, and
    the intraclass correlation for the power calculator.
    """

    table: pd.DataFrame
    tallies: tuple[pd.DataFrame, ...]  # what each row is made of, [P, I]
    counted: Counted
    over: str  # what intervals resample: "participants" or "both"
    left_share: float  # of all answers that count; sides are balanced, so a side bias shows here
    p_left: float  # exact binomial: could it be chance?
    simulated: bool

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


def report(answers: Sequence[Answer], over: str = "participants") -> Report:
    """Analyse the answers of one study: every question about every two methods.

    `over` is what intervals resample (see `preference`). Raises `DeltaEditError` when there is too
    little to analyse.
    """
    who = counted(answers)
    simulated = any(a.simulated for a in who.answers)
    compared = {(a.question, *sorted((a.left, a.right))) for a in who.answers}
    rows, tallies = [], []
    for question, first, second in sorted(compared):
        counts = tally(who.answers, question, first, second)
        found = preference(counts, over)
        tallies.append(counts)
        rows.append(
            {
                "question": question,
                "preferred": first,
                "over": second,
                "share": found.share,
                "low": found.low,
                "high": found.high,
                "p people": found.p_people,
                "p answers": found.p_answers,
                "alpha": krippendorff_alpha(counts),
                "ICC": intraclass_correlation(counts),
                "simulated": simulated,
            }
        )
    left = sum(a.choice == "left" for a in who.answers)
    return Report(
        table=pd.DataFrame(rows),
        tallies=tuple(tallies),
        counted=who,
        over=over,
        left_share=left / len(who.answers),
        p_left=exact_binomial(left, len(who.answers)),
        simulated=simulated,
    )
