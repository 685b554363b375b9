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

from deltaedit_kit.labs.cli.options import DEVICE, DOMAIN_OR_TOYFACES
from deltaedit_kit.labs.cli.places import check_folder, path_of
from deltaedit_kit.labs.cli.steps import step
from deltaedit_kit.support.errors import DeltaEditError, check_number

QUICK_SENTENCES, QUICK_FACES = 2, 4


HELP = "compare DeltaEdit with the baselines, as a table"
OPTIONS = {
    **DOMAIN_OR_TOYFACES,
    "--methods NAMES": (
        str,
        "methods, joined by commas, such as deltaedit,tedigan (default: all five)",
    ),
    "--settings NAMES": (
        str,
        "settings of the methods, joined by commas: default (as published), short (fewer steps), "
        "best (tuned)",
        "short,best",
    ),
    "--prompts FILE": (
        path_of,
        "sentences, as CSV with the columns text,asks,split (default: those of the domain)",
    ),
    "--faces N": (int, "number of pictures to sample", 100),
    "--slow-faces N": (
        int,
        "number of pictures for the methods that optimise each picture (default: as --faces)",
    ),
    "--strengths NUMBERS": (
        str,
        "factors of each method's usual strength, joined by commas",
        "0.5,1,1.5",
    ),
    "--features NAMES": (
        str,
        "networks, joined by commas, in whose features the Fréchet distance (FID) is taken: clip, "
        "inception",
        "clip",
    ),
    "--seed N": (int, "random seed of the pictures", 700_000),
    **DEVICE,
    "--exact": (bool, "draw in float32 (slower)"),
    "--quick": (bool, "a small table for a trial; too few faces for conclusions"),
    "--out FOLDER": (path_of, "output folder (default: runs/evaluate/DOMAIN)"),
}


def run(options: argparse.Namespace) -> None:
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
