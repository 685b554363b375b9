"""One kind of error for everything that a user can put right, and the checks that raise it.

Idea: a message is one line that names the cause and the remedy, so that a notebook, a panel and
a terminal can show it as it is, and a traceback is only ever seen for a bug of ours. Check once,
where a value enters; the code behind the check trusts it.

    "strength is NaN; give a finite number such as 1.0 (or -1.0 for the opposite edit)"

It is a `ValueError`, so code that catches the built-in class keeps working.
"""

from __future__ import annotations

import math
from operator import index
from typing import Any


class DeltaEditError(ValueError):
    """A wrong input: the message is one line saying what is wrong and what to do about it.

    Raised by every public function of the kit for arguments, texts and files that it refuses.
    Line breaks in the message (a text that a user typed may hold some) are folded into spaces.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


def whole_number(name: str, value: Any, low: int, high: int | None = None) -> int:
    """`value` as an int in [low, high]; numpy and torch integers count, True and 2.0 do not.

    Raises `DeltaEditError` naming the argument, what was given and what is accepted.
    """
    span = f"a whole number >= {low}" if high is None else f"a whole number from {low} to {high}"
    try:
        number = None if isinstance(value, bool) else index(value)
    except TypeError:
        number = None
    if number is None or number < low or (high is not None and number > high):
        raise DeltaEditError(f"{name} is {_shown(value)}; give {span}")
    return number


def finite_number(name: str, value: Any, low: float | None = None) -> float:
    """`value` as a finite float, at least `low`; NaN, infinities, text and booleans are refused.

    Raises `DeltaEditError` naming the argument, what was given and what is accepted.
    """
    wish = "a finite number" if low is None else f"a finite number >= {low:g}"
    try:
        number = math.nan if isinstance(value, bool | str | bytes) else float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        number = math.nan  # RuntimeError: a torch tensor of several elements
    if not math.isfinite(number) or (low is not None and number < low):
        raise DeltaEditError(f"{name} is {_shown(value)}; give {wish}")
    return number


def tensor(name: str, value: Any) -> Any:
    """`value` itself if it is a torch tensor; arrays, lists and pictures of PIL are refused.

    Raises `DeltaEditError` naming the argument, what was given and how to turn it into a tensor.
    """
    from torch import Tensor  # here: the terminal's verbs check their numbers before torch loads

    if not isinstance(value, Tensor):
        kind = type(value).__name__
        raise DeltaEditError(f"{name} is a {kind}; give a tensor, as torch.as_tensor makes one")
    return value


def _shown(value: Any) -> str:
    """A short form of anything, so that a wrong argument of a million digits stays one line."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to print integers of more than 4,300 digits
        text = f"a very long {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."
