"""`deltaedit build DIR`: make a domain from the renderer in its folder; again: it goes on.

deltaedit build mushrooms                       all steps
deltaedit build mushrooms --step oracle         up to this one
deltaedit build mushrooms --miniature           small networks, a minute or two

Runs renderer.py of the folder with your rights: build only what you have read.
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from deltaedit_kit.labs.cli.places import path_of


def register(verbs: Any) -> None:
    """Add the verb and its options."""
    verb = verbs.add_parser("build", help="make a domain of your own; stopped, it goes on")
    verb.add_argument("folder", metavar="DIR", type=path_of, help="from `deltaedit new-domain`")
    verb.add_argument("--step", metavar="NAME", help="stop after this step (default: the last)")
    verb.add_argument("--miniature", action="store_true", help="small networks, to try things with")
    verb.add_argument(
        "--adversarial", action="store_true", help="a critic teaches the generator, not the renders"
    )
    verb.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    verb.set_defaults(verb=build)


def build(options: argparse.Namespace) -> None:
    """Make what is not made yet."""
    from deltaedit_kit.device import usable_device
    from deltaedit_kit.labs.own_domain.bench import FULL, MINIATURE
    from deltaedit_kit.labs.own_domain.steps import NAMES
    from deltaedit_kit.labs.own_domain.steps import build as make

    folder = make(
        options.folder,
        MINIATURE if options.miniature else FULL,
        options.step or NAMES[-1],
        options.adversarial,
        str(usable_device(options.device)),
        partial(print, flush=True),
    )
    print(f"made {folder}")
