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

from deltaedit_kit.labs.cli.options import DEVICE, DOMAIN, FAST
from deltaedit_kit.labs.cli.places import check_tensors, home_of, path_of

HELP = "compute R of a domain: how each style channel moves CLIP's embedding"
OPTIONS = {
    **DOMAIN,
    "--method": (  # those of `deltaedit_kit.relevance`, which loads torch
        ("difference", "gradient"),
        "difference: as in the paper; gradient: its derivative, many times faster",
        "difference",
    ),
    "--pictures N": (int, "number of pictures to average over", 100),
    "--step SIGMAS": (
        float,
        "of the method difference: how far a channel is moved up and down, in standard deviations",
        5.0,
    ),
    "--seed N": (int, "random seed of the pictures", 0),
    "--batch N": (int, "pictures at once (default: by resolution and device)"),
    **FAST,
    **DEVICE,
    "--out FILE": (
        path_of,
        "output file (default: relevance.safetensors in the domain's folder, if it has no R)",
    ),
}


def run(options: argparse.Namespace) -> None:
    """Load the domain, make R and say where it is."""
    from deltaedit_kit.io.loading import load_domain
    from deltaedit_kit.labs.progress import Progress
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
    with Progress("relevance") as progress:
        made = make_relevance(domain, out, plan, progress)
    print(f"saved {made}")
