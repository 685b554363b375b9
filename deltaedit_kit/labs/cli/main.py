"""`deltaedit`: the kit's verbs for a terminal; `verbs/` has one file for each.

    deltaedit edit "a smiling face with glasses" --seed 3 --out smiling.png

Whatever a user can put right comes back as one line on stderr with exit code 2, not a traceback.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import NoReturn

from deltaedit_kit import __version__
from deltaedit_kit.errors import DeltaEditError

VERBS = (  # in the order of the help text
    "edit",
    "sample",
    "download",
    "inspect",
    "convert",
    "codes",
    "train",
    "relevance",
    "evaluate",
)
WRONG_INPUT, INTERRUPTED, READER_GONE = 2, 130, 1


class OneLineParser(argparse.ArgumentParser):
    """argparse whose complaint is one line: what is wrong, and where help is."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise DeltaEditError(f"{message}; see `{self.prog} --help`")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; the exit code: 0, 2 for a wrong input, 130 after Ctrl-C, 1 for a closed pipe."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # an emoji must not break a terminal that lacks it
            stream.reconfigure(errors="backslashreplace")
    try:
        options = _parser().parse_args(arguments)
        options.verb(options)
    except DeltaEditError as error:
        print(f"deltaedit: {error}", file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        print("deltaedit: stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads our output, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        return READER_GONE
    return 0


def _parser() -> argparse.ArgumentParser:
    """The program and all its verbs."""
    parser = OneLineParser(
        prog="deltaedit", description="Edit pictures of a StyleGAN2 with a sentence."
    )
    parser.add_argument("--version", action="version", version=f"deltaedit {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="VERB", parser_class=OneLineParser)
    for name in VERBS:
        import_module(f"deltaedit_kit.labs.cli.{name}").register(verbs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
