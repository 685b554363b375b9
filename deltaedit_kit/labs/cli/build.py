"""`deltaedit build DIR`: make a domain from the renderer in its folder; again: it goes on.

deltaedit build mushrooms                       all steps
deltaedit build mushrooms --step oracle         up to this one
deltaedit build mushrooms --miniature           small networks, a minute or two
deltaedit build mushrooms --adversarial         a critic teaches the generator: hours

Runs renderer.py of the folder with your rights: build only what you have read.
"""

from __future__ import annotations

import argparse
import shlex
from functools import partial
from typing import Any

from deltaedit_kit.labs.cli.options import add_device
from deltaedit_kit.labs.cli.places import path_of


def register(commands: Any) -> None:
    """Add the command and its options."""
    command = commands.add_parser(
        "build", help="train a domain of your own; resumes after an interruption"
    )
    command.add_argument(
        "folder",
        metavar="DIR",
        type=path_of,
        help="folder that `deltaedit new-domain DIR --renderer` wrote",
    )
    command.add_argument(
        "--step",
        metavar="NAME",
        help="last step to run, one of renders, oracle, generator, clip, scales, codes, mapper, "
        "relevance, settings, card (default: card)",
    )
    command.add_argument(
        "--miniature",
        action="store_true",
        help="small networks for a quick trial: a minute or two instead of 7 to 20",
    )
    command.add_argument(
        "--adversarial",
        action="store_true",
        help="train the generator as a GAN, without its factors, instead of by regression: hours",
    )
    add_device(command)
    command.set_defaults(command=build)


def build(options: argparse.Namespace) -> None:
    """Make what is not made yet."""
    from deltaedit_kit.io.declaration import FILE_NAME, read_declaration
    from deltaedit_kit.labs.own_domain.bench import FULL, MINIATURE
    from deltaedit_kit.labs.own_domain.steps import NAMES
    from deltaedit_kit.labs.own_domain.steps import build as make
    from deltaedit_kit.support.device import usable_device

    until, name = options.step or NAMES[-1], shlex.quote(str(options.folder))
    try:
        make(
            options.folder,
            MINIATURE if options.miniature else FULL,
            until,
            options.adversarial,
            str(usable_device(options.device)),
            partial(print, flush=True),
        )
    except KeyboardInterrupt:
        print("\nwhat is done is kept: the same command goes on", flush=True)
        raise
    if until != NAMES[-1]:
        print(f"made {options.folder} up to the step {until!r}; the same without --step goes on")
        return
    example = shlex.quote(read_declaration(options.folder / FILE_NAME).examples[0])
    print(f"made {options.folder}: its quality is in card.md; then, for example:")
    print(f"  deltaedit edit {example} --domain {name}")
    print(f"  deltaedit evaluate {name}")
