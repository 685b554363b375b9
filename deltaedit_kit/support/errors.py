"""One kind of error for every fault that a user can correct, and the checks that raise it.

Idea: a message is one line that names the cause and the remedy, so that a notebook, a panel and a
terminal can show it unchanged, and a traceback appears only for a bug of the kit. Check a value
once, where it enters; the code behind the check trusts it. Pictures and codes enter in many places
and have units (pictures lie in [-1, 1], CLIP vectors have length 1), so their checks are here too.

    "strength is NaN; give a finite number such as 1.0 (or -1.0 for the opposite edit)"

It is a `ValueError`, so code that catches the built-in class keeps working.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from difflib import get_close_matches
from operator import index
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

Kind = TypeVar("Kind")
LONGEST = 600  # characters of a message
BEYOND = 1e-3  # what rounding may add to the range of pictures
FAR = 20.0  # outside of it lie bytes that were centred
UNIT_WITHIN = 0.01  # a unit vector in float16 is off by less
HIGHEST_SEED = 2**32 - 1  # torch's CPU generator reads 32 bits, and numpy takes no more


class DeltaEditError(ValueError):
    """A wrong input: the message is one line saying what is wrong and what to do about it.

    Raised by every public function of the kit for arguments, texts and files that it refuses.
    Line breaks in the message (a text that a user typed may hold some) are folded into spaces, and
    of a message too long for a line the middle is left out: cause and remedy stand at its ends.
    """

    def __init__(self, message: str) -> None:
        line = " ".join(message.split())
        if len(line) > LONGEST:
            remedy = len(line) - line.rfind("; ")  # all of it where it is of a usual length
            tail = remedy if remedy < LONGEST // 2 else LONGEST // 3
            line = f"{line[: LONGEST - tail - 3]} … {line[-tail:]}"
        super().__init__(line)


def did_you_mean(name: Any, known: Iterable[str], likeness: float = 0.4) -> str:
    """`"did you mean 'x'? "` for the known name that is most like the given one, or nothing."""
    near = get_close_matches(str(name), list(known), n=1, cutoff=likeness)
    return f"did you mean {near[0]!r}? " if near else ""


def check_whole_number(name: str, value: Any, low: int, high: int | None = None) -> int:
    """`value` as an int in [low, high]; numpy and torch integers count, True and 2.0 do not.

    Raises `DeltaEditError` naming the argument, what was given and what is accepted.
    """
    span = f"a whole number >= {low}" if high is None else f"a whole number from {low} to {high}"
    try:
        number = None if isinstance(value, bool) else index(value)
    except TypeError:
        number = None
    if number is None or number < low or (high is not None and number > high):
        raise DeltaEditError(f"{name} is {short_repr(value)}; give {span}")
    return number


def check_number(name: str, value: Any, low: float | None = None) -> float:
    """`value` as a finite float, at least `low`; NaN, infinities, text and booleans are refused.

    Raises `DeltaEditError` naming the argument, what was given and what is accepted.
    """
    accepted = "a finite number" if low is None else f"a finite number >= {low:g}"
    try:
        number = math.nan if isinstance(value, bool | str | bytes) else float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        number = math.nan  # RuntimeError: a torch tensor of several elements
    if not math.isfinite(number) or (low is not None and number < low):
        raise DeltaEditError(f"{name} is {short_repr(value)}; give {accepted}")
    return number


def check_domain(domain: Kind) -> Kind:
    """`domain` itself; DeltaEditError for what has no networks to compute with, such as a name."""
    if not hasattr(domain, "spec"):
        kind = type(domain).__name__
        raise DeltaEditError(f"domain is a {kind}; give a domain: load_domain('toyfaces')")
    return domain


def check_kind(name: str, value: Any, kind: type[Kind], example: str) -> Kind:
    """`value` itself if it is a `kind`; else `DeltaEditError`, with an example of one."""
    if not isinstance(value, kind):
        raise DeltaEditError(f"{name} is a {type(value).__name__}; give {example}")
    return value


def check_tensor(name: str, value: Any) -> Tensor:
    """`value` itself if it is a torch tensor; arrays, lists and pictures of PIL are refused.

    Raises `DeltaEditError` naming the argument, what was given and how to turn it into a tensor.
    """
    from torch import Tensor  # here: the terminal's commands check their numbers before torch loads

    if not isinstance(value, Tensor):
        kind = type(value).__name__
        raise DeltaEditError(f"{name} is a {kind}; give a tensor, as torch.as_tensor makes one")
    return value


def check_finite(name: str, value: Any) -> Tensor:
    """`value` itself if it is a tensor of finite floats, of any shape.

    Raises `DeltaEditError` naming the argument, what is wrong and how to put it right.
    """
    found = check_tensor(name, value)
    if not found.is_floating_point():
        raise DeltaEditError(f"{name} holds {found.dtype}; give floats: {name}.float()")
    if not bool(found.isfinite().all()):
        raise DeltaEditError(f"{name} holds NaN or infinity; give finite numbers")
    return found


def check_unit_rows(name: str, value: Any) -> Tensor:
    """`value` itself if it holds unit vectors [n, E], as CLIP's embeddings are.

    Raises `DeltaEditError` as `check_finite`, and for another shape or length.
    """
    found = check_finite(name, value)
    if found.dim() != 2 or found.shape[1] < 1:
        raise DeltaEditError(f"{name} has the shape {list(found.shape)}; give rows [n, E]")
    off = (found.float().norm(dim=1) - 1).abs()
    if len(off) and float(off.max()) > UNIT_WITHIN:
        raise DeltaEditError(
            f"a row of {name} is {float(found[int(off.argmax())].float().norm()):.3g} long, not 1; "
            f"give unit vectors: torch.nn.functional.normalize({name}, dim=1)"
        )
    return found


def check_pictures(name: str, value: Any, limited: bool = True) -> Tensor:
    """`value` itself if it holds pictures: finite floats [n, 3, h, w] in [-1, 1].

    `limited=False` also takes what a generator draws before it is limited, a little outside.
    Raises `DeltaEditError` saying what is wrong: no tensor, one picture without n, bytes or floats
    in [0, 255], NaN, or numbers outside the range; and how to put it right.
    """
    found = check_tensor(name, value)
    if found.dim() != 4 or found.shape[1] != 3 or 0 in found.shape[2:]:
        raise DeltaEditError(
            f"{name} have the shape {list(found.shape)}; give [n, 3, h, w], a single picture as "
            "picture[None]"
        )
    if not found.is_floating_point():
        raise DeltaEditError(f"{name} are {found.dtype}; give floats in [-1, 1]: x / 127.5 - 1")
    if not len(found):
        return found
    low, high = (float(end) for end in found.detach().aminmax())
    if not math.isfinite(low) or not math.isfinite(high):
        raise DeltaEditError(f"{name} hold NaN or infinity; give finite floats in [-1, 1]")
    if (low >= 0 and high > 2) or (limited and max(-low, high) > FAR):
        scaled = "x / 127.5 - 1" if low >= 0 else "x / 127.5, if bytes were centred"
        raise DeltaEditError(
            f"{name} lie in [{low:.3g}, {high:.4g}], as bytes do; give floats in [-1, 1]: {scaled}"
        )
    if limited and (low < -1 - BEYOND or high > 1 + BEYOND):
        raise DeltaEditError(
            f"{name} lie in [{low:.4g}, {high:.4g}]; give them in [-1, 1]: undo what scaled them "
            "(CLIP's mean and deviation, say), or x.clamp(-1, 1) where a generator drew them"
        )
    return found


def short_repr(value: Any) -> str:
    """A short form of anything, so that a wrong argument of a million digits stays one line."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to print integers of more than 4,300 digits
        text = f"a very long {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."
