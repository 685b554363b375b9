"""`deltaedit train DOMAIN`: train a mapper on the domain's codes; again: it goes on.

deltaedit train lsun-church                                              the published schedule
deltaedit train toyfaces --codes runs/codes --out runs/mapper --steps 4500 --batch 256
torchrun --nproc-per-node 2 -m deltaedit_kit.cli train ...               several processes

Without --codes and --out both lie in the domain's own folder, where `deltaedit codes` puts the
codes and `load_domain` looks for the mapper of a domain that does not come with the kit.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.verbs.steps import step

if TYPE_CHECKING:
    from deltaedit_kit.training import Report

SETTINGS = {  # option -> entry of TrainingConfig; its default is the config's (family: the codes')
    "--steps": int,
    "--batch": int,
    "--learning-rate": float,
    "--warm-up": int,
    "--beta2": float,
    "--l2-weight": float,
    "--cosine-weight": float,
    "--ema": float,
    "--held-out": float,
    "--family": int,
    "--seed": int,
    "--report-every": int,
    "--save-every": int,
    "--accumulate": int,
    "--patience": int,
    "--limit": int,
}
CHOICES = {
    "--schedule": ("constant", "cosine"),
    "--precision": ("fp32", "bf16"),
    "--space": ("s", "w_plus"),
    "--group": ("coarse", "medium", "fine"),
}


def register(verbs: Any) -> None:
    """Add the verb; every entry of the config is an option, with the published value as default."""
    verb = verbs.add_parser("train", help="train a mapper on codes; killed or stopped, it goes on")
    verb.add_argument("domain", nargs="?", default="toyfaces", metavar="DOMAIN")
    verb.add_argument(
        "--codes", type=Path, metavar="DIR", help="default: where `deltaedit codes` puts them"
    )
    verb.add_argument("--out", type=Path, metavar="DIR", help="default: the domain's own folder")
    for name, kind in SETTINGS.items():
        verb.add_argument(name, type=kind, default=argparse.SUPPRESS)
    for name, choices in CHOICES.items():
        verb.add_argument(name, choices=choices, default=argparse.SUPPRESS)
    verb.add_argument("--compile", action="store_true", default=argparse.SUPPRESS)
    verb.add_argument("--orthogonal", action="store_true", default=argparse.SUPPRESS)
    verb.add_argument("--fixed-pairs", action="store_true", default=argparse.SUPPRESS)
    verb.add_argument(
        "--no-image", dest="condition_on_image", action="store_false", default=argparse.SUPPRESS
    )
    verb.add_argument("--exam", action="store_true", help="count edits at every report (oracle)")
    verb.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    verb.set_defaults(verb=train)


def train(options: argparse.Namespace) -> None:
    """Train, say how it goes, write OUT/mapper.safetensors."""
    from deltaedit_kit.atomic import save_tensors
    from deltaedit_kit.codes import networks_mark, open_codes
    from deltaedit_kit.domains import load_domain
    from deltaedit_kit.edit_exam import EditExam
    from deltaedit_kit.ranks import this_rank
    from deltaedit_kit.training import TrainingConfig, train_mapper

    names = TrainingConfig.__dataclass_fields__
    given = {key: value for key, value in vars(options).items() if key in names}
    TrainingConfig(**given)  # a wrong setting is told before anything loads
    rank = this_rank()
    domain = load_domain(options.domain, device=rank.device(options.device))
    source = options.codes or domain.folder / "codes"
    out = options.out or domain.folder
    codes = open_codes(source, options.domain)
    config = TrainingConfig(**{"family": codes.header.family, **given})
    with step(f"load {options.domain}"):
        mark = networks_mark(domain)
    if codes.header.networks not in (mark, "unknown"):
        raise DeltaEditError(
            f"{source} was made with other networks ({codes.header.networks}, these are "
            f"{mark}); make codes again with `deltaedit codes {options.domain}`"
        )
    exam = EditExam(domain, config) if options.exam and rank.first else None
    mapper = train_mapper(domain, codes, config, out, line, exam)
    if rank.first:
        header = {"domain": options.domain, "networks": mark}
        path = save_tensors(out / "mapper.safetensors", mapper.state_dict(), header)
        print(f"saved {path}")


def line(report: Report) -> None:
    """One line about a report."""
    success = (
        "" if report.edit_success != report.edit_success else f"  edits {report.edit_success:.1%}"
    )
    print(
        f"step {report.step}  loss {report.loss:.4f} (l2 {report.l2:.4f}, cosine "
        f"{report.cosine:.4f})  held out {report.validation:.4f}, cosine "
        f"{report.validation_cosine:.4f} ({report.coarse:.3f} {report.medium:.3f} "
        f"{report.fine:.3f})  {report.pairs_per_second:,.0f} pairs/s, "
        f"{report.peak_share:.0%} of peak{success}",
        flush=True,
    )
