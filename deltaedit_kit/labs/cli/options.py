"""Options that several commands share, and the pictures that some of them sample."""

from __future__ import annotations

import argparse
from os.path import expanduser
from typing import TYPE_CHECKING, Any

from deltaedit_kit.labs.cli.places import path_of
from deltaedit_kit.labs.cli.steps import step
from deltaedit_kit.support.errors import check_number, check_whole_number

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain
    from deltaedit_kit.domain.faces import Faces

MOST_FACES = 256  # one below the other; matplotlib draws no picture of more than 65,536 pixels


def sampled(options: argparse.Namespace, usual: int) -> tuple[Domain, Faces]:
    """Load what sampling needs and sample, `usual` faces if no number is given; each step timed.

    Raises `DeltaEditError` as `load_domain` and `Domain.sample` do, wrong numbers before loading.
    """
    count = usual if options.faces is None else options.faces
    count, seed = check_whole_number("--faces", count, 1, MOST_FACES), options.seed or 0
    if options.truncation is not None:
        check_number("--truncation", options.truncation)
    with step(f"load {options.domain}"):
        from deltaedit_kit.io.loading import load_domain

        domain = load_domain(options.domain, device=options.device)
        _ = domain.generator, domain.clip
    with step(f"sample {count} face{'s' * (count != 1)}"):
        faces = domain.sample(count, seed, options.truncation)
    return domain, faces


def add_domain(command: Any, help: str, default: str | None = None) -> None:
    """DOMAIN, a name or a folder; may be left out where there is a default."""
    optional = {} if default is None else {"nargs": "?", "default": default}
    command.add_argument("domain", metavar="DOMAIN", type=expanduser, help=help, **optional)


def add_device(command: Any) -> None:
    """Where the networks are."""
    command.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")


def add_picture_options(command: Any, faces: int, out: str) -> None:
    """Which domain, which sampled faces, and where the picture goes: None where nothing is given.

    `faces` and `out` are only named in the help: the command decides.
    """
    command.add_argument(
        "--domain", default="toyfaces", help="name of a domain, or its folder (default: toyfaces)"
    )
    command.add_argument(
        "--faces", type=int, help=f"number of pictures to sample (default: {faces})"
    )
    command.add_argument("--seed", type=int, help="random seed (default: 0)")
    command.add_argument(
        "--truncation",
        type=float,
        help="truncation psi: 1 full variety, 0 the average (default: the domain's)",
    )
    add_device(command)
    command.add_argument(
        "--out", type=path_of, metavar="FILE", help=f"output picture (default: {out})"
    )
