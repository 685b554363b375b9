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

from deltaedit_kit.labs.cli.options import DEVICE
from deltaedit_kit.labs.cli.places import path_of

HELP = "train a domain of your own; resumes after an interruption"
OPTIONS = {
    "DIR": (path_of, "folder that `deltaedit new-domain DIR --renderer` wrote"),
    "--step NAME": (
        str,
        "last step to run, one of renders, oracle, generator, clip, scales, codes, mapper, "
        "relevance, settings, card (default: card)",
    ),
    "--miniature": (bool, "small networks for a trial: a minute or two instead of 7 to 20"),
    "--adversarial": (
        bool,
        "train the generator as a GAN, without its factors, instead of by regression: hours",
    ),
    **DEVICE,
}


def run(options: argparse.Namespace) -> None:
    """Make what is not made yet."""
    from deltaedit_kit.io.declaration import FILE_NAME, read_declaration
    from deltaedit_kit.labs.own_domain.context import FULL, MINIATURE
    from deltaedit_kit.labs.own_domain.steps import NAMES
    from deltaedit_kit.labs.own_domain.steps import build as make
    from deltaedit_kit.support.device import usable_device

    until, name = options.step or NAMES[-1], shlex.quote(str(options.dir))
    try:
        make(
            options.dir,
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
        print(f"made {options.dir} up to the step {until!r}; the same without --step goes on")
        return
    example = shlex.quote(read_declaration(options.dir / FILE_NAME).examples[0])
    print(f"made {options.dir}: its quality is in card.md; then, for example:")
    print(f"  deltaedit edit {example} --domain {name}")
    print(f"  deltaedit evaluate {name}")
