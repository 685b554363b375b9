"""A study's result in one object and one table: who counted, what they prefer, how sure that is.

Idea: the report says its limits in the same breath: how many were left out and why, whether people
pressed one side more than the other, and in its first line whether anybody was asked at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

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

    def table(self) -> str:
        """The report as plain text."""
        who = self.counted
        title = "SIMULATED STUDY: no person was asked" if self.simulated else "User study"
        pairs = [f"{one.preference.first} over {one.preference.second}" for one in self.lines]
        wide = max(len(pair) for pair in pairs)
        rows = [
            title,
            f"{len(who.participants)} participants count; {len(who.inattentive)} failed the "
            f"attention checks, {len(who.unfinished)} did not finish",
            f"{'question':10} {'preferred':{wide}} {'share':>6} {'interval':>14} {'p people':>9} "
            f"{'p answers':>9} {'alpha':>6} {'rho':>5}",
        ]
        for pair, line in zip(pairs, self.lines, strict=True):
            p = line.preference
            rows.append(
                f"{p.question:10} {pair:{wide}} {p.share:6.1%} {p.low:6.1%} -{p.high:6.1%} "
                f"{p.p_people:9.2g} {p.p_answers:9.2g} {line.agreement:6.2f} {line.icc:5.2f}"
            )
        rows.append(f"left side chosen: {self.left_share:.1%} (p = {self.p_left:.2g})")
        return "\n".join(rows)


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
