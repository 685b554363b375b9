"""`deltaedit relevance DOMAIN`: make R, which says what style channels a sentence may touch.

deltaedit relevance lsun-church --pictures 100 --step 5 --device cuda
deltaedit relevance my/domain --method gradient --fast

Layer after layer, or batch after batch of pictures, is stored as it is done, so a run that was
stopped goes on where it was. The result lies where `load_domain` looks for it; for a domain that
has an R already, give another place with --out. Definitions: the published one in
`deltaedit_kit.relevance`, with a faster one.
"""

from __future__ import annotations

import argparse
from typing import Any

from deltaedit_kit.labs.cli.options import add_device, add_domain
from deltaedit_kit.labs.cli.places import check_tensors, home_of, path_of

METHODS = ("difference", "gradient")  # those of `deltaedit_kit.relevance`, which loads torch


def register(commands: Any) -> None:
    """Add the command and its options."""
    command = commands.add_parser(
        "relevance",
        help="compute R of a domain: how each style channel moves CLIP's embedding",
    )
    add_domain(command, "name of a domain (lsun-cat, ...), or its folder")
    command.add_argument(
        "--method",
        choices=METHODS,
        default=METHODS[0],
        help="difference: as in the paper; gradient: its derivative, many times faster (default: "
        "difference)",
    )
    command.add_argument(
        "--pictures",
        type=int,
        default=100,
        help="number of pictures to average over (default: 100)",
    )
    command.add_argument(
        "--step",
        type=float,
        default=5.0,
        help="of the method difference: how far a channel is moved up and down, in standard "
        "deviations (default: 5)",
    )
    command.add_argument(
        "--seed", type=int, default=0, help="random seed of the pictures (default: 0)"
    )
    command.add_argument(
        "--batch", type=int, help="pictures at once (default: by resolution and device)"
    )
    command.add_argument(
        "--fast", action="store_true", help="draw in the fastest precision of this machine"
    )
    add_device(command)
    command.add_argument(
        "--out",
        type=path_of,
        metavar="FILE",
        help="output file (default: relevance.safetensors in the domain's folder, if it has no R)",
    )
    command.set_defaults(command=relevance)


def relevance(options: argparse.Namespace) -> None:
    """Load the domain, make R and say where it is."""
    from tqdm.auto import tqdm

    from deltaedit_kit.io.loading import load_domain
    from deltaedit_kit.relevance import Plan, make_relevance

    plan = Plan(
        options.pictures,
        options.step,
        options.seed,
        options.batch,
        options.fast,
        options.method,
    )
    domain = load_domain(options.domain, device=options.device)
    out = check_tensors(home_of(domain, "relevance") if options.out is None else options.out)
    with tqdm(unit="picture", desc="relevance") as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        print(f"saved {make_relevance(domain, out, plan, show)}")
