"""How far a generator has come: Fréchet distance in what the oracle reads, beside renders alone.

    d² = |μ - μ'|² + tr(C + C' - 2 (C C')^½)        over the oracle's readings of 500 pictures

Half of the held-out renders against the other half says what 0 looks like with so many pictures.
The oracle knows portraits of 128 px; both sides are enlarged to that in the same way.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.labs.metrics.frechet import frechet_distance
from deltaedit_kit.labs.own_domain.adversarial import shrink
from deltaedit_kit.labs.own_domain.world import World
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.toyfaces.oracle import read_factors

PICTURES, SEED, PASS = 500, 123_456, 100


@torch.no_grad()
def progress_line(generator: Generator, world: World, size: int) -> str:
    """Fréchet distance of samples of `size` pixels to renders of it, and of renders alone."""
    z = torch.randn(
        PICTURES, generator.style_dim, generator=torch.Generator().manual_seed(SEED)
    ).to(generator.conv1.activate.bias.device)
    w_plus = generator.expand(generator.mapping(z))
    drawn = [
        generator.synthesize(generator.to_style(part), part, resolution=size).clamp(-1, 1).cpu()
        for part in w_plus.split(PASS)
    ]
    unseen = world.at(slice(world.rows, world.rows + 2 * PICTURES))
    one, other = (read(part) for part in shrink(unseen, size).chunk(2))
    made = frechet_distance(read(torch.cat(drawn)), other)
    alone = float(frechet_distance(one, other))
    return f"{size} px, oracle Fréchet {float(made):.3f} (renders {alone:.3f})"


def read(pictures: Float[Tensor, "n 3 h h"]) -> Float[Tensor, "n K"]:
    """The oracle's readings of pictures of any size in [-1, 1]."""
    parts = (
        F.interpolate(part, size=(128, 128), mode="bilinear", antialias=True)
        for part in pictures.split(PASS)
    )
    return torch.cat([read_factors(part) for part in parts])
