"""Domains of one's own in full size: does what `deltaedit build` promises come out?

    python -m benchmarks.own_domain                   a quarter of an hour of one core
    python -m benchmarks.own_domain --resolution 32   half of it

Two projects are built in runs/own_domain: the example of `deltaedit new-domain --renderer`, and a
house whose factors and words nobody tuned anything for (tests/own_domain/house). A line for each,
by its own oracle on pictures that no setting was chosen on; the command ends with an error where a
project stays below its bounds. An interrupted build goes on, a finished one is only measured.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.machine import describe
from deltaedit_kit import load_domain
from deltaedit_kit.io.declaration import FILE_NAME
from deltaedit_kit.labs.own_domain.context import FULL, BuildContext, Sizes
from deltaedit_kit.labs.own_domain.evaluation import EVALUATION_SEED, EditEvaluation
from deltaedit_kit.labs.own_domain.generator import psnr_to_renders
from deltaedit_kit.labs.own_domain.project import new_project, open_project
from deltaedit_kit.labs.own_domain.steps import build, fingerprints_of

HOUSE = Path(__file__).parents[1] / "tests" / "own_domain" / "house"


@dataclass(frozen=True)
class Bound:
    """The least mean success of a project, and the largest mean side effect."""

    success: float
    side_effect: float = 1.0

    def kept(self, quality: pd.DataFrame) -> bool:
        """Whether edits are as good as that, in the mean over attributes."""
        success, beside = quality.success.mean(), quality.side_effect.mean()
        return bool(success >= self.success and beside <= self.side_effect)


PROJECTS = {"mushroom": Bound(0.90, 0.06), "house": Bound(0.80)}


def begin(name: str, folder: Path, resolution: int) -> None:
    """Write a project that is not there yet; the resolution is the only thing that is changed."""
    if name == "house":
        folder.mkdir(parents=True)
        for file in ("renderer.py", FILE_NAME):
            shutil.copy(HOUSE / file, folder)
    else:
        new_project(folder)
    path = folder / FILE_NAME
    content = json.loads(path.read_text(encoding="utf-8")) | {"resolution": resolution}
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")


def measure(folder: Path, sizes: Sizes, device: str) -> tuple[pd.DataFrame, float]:
    """Build what is not built; how well it edits, and PSNR in dB to renders that it never saw."""
    build(folder, sizes, device=device)
    domain, project = load_domain(folder, device), open_project(folder)
    prints = fingerprints_of(project, sizes, adversarial=False)
    context = BuildContext(project, sizes, prints, "card", lambda *_: None, device)
    quality = EditEvaluation(domain, sizes.evaluation_faces, EVALUATION_SEED).evaluate()
    return quality, psnr_to_renders(domain.generator, context.world())


def main(arguments: Sequence[str] | None = None, sizes: Sizes = FULL) -> None:
    """Print a line for each project; SystemExit where one stays below its bounds."""
    parser = argparse.ArgumentParser(description="Domains of one's own in full size.")
    parser.add_argument(
        "--out", type=Path, default=Path("runs/own_domain"), help="for the projects"
    )
    parser.add_argument("--resolution", type=int, default=64, choices=(32, 64), help="in pixels")
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args(arguments)
    print(describe(given.device), flush=True)
    lines, failed = [], []
    for name, bound in PROJECTS.items():
        folder = given.out / f"{name}-{given.resolution}"
        if not (folder / FILE_NAME).exists():
            begin(name, folder, given.resolution)
        start = time.process_time()
        quality, decibels = measure(folder, sizes, given.device)
        lines.append(
            f"{name}, {given.resolution} px: success {quality.success.mean():.1%} over "
            f"{len(quality)} attributes (at least {bound.success:.0%}), side effect "
            f"{quality.side_effect.mean():.3f} (at most {bound.side_effect:g}), {decibels:.1f} dB, "
            f"{(time.process_time() - start) / 60:.1f} processor minutes now"
        )
        failed += [] if bound.kept(quality) else [name]
    print("\n".join(lines))
    if failed:
        raise SystemExit(f"below its bounds: {', '.join(failed)}")


if __name__ == "__main__":
    main()
