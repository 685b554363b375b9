"""What a submission is worth: its answers are checked again, on the learner's own inputs.

    points of a cell = number of exercises of it that are right

nbgrader takes a number that a test's last line shows as the points of that cell. The editions put
the call of `grade` into hidden tests; nobody has to write it.
"""

from __future__ import annotations

from deltaedit_kit.labs.course.checking import check
from deltaedit_kit.labs.course.exercise import Answer


def grade(**answers: Answer) -> float:
    """The points of these answers, `grade(**{"01.recall_at_k": recall_at_k})`: one for each right.

    Prints each verdict, for whoever reads the graded notebook. Never raises for what an answer
    does; raises DeltaEditError for a key that no exercise has.
    """
    verdicts = [check(key, answer) for key, answer in answers.items()]
    for verdict in verdicts:
        print(verdict)
    return float(sum(verdict.right for verdict in verdicts))
