"""What the Fréchet distance compares with: unedited faces of the same domain, other seeds.

    FID(method) = d²(edited faces, reference)        floor = d²(unedited faces, reference)

A distance of edited faces means nothing alone: the floor is what a method that changes nothing
would get with the same number of pictures.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from deltaedit_kit.labs.compare.files import read_moments, save_moments
from deltaedit_kit.labs.metrics.frechet import Moments

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain
    from deltaedit_kit.labs.compare.evaluator import Evaluator

SEED = 2  # added to the run's seed: faces that are neither edited nor tuned on
BATCH = 50
KINDS = ("reference", "unedited")


@torch.no_grad()
def make_reference(
    domain: Domain, evaluator: Evaluator, count: int, seed: int, folder: Path, origin: str
) -> None:
    """Store the moments of `count` unedited faces, and of the run's own, if they are not there."""
    if _file(folder, origin).exists():
        return
    generator = domain.generator
    w = domain.sample_w(count, seed + SEED, domain.spec.truncation)
    whole: dict[str, Moments] = {}
    for part in w.split(BATCH):
        w_plus = generator.expand(part)
        found = evaluator.moments(domain.draw(generator.to_style(w_plus), w_plus))
        whole = {name: whole[name] + m if name in whole else m for name, m in found.items()}
    own = evaluator.moments(evaluator.before)
    kinds = dict(zip(KINDS, (whole, own), strict=True))
    found = {(kind, name): m for kind, networks in kinds.items() for name, m in networks.items()}
    save_moments(_file(folder, origin), found)


def read_reference(folder: Path, origin: str) -> dict[tuple[str, str], Moments]:
    """("reference" or "unedited", feature network) -> moments; empty if there are none."""
    return read_moments(_file(folder, origin), KINDS)


def _file(folder: Path, origin: str) -> Path:
    return folder / f"reference-{origin}.safetensors"
