"""Whose answers count: a rule about attention checks, fixed before anybody looks at a preference.

    counted(p)  <=>  p finished the study, and of p's check answers at most ALLOWED are wrong

Idea: somebody who presses keys without looking makes every preference look like a half. The rule
may only ask the checks, never the answers that it filters; otherwise one could filter until the
result pleases. With 3 checks x 2 questions, a coin passes with 7 / 64, a person who errs in one
answer of fifty with 99.4 %.

Citation: Oppenheimer, Meyvis & Davidenko, "Instructional manipulation checks", 2009.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from deltaedit_kit.labs.study.answers import INTACT, Answer
from deltaedit_kit.support.errors import DeltaEditError

ALLOWED = 1  # wrong answers to checks


@dataclass(frozen=True)
class Counted:
    """The answers that an analysis may use (no checks among them), and who was left out."""

    answers: tuple[Answer, ...]
    participants: tuple[int, ...]
    inattentive: tuple[int, ...]  # failed the checks
    unfinished: tuple[int, ...]  # stopped early


def counted(answers: Sequence[Answer]) -> Counted:
    """Apply the rule; who has fewer answers than the longest did not finish.

    Raises `DeltaEditError` when no answer is left.
    """
    given = Counter(a.participant for a in answers)
    wrong = Counter(a.participant for a in answers if a.check and a.preferred != INTACT)
    complete = max(given.values(), default=0)
    unfinished = tuple(sorted(who for who in given if given[who] < complete))
    inattentive = tuple(
        sorted(who for who in given if wrong[who] > ALLOWED and who not in unfinished)
    )
    kept = tuple(sorted(set(given) - set(unfinished) - set(inattentive)))
    chosen = tuple(a for a in answers if a.participant in set(kept) and not a.check)
    if not chosen:
        raise DeltaEditError(
            f"of {len(given)} participants none finished, passed the checks and compared two "
            "methods; there is nothing to analyse yet"
        )
    return Counted(chosen, kept, inattentive, unfinished)
