"""`deltaedit sample ...`: faces without an edit, side by side and numbered.

deltaedit sample --faces 8       -> figures/sample.png
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from deltaedit_kit.labs.cli.options import DEVICE, Table
from deltaedit_kit.labs.cli.places import check_figure, path_of
from deltaedit_kit.labs.cli.steps import step
from deltaedit_kit.support.errors import check_number, check_whole_number

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain
    from deltaedit_kit.domain.faces import Faces

FACES, OUT = 8, "figures/sample.png"  # where nothing else is asked for
MOST_FACES = 256  # one below the other; matplotlib draws no picture of more than 65,536 pixels


def picture_options(faces: int, out: str) -> Table:
    """Which domain, which sampled faces, and where the picture goes: None where nothing is given.

    `faces` and `out` are only named in the help: the command decides.
    """
    return {
        "--domain NAME": (str, "name of a domain, or its folder", "toyfaces"),
        "--faces N": (int, f"number of pictures to sample (default: {faces})"),
        "--seed N": (int, "random seed (default: 0)"),
        "--truncation PSI": (float, "1 full variety, 0 the average (default: the domain's)"),
        **DEVICE,
        "--out FILE": (path_of, f"output picture (default: {out})"),
    }


HELP = "sample pictures without editing them"
OPTIONS = picture_options(FACES, OUT)


def run(options: argparse.Namespace) -> None:
    """Sample faces and save them side by side."""
    from deltaedit_kit.support.pictures import sample_figure, save_figure

    out = check_figure(options.out or Path(OUT))
    domain, faces = sampled(options, FACES)
    origin, spec = faces.origin, domain.spec
    note = f"seed {origin.seed},  truncation {origin.truncation:g}" if origin else ""
    with step("draw and save"):
        figure = sample_figure(faces, f"{spec.name}: {spec.title}", note)
        path = save_figure(figure, out)
    print(f"saved {path}")


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
