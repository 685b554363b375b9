"""What a program gets from the shell: streams and a current folder, perhaps missing, and Ctrl-C.

Idea: a stream that the shell closed (`>&-`) leaves a hole: the next file that is opened, a picture
say, gets the number of the output, and whatever a C library prints goes into it. So holes are
filled before anything is opened. A result that nobody can receive is refused before the work.

A full disk tells only when the buffer is flushed, so the end of a command flushes and asks.

Ctrl-C stops in order, which takes until the libraries give way; pressed again, it ends the process
at once, as a kill would, which everything that is written bears.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from io import TextIOWrapper
from types import FrameType
from typing import NoReturn, TextIO

from deltaedit_kit.support.errors import DeltaEditError

INPUT, OUTPUT, ERRORS = 0, 1, 2  # their numbers


def check_surroundings() -> None:
    """Fill the numbers of closed streams with the null device, which takes all and gives nothing.

    For a program's start. Raises `DeltaEditError` where the output is closed, or the current
    folder was deleted, without which some libraries end the process.
    """
    closed = [number for number in (INPUT, OUTPUT, ERRORS) if not _is_open(number)]
    for _ in closed:  # a new file gets the lowest free number
        os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:  # how Python shows a closed one
        sys.stdout = _nowhere()
    if sys.stderr is None:  # `print` would take stdout instead
        sys.stderr = _nowhere()
    if OUTPUT in closed:
        raise DeltaEditError("the standard output is closed; send it to a file, or to /dev/null")
    try:
        os.getcwd()
    except OSError:
        raise DeltaEditError(
            "the current folder does not exist any more; change to one that does"
        ) from None


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def stop_in_order_once() -> None:
    """The first Ctrl-C raises KeyboardInterrupt, the second ends the process without a word.

    Raised anew while files are put in order or libraries end, it would be a traceback of theirs.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # no `nohup`, no "&"
        signal.signal(signal.SIGINT, _stop)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    raise KeyboardInterrupt


def stop_at_once() -> None:
    """From now on Ctrl-C ends the process: the work is over, and nothing is left in disorder."""
    if signal.getsignal(signal.SIGINT) is _stop:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def accept_every_character() -> None:
    """An emoji must not break a terminal that lacks it: it becomes an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def unwritten() -> OSError | None:
    """Why what was printed did not arrive; None where it did. After that it goes nowhere."""
    try:
        sys.stdout.flush()
    except OSError as cause:
        _forget(sys.stdout, OUTPUT)  # Python flushes once more at its end
        return cause
    return None


def complain(line: str) -> None:
    """One line on stderr; where that is full as well, the exit code has to say it."""
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        _forget(sys.stderr, ERRORS)


def _forget(stream: TextIO, number: int) -> None:
    """What waits in the stream's buffer, and all that follows, goes to the null device."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    with suppress(OSError):
        stream.flush()
