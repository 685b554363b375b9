"""Train the oracle: factors from renders that are blurred, noisy and shifted a little.

minimise  E_k w_k (|oracle(augment(render(f))) - f| + 2 (...)^2)

w is larger for factors that a few pixels, or faint ones, draw.

python -m recipes.toyfaces.oracle               # resumes by itself after an interruption
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from deltaedit_kit.labs.own_domain.loop import Schedule, descend
from deltaedit_kit.labs.own_domain.world import World
from deltaedit_kit.labs.progress import Progress
from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.support.device import computing
from deltaedit_kit.toyfaces.factors import FACTORS
from deltaedit_kit.toyfaces.oracle import FILE, Oracle
from recipes.toyfaces.renders import CACHE, renders
from recipes.weights import rounded

RUN = Path("runs/toyfaces/oracle")
FAINT = ("jaw", "eye_size", "eye_color", "brow_tilt", "brow_thickness", "age")


@dataclass(frozen=True)
class Config:
    """Everything that shapes the shipped oracle."""

    renders: int = 40_000
    held_out: int = 250  # renders after those, for the report
    pictures: int = 520_000  # seen in training
    batch: int = 16
    lr: float = 8e-4
    warm_up: int = 300  # steps until the full rate
    faint: float = 2.0  # weight of FAINT factors, the others have 1
    max_blur: float = 0.9  # standard deviation in pixels
    max_noise: float = 0.05  # of the range [-1, 1]
    max_shift: int = 2  # pixels
    seed: int = 0


def augment(pictures: Tensor, config: Config, seeded: torch.Generator) -> Tensor:
    """Shift, noise, in every second batch blur, one strength a batch: [n, 3, h, w] -> same.

    Not `own_domain.augmentation`, which changes the light too: here that is what factors are about.
    """
    blur, noise, dx, dy = torch.rand(4, generator=seeded).tolist()
    reach, size = config.max_shift, pictures.shape[-1]
    padded = F.pad(pictures, (reach,) * 4, mode="replicate")
    top, left = int(dy * (2 * reach + 1)), int(dx * (2 * reach + 1))
    changed = padded[:, :, top : top + size, left : left + size]
    if blur > 0.5:
        sigma = (2 * blur - 1) * config.max_blur + 1e-3
        line = torch.exp(-0.5 * (torch.arange(-2, 3, device=pictures.device) / sigma) ** 2)
        kernel = (line[:, None] * line[None, :] / line.sum() ** 2).to(pictures.dtype)
        changed = F.conv2d(changed, kernel.expand(3, 1, 5, 5), padding=2, groups=3)
    grain = torch.randn(changed.shape, generator=seeded).to(changed.device)
    return changed + noise * config.max_noise * grain


@torch.no_grad()
def errors(oracle: Oracle, world: World, device: str) -> dict[str, float]:
    """Mean absolute error of each factor on the held-out renders."""
    parts = world.at(world.unseen).split(50)
    read = torch.cat([oracle(part.to(device)).clamp(0, 1).cpu() for part in parts])
    error = (read - world.factors[world.unseen]).abs().mean(dim=0)
    return dict(zip(FACTORS, error.tolist(), strict=True))


def train(config: Config, device: str, cache: Path, out: Path, run: Path = RUN) -> dict[str, float]:
    """Train or go on training, write `out`, return the error of each factor."""
    world = renders(config.renders, config.held_out, cache, device)
    torch.manual_seed(config.seed)
    oracle = Oracle().to(device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    weights = torch.tensor([config.faint if name in FAINT else 1.0 for name in FACTORS]).to(device)
    weights /= weights.mean()
    progress = Progress("oracle")

    def loss_at(step: int) -> Tensor:
        seeded = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
        rows = torch.randint(world.rows, (config.batch,), generator=seeded).sort().values
        pictures = augment(world.at(rows).to(device), config, seeded)
        with computing(device, gradients=True):
            read = oracle(pictures)
        error = read.float() - world.factors[rows].to(device)
        loss = (weights * (error.abs() + 2 * error.square())).mean()
        progress.note(loss=loss.item())
        return loss

    schedule = Schedule(config.pictures // config.batch, config.lr, config.warm_up, memory=0)
    adam = [torch.optim.AdamW(oracle.parameters(), weight_decay=0.01)]
    state = run / "state.safetensors"
    descend(oracle, loss_at, schedule, state, "toyfaces-oracle", progress, adam, float("inf"))
    oracle.eval()
    note = {"format": "toyfaces-oracle", "domain": "toyfaces"}
    save_tensors(out, rounded(oracle.state_dict()), note)
    return errors(oracle, world, device)


def main() -> None:
    """Train from the command line and print the error of each factor."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    for name, error in train(Config(), options.device, options.cache, options.out).items():
        print(f"{name:18s} {error:.3f}")


if __name__ == "__main__":
    main()
