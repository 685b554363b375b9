"""What several verbs share: options that choose pictures, and a line for every step.

load toyfaces ... 1.9 s
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deltaedit_kit.domains import Domain, Faces


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print a step's name when it begins and its wall time when it is done."""
    print(f"{name} ...", end=" ", flush=True)
    start = perf_counter()
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{perf_counter() - start:.1f} s", flush=True)


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
