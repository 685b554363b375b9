"""One kind of error for everything that a user can put right.

Idea: a message is one line that names the cause and the remedy, so that a notebook, a panel and
a terminal can show it as it is, and a traceback is only ever seen for a bug of ours.

    "strength is NaN; give a finite number such as 1.0 (or -1.0 for the opposite edit)"

It is a `ValueError`, so code that catches the built-in class keeps working.
"""

from __future__ import annotations


class DeltaEditError(ValueError):
    """A wrong input: the message is one line saying what is wrong and what to do about it.

    Raised by every public function of the kit for arguments, texts and files that it refuses.
    Line breaks in the message (a text that a user typed may hold some) are folded into spaces.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))
