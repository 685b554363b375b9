"""Options of a command as a table: name and metavar -> type, meaning, default.

    "--faces N":  (int, "number of pictures to sample", 100)    without a default: None
    "--method":   (("difference", "gradient"), "...")           one of these words
    "--fast":     (bool, "...")                                 a switch
    "FILE":       (path_of, "...")                              by its place, not by a name
    "DOMAIN?", "TEXT*", "FILE+"                                 at most one, any, one or more

Numbers get their range checked by the kit itself, before anything is loaded where it can be.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from os.path import expanduser
from typing import Any

Table = Mapping[str, tuple[Any, ...]]

DEVICE: Table = {"--device NAME": (str, "cpu or cuda", "cpu")}
FAST: Table = {"--fast": (bool, "draw in the fastest precision of this machine")}
DOMAIN: Table = {"DOMAIN": (expanduser, "name of a domain (ffhq, lsun-cat, ...), or its folder")}
DOMAIN_OR_TOYFACES: Table = {"DOMAIN?": (expanduser, "name of a domain, or its folder", "toyfaces")}


def add_options(command: argparse.ArgumentParser, table: Table) -> None:
    """Let a command take the options of a table."""
    for key, (kind, meaning, *default) in table.items():
        name, last = key.split()[0], key.split()[-1]
        metavar = last.rstrip("?*+")
        settings: dict[str, Any] = {"help": meaning}
        if kind is bool:
            settings["action"] = "store_true"
        elif isinstance(kind, tuple):
            settings["choices"] = kind
        else:
            settings |= {"type": kind, "metavar": metavar, "nargs": last[len(metavar) :] or None}
        if default:
            settings |= {"default": default[0], "help": f"{meaning} (default: {default[0]})"}
        command.add_argument(name if name.startswith("-") else metavar.lower(), **settings)
