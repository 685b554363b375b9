"""`deltaedit train DOMAIN`: train a mapper on the domain's codes; again: it goes on.

deltaedit train lsun-church                                              the published schedule
deltaedit train toyfaces --codes runs/codes --out runs/mapper --steps 4500 --batch 256
torchrun --nproc-per-node 2 -m deltaedit_kit train ...               several processes

Without --codes and --out both lie in the domain's own folder, where `deltaedit codes` puts the
codes and `load_domain` looks for the mapper. A domain that has one (toyfaces, ffhq, what `deltaedit
build` made) goes on using it, and an ablation is no domain's mapper: then say with --out where the
result goes, and try it in Python with `Domain.with_mapper`.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from deltaedit_kit.labs.cli.options import DEVICE, DOMAIN_OR_TOYFACES
from deltaedit_kit.labs.cli.places import check_folder, home_of, path_of
from deltaedit_kit.labs.cli.steps import step
from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain
    from deltaedit_kit.labs.training.experiment import ExperimentConfig
    from deltaedit_kit.train import Report

COMPILERS = (os.environ.get("CXX") or "c++", "g++", "clang++", "cl")  # one of them
HELP = "train a mapper on codes; resumes after an interruption"
SETTINGS = {  # entries of ExperimentConfig, which has their defaults
    "--steps N": (int, "training steps; default 201562, as published"),
    "--batch N": (int, "pairs per step, over all processes; default 64"),
    "--learning-rate X": (
        float,
        "of Adam; default 0.5, as published, for weights that are stored times 100",
    ),
    "--warm-up N": (int, "steps in which the learning rate rises from 0; default 0"),
    "--beta2 X": (float, "of Adam, the decay of its mean squared gradient; default 0.999"),
    "--l2-weight X": (float, "weight of the mean squared error in the loss; default 1.0"),
    "--cosine-weight X": (float, "weight of 1 - cosine in the loss; default 1.0"),
    "--ema X": (float, "decay of the average of the weights, which is saved; default 0, none"),
    "--held-out X": (float, "share of the codes that is kept for validation; default 0.02"),
    "--correlated N": (
        int,
        "size of the groups that most pairs are drawn from; default: as in `codes`",
    ),
    "--seed N": (int, "random seed of the pairs and the initial weights; default 0"),
    "--report-every N": (int, "steps between two reports; default 500"),
    "--save-every N": (int, "steps between two checkpoints; default 2000"),
    "--accumulate N": (
        int,
        "divide each step's pairs into so many passes, to save memory; default 1",
    ),
    "--patience N": (
        int,
        "stop after so many reports without a lower validation loss; default 0, never",
    ),
    "--limit N": (int, "train on so many codes only; default: all"),
    "--schedule": (("constant", "cosine"), "of the learning rate; default constant"),
    "--space": (("s", "w_plus"), "ablation: space of the codes to learn; default s"),
    "--group": (
        ("coarse", "medium", "fine"),
        "ablation: learn and edit one group of layers only; default all",
    ),
    "--fast": (bool, "compute products in the fastest precision of this machine"),
    "--compile": (bool, "torch.compile; on a GPU with CUDA graphs"),
    "--orthogonal": (bool, "start from orthogonal matrices, which allow higher learning rates"),
    "--fixed-pairs": (bool, "ablation: pair every code with the same other code in all steps"),
}
OPTIONS = {
    **DOMAIN_OR_TOYFACES,
    "--codes DIR": (path_of, "the codes (default: where `deltaedit codes` writes them)"),
    "--out DIR": (
        path_of,
        "output folder (default: the domain's, if it has no mapper yet; Domain.with_mapper in "
        "Python tries a mapper from elsewhere)",
    ),
    **SETTINGS,
    "--no-image": (bool, "ablation: the mapper gets the direction, not the picture's embedding"),
    "--edit-accuracy": (bool, "let the oracle count successful edits at every report"),
    **DEVICE,
}


def run(options: argparse.Namespace) -> None:
    """Train, say how it goes, write OUT/mapper.safetensors."""
    from deltaedit_kit.codes import check_codes
    from deltaedit_kit.io.checkpoints.arrays import open_codes
    from deltaedit_kit.io.loading import load_domain
    from deltaedit_kit.labs.training.edit_accuracy import EditAccuracy
    from deltaedit_kit.labs.training.experiment import ExperimentConfig
    from deltaedit_kit.labs.training.processes import this_rank
    from deltaedit_kit.labs.training.speed import peak_share
    from deltaedit_kit.labs.training.start import train_fast
    from deltaedit_kit.support.atomic import save_tensors

    names = ExperimentConfig.__dataclass_fields__
    given = {k: v for k, v in vars(options).items() if k in names and v is not None}
    given["condition_on_image"] = not options.no_image
    config = ExperimentConfig(**given)  # a wrong setting is told before anything loads
    if config.compile and not any(map(shutil.which, COMPILERS)):
        raise DeltaEditError("--compile needs a C++ compiler; install one (g++), or leave it out")
    rank = this_rank()
    domain = load_domain(options.domain, device=rank.device(options.device))
    source = options.codes or domain.folder / "codes"
    out = check_folder(home(domain, config) if options.out is None else options.out)
    codes = open_codes(source, domain.spec.name)
    config = ExperimentConfig(**{"correlated": codes.header.correlated, **given})
    with step(f"load {options.domain}"):
        check_codes(domain, codes)
    accuracy = EditAccuracy(domain, config) if options.edit_accuracy and rank.first else None
    layout, width = domain.layout, codes.header.clip_width

    def say(report: Report) -> None:
        line(report, peak_share(report, layout, width, domain.device, rank.world))

    mapper = train_fast(domain, codes, config, out, say, accuracy)
    if rank.first:
        header = {"domain": domain.spec.name, "networks": domain.fingerprint()}
        try:
            path = save_tensors(out / "mapper.safetensors", mapper.state_dict(), header)
        except OSError as cause:
            raise DeltaEditError(
                f"cannot write the mapper to {out}: {cause}; make room and run this again: the "
                "finished training is kept"
            ) from cause
        print(f"saved {path}")


def home(domain: Domain, config: ExperimentConfig) -> Path:
    """The domain's own folder, for the mapper that it uses.

    Raises `DeltaEditError` as `home_of` does, and for an ablation: a mapper that is asked in
    another way than `load_domain`'s must not take its place. A training that was begun there goes
    on.
    """
    if not config.condition_on_image or config.group is not None or config.space != "s":
        raise DeltaEditError(
            "--no-image, --group and --space w_plus make a mapper that no domain can use; "
            "give another place for it with --out"
        )
    from deltaedit_kit.train import FILE

    return home_of(domain, "mapper", begun=(domain.folder / FILE).is_file()).parent


def line(report: Report, share: float) -> None:
    """One line about a report; of a run that was done before, what it ended with."""
    held = (
        f"held out {report.validation:.4f}, cosine {report.validation_cosine:.4f} "
        f"({report.coarse:.3f} {report.medium:.3f} {report.fine:.3f})"
    )
    success = "" if math.isnan(report.edit_accuracy) else f"  edits {report.edit_accuracy:.1%}"
    if math.isnan(report.loss):  # no step was taken: a loss that breaks stops the run instead
        print(f"step {report.step}  {held}{success}", flush=True)
        return
    print(
        f"step {report.step}  loss {report.loss:.4f} (l2 {report.l2:.4f}, cosine "
        f"{report.cosine:.4f})  {held}  {report.pairs_per_second:,.0f} pairs/s, "
        f"{share:.0%} of peak, {report.precision}{success}",
        flush=True,
    )
