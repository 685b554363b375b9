"""`deltaedit evaluate DOMAIN ...`: every method on the same faces and sentences, as a table.

deltaedit evaluate toyfaces --quick                       2 sentences, 4 faces: does it run?
deltaedit evaluate toyfaces --faces 100 --slow-faces 25   the table; go on with the same command
deltaedit evaluate toyfaces --methods deltaedit,styleclip-directions --prompts mine.csv

Interrupt it whenever you like: the same command goes on with the next run.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from deltaedit_kit.labs.cli.options import add_device, add_domain
from deltaedit_kit.labs.cli.places import check_folder, path_of
from deltaedit_kit.labs.cli.steps import step
from deltaedit_kit.support.errors import DeltaEditError, check_number

QUICK_SENTENCES, QUICK_FACES = 2, 4


def register(commands: Any) -> None:
    """Add the command and its options; numbers get their range checked by the comparison."""
    command = commands.add_parser(
        "evaluate", help="compare DeltaEdit with the baselines, as a table"
    )
    add_domain(command, "name of a domain, or its folder (default: toyfaces)", "toyfaces")
    command.add_argument(
        "--methods", help="methods, joined by commas, such as deltaedit,tedigan (default: all five)"
    )
    command.add_argument(
        "--settings",
        default="short,best",
        help="settings of the methods, joined by commas: default (as published), short (fewer "
        "steps), best (tuned) (default: short,best)",
    )
    command.add_argument(
        "--prompts",
        type=path_of,
        metavar="FILE",
        help="sentences, as CSV with the columns text,asks,split (default: those of the domain)",
    )
    command.add_argument(
        "--faces", type=int, default=100, help="number of pictures to sample (default: 100)"
    )
    command.add_argument(
        "--slow-faces",
        type=int,
        help="number of pictures for the methods that optimise each picture (default: as --faces)",
    )
    command.add_argument(
        "--strengths",
        default="0.5,1,1.5",
        help="factors of each method's usual strength, joined by commas (default: 0.5,1,1.5)",
    )
    command.add_argument(
        "--features",
        default="clip",
        help="networks, joined by commas, in whose features the Fréchet distance (FID) is taken: "
        "clip, inception (default: clip)",
    )
    command.add_argument(
        "--seed", type=int, default=700_000, help="random seed of the pictures (default: 700000)"
    )
    add_device(command)
    command.add_argument("--exact", action="store_true", help="draw in float32 (slower)")
    command.add_argument(
        "--quick",
        action="store_true",
        help="a small table for a trial; too few faces for conclusions",
    )
    command.add_argument(
        "--out",
        type=path_of,
        metavar="FOLDER",
        help="output folder (default: runs/evaluate/DOMAIN)",
    )
    command.set_defaults(command=evaluate)


def evaluate(options: argparse.Namespace) -> None:
    """Compute what is missing, write both tables, print the summary."""
    from deltaedit_kit.io.loading import load_domain
    from deltaedit_kit.labs.compare.baselines import METHODS
    from deltaedit_kit.labs.compare.comparison import Comparison, Plan
    from deltaedit_kit.labs.compare.findings import findings
    from deltaedit_kit.labs.compare.prompts import default_prompts, of_split, read_prompts
    from deltaedit_kit.labs.compare.results import Results
    from deltaedit_kit.labs.compare.table import summary_table

    own = Path(os.path.abspath(path_of(options.domain))).name  # of a folder: its last part
    name = f"{own}-quick" if options.quick else own
    folder = options.out or Path("runs/evaluate") / name
    check_folder(folder)
    with step(f"load {options.domain}"):
        domain = load_domain(options.domain, device=options.device)
        prompts = read_prompts(options.prompts) if options.prompts else default_prompts(domain)
        if options.quick:
            prompts = [p for s in ("test", "tune") for p in of_split(prompts, s)[:QUICK_SENTENCES]]
    settings = names(options.settings)
    plan = Plan(
        methods=names(options.methods) if options.methods else METHODS,
        settings=("short",) if options.quick else settings,
        faces=QUICK_FACES if options.quick else options.faces,
        slow_faces=QUICK_FACES if options.quick else options.slow_faces or options.faces,
        strengths=strengths(options.strengths),
        features=names(options.features),
        reference_faces=40 if options.quick else 1000,
        seed=options.seed,
        fast=not options.exact,
        quick=options.quick,
    )
    comparison = Comparison(domain, plan, prompts, folder)
    comparison.run()
    summary = Results(folder).summary
    print(summary_table(summary).to_string())
    print("\n".join(findings(summary)))
    print(f"drawn in {comparison.precision}")
    print(f"saved {folder / 'table.csv'} and {folder / 'summary.csv'}")


def names(text: str) -> tuple[str, ...]:
    """The names of a list joined by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def strengths(text: str) -> tuple[float, ...]:
    """The numbers of a list joined by commas; DeltaEditError for what is no finite number."""
    try:
        return tuple(check_number("strength", float(part)) for part in names(text))
    except ValueError as cause:
        raise DeltaEditError(
            f"--strengths is {text[:40]!r}; give numbers as in 0.5,1,1.5"
        ) from cause
