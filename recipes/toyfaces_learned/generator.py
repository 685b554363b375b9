"""Train the StyleGAN2 of toyfaces-learned on renders with a critic alone.

No factor, no pairing of z with a render: `deltaedit_kit.labs.own_domain.adversarial` says how. How
far it has come is said by a Fréchet distance in what the oracle reads, beside renders alone:

    d² = |μ - μ'|² + tr(C + C' - 2 (C C')^½)        over the oracle's readings of 500 pictures

Half of the held-out renders against the other half says what 0 looks like with so many pictures.
The oracle knows portraits of 128 px; both sides are enlarged to that in the same way.

    python -m recipes.toyfaces_learned.generator                 # resumes by itself
    python -m recipes.toyfaces_learned.generator --device cuda --pictures 4000000
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.labs.metrics.frechet import frechet_distance
from deltaedit_kit.labs.own_domain import adversarial
from deltaedit_kit.labs.own_domain.adversarial import STATE, Run, shrink
from deltaedit_kit.labs.own_domain.world import World
from deltaedit_kit.labs.progress import Progress
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.toyfaces.oracle import read_factors
from recipes.toyfaces_learned.world import mirrored, rows_of, world_of

RUN = Path("runs/toyfaces-learned")
PICTURES, SEED, PASS = 500, 123_456, 100  # of the Fréchet distance
# The networks at step 16,537, in float16 and without the optimizers' moments: a new machine begins
# there.
LANDED = Path(__file__).with_name("generator-intermediate.safetensors")


@dataclass(frozen=True)
class Config(adversarial.Config):
    """The run of the shipped file."""

    renders: int = 40_000
    # Half the width of the builder's: twice the pictures in the same time.
    channels: dict[int, int] = field(default_factory=lambda: {4: 64, 8: 64, 16: 64, 32: 32, 64: 16})


@torch.no_grad()
def distance(generator: Generator, world: World, size: int) -> str:
    """Fréchet distance of samples of `size` pixels to renders, and of renders alone, in words."""
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


def export(average: Generator, folder: Path) -> None:
    """Write what the kit would load: also of a run that will be stopped."""
    average.estimate_mean_w(20_000, seed=0)
    note = {"format": "stylegan2-rosinality", "domain": "toyfaces-learned"}
    save_tensors(folder / "generator.safetensors", average.checkpoint(), note)


def train(config: Config, device: str, folder: Path, save_every: float) -> None:
    """Run until the critic has seen `config.pictures`, saving as it goes."""
    world, run = world_of(config.renders, config.resolution, folder), Run(config, device)
    resumed = run.load(folder / STATE) or run.load(LANDED)
    print(f"{'goes on at' if resumed else 'begins at'} step {run.step}", flush=True)
    progress, said = Progress("generator"), time.monotonic()

    def batch_at(step: int) -> Tensor:
        real = world.at(rows_of(world, config.batch, config.seed, step))
        return mirrored(real, config.seed, step)

    def tell(done: int, total: int) -> None:
        nonlocal said
        progress(done, total)
        if time.monotonic() - said > save_every:
            size, _ = config.stage(done)
            print(distance(run.average, world, size), flush=True)
            export(run.average, folder)
            said = time.monotonic()

    average = run.train(batch_at, folder, tell, save_every)
    export(average, folder)
    print(distance(average, world, config.resolution))


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=RUN)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--pictures", type=int, default=Config.pictures)
    parser.add_argument("--save-every", type=float, default=300.0, help="seconds")
    options = parser.parse_args()
    train(Config(pictures=options.pictures), options.device, options.out, options.save_every)


if __name__ == "__main__":
    main()
