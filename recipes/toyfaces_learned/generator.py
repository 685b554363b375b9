"""Train the StyleGAN2 of toyfaces-learned on renders with a critic alone.

No factor, no pairing of z with a render: `deltaedit_kit.labs.own_domain.adversarial` says how.

    python -m recipes.toyfaces_learned.generator                 # resumes by itself
    python -m recipes.toyfaces_learned.generator --device cuda --pictures 4000000
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

from deltaedit_kit.labs.own_domain import adversarial
from deltaedit_kit.labs.own_domain.adversarial import STATE, Run
from deltaedit_kit.support.atomic import save_tensors
from recipes.toyfaces_learned.progress import progress_line
from recipes.toyfaces_learned.world import World

RUN = Path("runs/toyfaces-learned")
# What an earlier session had reached: where a new machine goes on.
LANDED = Path(__file__).with_name("generator-intermediate.safetensors")


@dataclass(frozen=True)
class Config(adversarial.Config):
    """The run of the shipped file."""

    renders: int = 40_000
    # Half the width of the builder's: twice the pictures in the same time.
    channels: dict[int, int] = field(default_factory=lambda: {4: 64, 8: 64, 16: 64, 32: 32, 64: 16})
    about: Mapping[str, str] = field(
        default_factory=lambda: {"format": "stylegan2-rosinality", "domain": "toyfaces-learned"}
    )


def land(run: Run, path: Path) -> None:
    """Weights in float16 without the optimisers' moments: small enough to commit."""
    halves = {
        key: value.half() if value.is_floating_point() else value
        for key, value in run.state().items()
        if not key.startswith("adam")
    }
    save_tensors(path, halves, {"step": str(run.step)})


def train(config: Config, device: str, folder: Path, save_every: float) -> None:
    """Run until the critic has seen `config.pictures`, saving as it goes."""
    world = World.of(config.renders, config.resolution, folder)
    run = Run(config, device)
    resumed = run.load(folder / STATE) or run.load(LANDED)
    print(f"{'goes on at' if resumed else 'begins at'} step {run.step}", flush=True)
    last, losses, began = time.monotonic(), torch.zeros(2), run.step
    while run.step * config.batch < config.pictures:
        real = world.batch(config.batch, config.seed, run.step).to(device)
        losses = losses.lerp(torch.tensor(run.train_step(real)), 0.02)
        if (now := time.monotonic()) - last > save_every:
            run.save(folder)
            pace = (run.step - began) * config.batch / (now - last)
            size, _ = config.stage(run.step)
            line = progress_line(run.average, world, size)
            print(
                f"{run.step * config.batch:>8} pictures  {pace:.1f}/s  critic {losses[0]:.3f}  "
                f"generator {losses[1]:.3f}  {line}",
                flush=True,
            )
            last, began = time.monotonic(), run.step
    run.save(folder)


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=RUN)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--pictures", type=int, default=Config.pictures)
    parser.add_argument("--save-every", type=float, default=300.0, help="seconds")
    parser.add_argument("--land", action="store_true", help="write the weights to commit and stop")
    options = parser.parse_args()
    config = Config(pictures=options.pictures)
    if options.land:
        run = Run(config, "cpu")
        if not run.load(options.out / STATE):
            parser.error(f"nothing was trained in {options.out}")
        land(run, LANDED)
        return
    train(config, options.device, options.out, options.save_every)


if __name__ == "__main__":
    main()
