"""Renders with known z and factors: the data that every toyfaces network is trained on.

    z ~ N(0, I)  ->  factors = factors_from_z(z)  ->  picture = render(factors)

Chunk k of z always comes from seed k. Pictures are kept as bytes in one memory-mapped file, so that
five trainings share one set and none of them waits for the renderer: one that was interrupted goes
on where it was, and a longer set begins with the shorter one.

    python -m recipes.toyfaces.renders --n 40000
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from deltaedit_kit.labs.own_domain.world import World, make_world
from deltaedit_kit.labs.progress import Progress
from deltaedit_kit.toyfaces.factors import factors_from_z
from deltaedit_kit.toyfaces.renderer import render

SIZE = 128
Z_WIDTH = 128
CHUNK = 250
CACHE = Path("runs/toyfaces/renders")


def latents(chunk: int) -> Tensor:
    """The z of chunk `chunk`: float32 [CHUNK, Z_WIDTH], always the same."""
    return torch.randn(CHUNK, Z_WIDTH, generator=torch.Generator().manual_seed(chunk))


def renders(n: int, held_out: int, cache: Path = CACHE, device: str = "cpu") -> World:
    """The first `n` renders and the `held_out` ones after them, those made now that lack."""
    z = torch.cat([latents(chunk) for chunk in range(-(-(n + held_out) // CHUNK))])[: n + held_out]
    draw = torch.no_grad()(lambda factors: render(factors.to(device), SIZE))
    file = cache / "pictures.bytes"
    return make_world(draw, factors_from_z(z), z, held_out, file, Progress("renders"))


def main() -> None:
    """Make the set from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--n", type=int, default=40_250)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    made = renders(options.n, 0, options.cache, options.device)
    print(f"{made.rows} renders in {options.cache}")


if __name__ == "__main__":
    main()
