"""A participant's browser as a process that may be killed at any moment: join, answer, repeat.

    python tests/study/writer.py STUDY CODE RECEIPTS

After each answer that the store has taken, one line goes to RECEIPTS: what must have been kept.
"""

from __future__ import annotations

import os
import sys

from deltaedit_kit.labs.study.store import StudyStore


def main() -> None:
    path, code, receipts = sys.argv[1:]
    store = StudyStore(path)
    who = store.join(code)
    with open(receipts, "a", encoding="utf-8") as log:
        while (ask := store.next_question(who)) is not None:
            side = "left" if hash((ask.position, who)) % 2 else "right"  # of ints: no salt
            if store.answer(ask, side, 1.0):
                log.write(f"{who} {ask.position} {ask.question} {side}\n")
                log.flush()
                os.fsync(log.fileno())


if __name__ == "__main__":
    main()
