"""`deltaedit`, or `python -m deltaedit_kit`: the kit's commands, one file each.

    deltaedit edit "a smiling face with glasses" --seed 3 --out smiling.png

Whatever a user can put right comes back as one line on stderr with exit code 2, not a traceback.
argparse, not typer: importing typer takes 0.2 s of every start where argparse takes 0.03, it has no
option with an optional number (`--refine [STEPS]`), and the lines it saves are few.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

from deltaedit_kit import __version__
from deltaedit_kit.labs.cli.edit import BARE
from deltaedit_kit.labs.cli.memory import keep_freed_memory
from deltaedit_kit.labs.cli.options import add_options
from deltaedit_kit.labs.cli.shell import (
    accept_every_character,
    check_surroundings,
    complain,
    stop_at_once,
    stop_in_order_once,
    unwritten,
)
from deltaedit_kit.support.errors import DeltaEditError

COMMANDS = (  # in the order of the help text
    "edit",
    "sample",
    "download",
    "verify",
    "inspect",
    "convert",
    "new-domain",
    "build",
    "codes",
    "train",
    "relevance",
    "evaluate",
    "course",
    "doctor",
)
WRONG_INPUT, INTERRUPTED, READER_GONE = 2, 130, 1


class OneLineParser(argparse.ArgumentParser):
    """argparse whose complaint is one line: what is wrong, and where help is."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"allow_abbrev": False} | options)

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise DeltaEditError(f"{message}; see `{self.prog} --help`")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Help and version; where they cannot be written raise OSError, which argparse swallows."""
        print(message, end="", file=file)
        sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Exit code 0 where all arrived; 2 for a wrong input, or no room; 130 after
    Ctrl-C; 1 where the reader of a pipe has gone.
    """
    if "matplotlib" not in sys.modules:  # pictures go to files: no window, no wrong MPLBACKEND
        os.environ["MPLBACKEND"] = "Agg"
    accept_every_character()
    code, line = _outcome(arguments)
    stop_at_once()
    lost = unwritten()
    if isinstance(lost, BrokenPipeError):
        code = code or READER_GONE
    elif lost is not None:
        code, line = WRONG_INPUT, f"cannot write to the standard output: {lost}; make room there"
    if line:
        complain(f"deltaedit: {line}")
    return code


def _outcome(arguments: Sequence[str] | None) -> tuple[int, str]:
    """The exit code of a command, and what there is to complain about, in a line."""
    try:
        if arguments is None:  # the process is ours
            stop_in_order_once()
            check_surroundings()
            keep_freed_memory()
        words = spell_out(sys.argv[1:] if arguments is None else arguments)
        options = make_parser().parse_args(words)
        options.command(options)
    except DeltaEditError as error:
        return WRONG_INPUT, str(error)
    except BrokenPipeError:  # whoever reads our output, `head` say, has enough
        return READER_GONE, ""
    except (OSError, MemoryError, RuntimeError) as error:
        if (words := _of_the_machine(error)) is None:
            raise
        return WRONG_INPUT, str(DeltaEditError(words))
    except KeyboardInterrupt:
        return INTERRUPTED, "stopped"
    return 0, ""


def _of_the_machine(error: Exception) -> str | None:
    """Words for a machine that has no room left, on its disk or in memory; None: a bug of ours.

    Of memory torch speaks in words alone, on a processor and on a GPU.
    """
    text = str(error)
    if isinstance(error, MemoryError) or re.search("out of memory|allocate memory", text, re.I):
        asked = re.search(r"tried to allocate ([\d.]+ \w+)", text, re.I)
        more = f" ({asked.group(1)} more were asked for)" if asked else ""
        return f"not enough memory{more}; take fewer pictures at once (--faces, --batch)"
    if isinstance(error, OSError):  # a disk that fills, a cache without the right to write
        return f"{text}; make room, or give another place"
    return None


def spell_out(arguments: Sequence[str]) -> list[str]:
    """`--refine` without a number as `--refine=usual`: argparse would take the sentence for it."""
    words = list(arguments)
    options = words[: words.index("--")] if "--" in words else words
    for place, word in enumerate(options):
        following = words[place + 1] if place + 1 < len(words) else ""
        if word == "--refine" and not re.fullmatch(r"[-+]?\d+", following):
            words[place] = f"--refine={BARE}"
    return words


def make_parser() -> argparse.ArgumentParser:
    """The program and all its commands."""
    parser = OneLineParser(
        prog="deltaedit", description="Edit pictures of a StyleGAN2 with a sentence."
    )
    parser.add_argument("--version", action="version", version=f"deltaedit {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=OneLineParser)
    for name in COMMANDS:
        module = import_module(f"deltaedit_kit.labs.cli.{name.replace('-', '_')}")
        command = commands.add_parser(name, help=module.HELP)
        add_options(command, module.OPTIONS)
        command.set_defaults(command=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
