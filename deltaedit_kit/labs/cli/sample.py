"""`deltaedit sample ...`: faces without an edit, side by side and numbered.

deltaedit sample --faces 8       -> figures/sample.png
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from deltaedit_kit.labs.cli.options import add_picture_options, sampled
from deltaedit_kit.labs.cli.places import check_figure
from deltaedit_kit.labs.cli.steps import step

FACES, OUT = 8, "figures/sample.png"  # where nothing else is asked for


def register(commands: Any) -> None:
    """Add the command and its options."""
    command = commands.add_parser("sample", help="sample pictures without editing them")
    add_picture_options(command, FACES, OUT)
    command.set_defaults(command=sample)


def sample(options: argparse.Namespace) -> None:
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
