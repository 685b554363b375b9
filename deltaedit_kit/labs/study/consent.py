"""What a participant reads and agrees to before the first round.

Idea: informed, voluntary, and short enough to be read. It states only what the store keeps: no
personal data. A teacher may replace it (`create_study(..., consent=...)`); ethics boards want that.

Citation: the points that must be covered follow the World Medical Association's Declaration of
Helsinki, articles 25 and 26, and article 7 of the European Union's GDPR.
"""

from __future__ import annotations

from deltaedit_kit.labs.study.design import QUESTIONS, Design

SECONDS_A_QUESTION = 6  # a calm pace; only for telling people how long it may take


def consent_text(design: Design) -> str:
    """The text for a study of this design; paragraphs are parted by empty lines."""
    rounds = design.rounds + design.checks
    minutes = max(1, round(rounds * len(design.questions) * SECONDS_A_QUESTION / 60))
    asked = " ".join(f"“{QUESTIONS[name]}”" for name in design.questions)
    questions = (
        "one question" if len(design.questions) == 1 else f"{len(design.questions)} questions"
    )
    return (
        f"This study compares programs that change a portrait as described by a sentence. You "
        f"will see {rounds} pairs of pictures, made by a computer, and answer {questions} about "
        f"each: {asked} It takes about {minutes} minutes.\n\n"
        "There are no right or wrong answers: choose what you see. A few pairs only check whether "
        "participants look at the pictures.\n\n"
        "Taking part is voluntary, and you can stop at any time without giving a reason: close "
        "the page. Your choices and how many seconds each one took are stored under a random "
        "number, without your name, your address or the time of day. The answers are used to "
        "compare the programs, and may be published as a table."
    )
