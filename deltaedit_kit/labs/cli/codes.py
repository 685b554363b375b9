"""`deltaedit codes DOMAIN --samples N`: make the training set of a mapper.

deltaedit codes lsun-church --samples 200000 --device cuda    into the domain's own folder
deltaedit codes toyfaces --samples 10000 --out runs/codes     again: goes on where it was
deltaedit codes toyfaces --samples 10000 --correlated 5    groups of five much alike
deltaedit codes toyfaces --photos FOLDER --out runs/photos    inverted photographs
torchrun --nproc-per-node 4 -m deltaedit_kit codes ...  every process makes its share
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from deltaedit_kit.labs.cli.options import DEVICE, DOMAIN_OR_TOYFACES, FAST
from deltaedit_kit.labs.cli.places import check_folder, path_of
from deltaedit_kit.labs.cli.steps import step
from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from deltaedit_kit.domain import Domain


HELP = "make a mapper's training set: codes (s, i) of pictures"
OPTIONS = {
    **DOMAIN_OR_TOYFACES,
    "--samples N": (int, "number of pictures to sample"),
    "--photos FOLDER": (path_of, "invert the pictures in this folder instead"),
    "--out DIR": (path_of, "output folder (default: codes/ in the domain's folder)"),
    "--seed N": (int, "random seed of the samples (default: 0)"),
    "--truncation PSI+": (
        float,
        "1 full variety, 0 the average; several are used in turn, as in 1 1 1 0.7 (default: 1)",
    ),
    "--batch N": (int, "pictures at once (default: 32; fewer above 256 px)"),
    "--chunk N": (int, "codes per file (default: about 512)"),
    "--correlated N": (
        int,
        "sample groups of this size whose pictures differ in a few factors only; toyfaces can "
        "(default: 1, independent samples)",
    ),
    **FAST,
    **DEVICE,
}


def run(options: argparse.Namespace) -> None:
    """Make, continue or lengthen a store, with a bar that shows pictures a second."""
    from deltaedit_kit.codes import make_codes
    from deltaedit_kit.io.loading import load_domain
    from deltaedit_kit.labs.photo.code_sources import Photos
    from deltaedit_kit.labs.progress import Progress
    from deltaedit_kit.labs.training.processes import this_rank

    if (options.samples is None) == (options.photos is None):
        raise DeltaEditError("give either --samples N or --photos FOLDER; see `deltaedit codes -h`")
    sampling = options.seed, options.truncation, options.correlated
    if options.photos is not None and sampling != (None, None, None):
        raise DeltaEditError(
            "--seed, --truncation and --correlated choose samples; leave them out with --photos"
        )
    if options.out is not None:
        check_folder(options.out)
    rank = this_rank()
    with step(f"load {options.domain}"):
        domain = load_domain(options.domain, device=rank.device(options.device))
        _ = domain.generator, domain.clip
    out = options.out or domain.folder / "codes"
    source = None
    if options.photos is not None:
        source = Photos.of(domain, options.photos, _encoder(domain))
    with Progress("codes", rank.first) as progress:
        store = make_codes(
            domain,
            out,
            options.samples,
            options.seed,
            options.truncation,
            options.batch,
            options.chunk,
            options.correlated,
            options.fast,
            source=source,
            progress=progress,
            part=rank.index,
            parts=rank.world,
        )
    if rank.first:
        size = sum(path.stat().st_size for path in out.glob("codes-*.safetensors"))
        rest = "" if store.complete else "; the other processes are still making theirs"
        print(f"{len(store):,} codes of {store.domain} in {out}, {size / 2**20:.1f} MiB{rest}")


def _encoder(domain: Domain) -> Callable[[Tensor], Tensor]:
    """The domain's way from pictures to w+."""
    from deltaedit_kit.labs.photo.encoding import encode

    if domain.inversion is None:
        raise DeltaEditError(
            f"domain {domain.spec.name!r} has no encoder for photographs; give --samples N instead"
        )
    return partial(encode, domain)
