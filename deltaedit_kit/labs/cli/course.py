"""`deltaedit course DIR`: the notebooks, their documents and the comparison's table, to work on.

deltaedit course lessons     -> lessons/notebooks/*.ipynb, lessons/docs, lessons/figures
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    """Add the command and its options."""
    command = commands.add_parser("course", help="unpack the course's notebooks into a folder")
    command.add_argument(
        "folder", type=Path, metavar="DIR", help="where to; nothing is overwritten"
    )
    command.set_defaults(command=course)


def course(options: argparse.Namespace) -> None:
    """Copy the course's files."""
    from deltaedit_kit.labs.course.files import unpack

    copies = unpack(options.folder.expanduser())
    lessons = sum(path.suffix == ".ipynb" for path in copies)
    print(f"{lessons} notebooks in {options.folder / 'notebooks'}; open them in Jupyter or VS Code")
