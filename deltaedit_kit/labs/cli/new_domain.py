"""`deltaedit new-domain DIR --renderer`: begin a domain of one's own.

deltaedit new-domain mushrooms --renderer      a renderer to change, its words, the steps
"""

from __future__ import annotations

import argparse
from typing import Any

from deltaedit_kit.labs.cli.places import path_of


def register(verbs: Any) -> None:
    """Add the verb and its options."""
    verb = verbs.add_parser("new-domain", help="begin a domain of your own")
    verb.add_argument("folder", metavar="DIR", type=path_of, help="where; its name is the domain's")
    kind = verb.add_mutually_exclusive_group(required=True)
    kind.add_argument(
        "--renderer", action="store_true", help="drawn by a program of yours: writes an example"
    )
    verb.set_defaults(verb=new_domain)


def new_domain(options: argparse.Namespace) -> None:
    """Write the example and say what comes next."""
    from deltaedit_kit.labs.own_domain.project import new_project

    folder = new_project(options.folder)
    print(f"wrote {folder}: renderer.py, domain.json, README.md; then: deltaedit build {folder}")
