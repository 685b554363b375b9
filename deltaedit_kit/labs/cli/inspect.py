"""`deltaedit inspect FILE`: what a file is, its sizes and its domain; nothing of it is run.

deltaedit inspect net_face.pth
"""

from __future__ import annotations

import argparse
from typing import Any

from deltaedit_kit.labs.cli.places import path_of


def register(commands: Any) -> None:
    """Add the command and its options."""
    command = commands.add_parser("inspect", help="identify a checkpoint file without executing it")
    command.add_argument("files", metavar="FILE", type=path_of, nargs="+", help="checkpoint files")
    command.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Describe every file, a blank line between two."""
    from deltaedit_kit.io.checkpoints.describing import describe

    descriptions = ("\n".join(describe(path).lines()) for path in options.files)
    for number, text in enumerate(descriptions):
        print(f"\n{text}" if number else text)
