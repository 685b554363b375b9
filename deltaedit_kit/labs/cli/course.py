"""`deltaedit course DIR`: the notebooks, their documents and the comparison's table, to work on.

deltaedit course lessons     -> lessons/notebooks/*.ipynb, lessons/docs, lessons/figures
"""

from __future__ import annotations

import argparse

from deltaedit_kit.labs.cli.places import check_folder, path_of

HELP = "copy the course's notebooks into a folder"
OPTIONS = {"DIR": (path_of, "folder to write to; nothing is overwritten")}


def run(options: argparse.Namespace) -> None:
    """Copy the course's files."""
    from deltaedit_kit.labs.course.files import unpack

    copies = unpack(check_folder(options.dir))
    lessons = sum(path.suffix == ".ipynb" for path in copies)
    print(f"{lessons} notebooks in {options.dir / 'notebooks'}; open them in Jupyter or VS Code")
