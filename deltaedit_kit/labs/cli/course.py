"""`deltaedit course DIR`: the notebooks, their documents and the comparison's table, to work on.

deltaedit course lessons     -> lessons/notebooks/*.ipynb, lessons/docs, lessons/figures
"""

from __future__ import annotations

import argparse
from typing import Any

from deltaedit_kit.labs.cli.places import check_folder, path_of


def register(commands: Any) -> None:
    """Add the command and its options."""
    command = commands.add_parser("course", help="copy the course's notebooks into a folder")
    command.add_argument(
        "folder", type=path_of, metavar="DIR", help="folder to write to; nothing is overwritten"
    )
    command.set_defaults(command=course)


def course(options: argparse.Namespace) -> None:
    """Copy the course's files."""
    from deltaedit_kit.labs.course.files import unpack

    copies = unpack(check_folder(options.folder))
    lessons = sum(path.suffix == ".ipynb" for path in copies)
    print(f"{lessons} notebooks in {options.folder / 'notebooks'}; open them in Jupyter or VS Code")
