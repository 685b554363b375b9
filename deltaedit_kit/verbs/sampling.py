"""Options of the verbs that begin with sampled pictures, and the sampling itself."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltaedit_kit.verbs.steps import step

if TYPE_CHECKING:
    from deltaedit_kit.domains import Domain, Faces


def sampled(options: argparse.Namespace) -> tuple[Domain, Faces]:
    """Load what sampling needs and sample; each step timed."""
    with step(f"load {options.domain}"):
        from deltaedit_kit.domains import load_domain

        domain = load_domain(options.domain, device=options.device)
        _ = domain.generator, domain.clip
    with step(f"sample {options.faces} face{'s' * (options.faces != 1)}"):
        faces = domain.sample(options.faces, options.seed, options.truncation)
    return domain, faces


def add_picture_options(verb: Any, faces: int, out: str) -> None:
    """Which domain, which sampled faces, and where the picture goes."""
    verb.add_argument("--domain", default="toyfaces", help="which pictures (default: toyfaces)")
    verb.add_argument("--faces", type=int, default=faces, help=f"how many (default: {faces})")
    verb.add_argument("--seed", type=int, default=0, help="which ones (default: 0)")
    verb.add_argument("--truncation", type=float, help="variety: 1 all, 0 only the average")
    verb.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    verb.add_argument(
        "--out", type=Path, default=Path(out), metavar="FILE", help=f"picture (default: {out})"
    )
