"""`deltaedit inspect FILE`: what a file is, its sizes and its domain; nothing of it is run.

deltaedit inspect net_face.pth
"""

from __future__ import annotations

import argparse

from deltaedit_kit.labs.cli.places import path_of

HELP = "identify a checkpoint file without executing it"
OPTIONS = {"FILE+": (path_of, "checkpoint files")}


def run(options: argparse.Namespace) -> None:
    """Describe every file, a blank line between two."""
    from deltaedit_kit.io.checkpoints.describing import describe

    descriptions = ("\n".join(describe(path).lines()) for path in options.file)
    for number, text in enumerate(descriptions):
        print(f"\n{text}" if number else text)
