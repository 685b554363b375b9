"""The world to learn from: renders as bytes; nobody says of what.

    factors ~ uniform   ->   picture = render(factors)

The generator's recipe never asks for the factors; CLIP's writes captions of them. Batch k is a
function of (seed, k): a resumed run sees the pictures that an unbroken one would.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from deltaedit_kit.labs.own_domain.world import World, make_world
from deltaedit_kit.labs.progress import Progress
from deltaedit_kit.toyfaces.factors import sample_factors
from deltaedit_kit.toyfaces.renderer import render

CHUNK = 500
SEED = 40_000_000  # chunk k is drawn from SEED + k: no other recipe uses these portraits
HELD_OUT = 2000  # that nothing is trained on


def world_of(n: int, resolution: int, folder: Path, held_out: int = HELD_OUT) -> World:
    """n renders and the held-out ones after them, drawn now as far as `folder` lacks them."""
    total = n + held_out
    chunks = [sample_factors(CHUNK, SEED + k) for k in range(-(-total // CHUNK))]
    factors, none = torch.cat(chunks)[:total], torch.empty(total, 0)
    draw = torch.no_grad()(lambda some: render(some, resolution))
    file = folder / f"renders-{resolution}.bytes"
    return make_world(draw, factors, none, held_out, file, Progress("renders"))


def rows_of(world: World, n: int, seed: int, step: int) -> Int[Tensor, " n"]:
    """The rows of batch `step`, in order."""
    random = np.random.default_rng((seed, step))
    return torch.from_numpy(np.sort(random.integers(0, world.rows, n)))


def mirrored(pictures: Float[Tensor, "n 3 h h"], seed: int, step: int) -> Float[Tensor, "n 3 h h"]:
    """Half of them mirrored on average: for a critic, as captions say left and right."""
    turned = torch.from_numpy(np.random.default_rng((seed, step, 1)).random(len(pictures)) < 0.5)
    return torch.where(turned[:, None, None, None], pictures.flip(3), pictures)
