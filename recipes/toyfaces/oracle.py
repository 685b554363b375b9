"""Train the oracle: factors from renders that are blurred, noisy and shifted a little.

minimise  E_k w_k (|oracle(augment(render(f))) - f| + 2 (...)^2)

w is larger for factors that a few pixels, or faint ones, draw.

python -m recipes.toyfaces.oracle               # resumes by itself after an interruption
"""

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.support.device import computing
from deltaedit_kit.toyfaces.factors import FACTORS
from deltaedit_kit.toyfaces.oracle import FILE, Oracle
from recipes.toyfaces.renders import CACHE, Renders, renders, to_float
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
    save_every: int = 250  # steps


def augment(pictures: Tensor, config: Config, seeded: torch.Generator) -> Tensor:
    """Shift, noise, in every second batch blur, one strength a batch: [n, 3, h, w] -> same."""
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


def batch_of(data: Renders, config: Config, step: int, device: str) -> tuple[Tensor, Tensor]:
    """Augmented pictures and factors of step `step`; depends on nothing but the step."""
    seeded = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
    rows = torch.randint(config.renders, (config.batch,), generator=seeded).sort().values.numpy()
    pictures = to_float(torch.from_numpy(data.pictures[rows]).to(device))
    return augment(pictures, config, seeded), torch.from_numpy(data.factors[rows]).to(device)


@torch.no_grad()
def errors(oracle: Oracle, data: Renders, rows: slice, device: str) -> dict[str, float]:
    """Mean absolute error of each factor on the renders `rows`."""
    truth = torch.from_numpy(data.factors[rows])
    pictures = torch.from_numpy(np.array(data.pictures[rows])).split(50)
    read = torch.cat([oracle(to_float(part.to(device))).clamp(0, 1).cpu() for part in pictures])
    return dict(zip(FACTORS, (read - truth).abs().mean(dim=0).tolist(), strict=True))


def train(config: Config, device: str, cache: Path, out: Path) -> dict[str, float]:
    """Train or go on training, write `out`, return the error of each factor."""
    data = renders(config.renders + config.held_out, cache, device)
    held_out = slice(config.renders, config.renders + config.held_out)
    torch.manual_seed(config.seed)
    oracle = Oracle().to(device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    optimizer = torch.optim.AdamW(oracle.parameters(), lr=config.lr, weight_decay=0.01)
    weights = torch.tensor([config.faint if name in FAINT else 1.0 for name in FACTORS]).to(device)
    weights /= weights.mean()
    steps, step, seconds, path = config.pictures // config.batch, 0, 0.0, RUN / "state.pt"
    if path.exists():
        state = torch.load(path, map_location=device, weights_only=True)
        oracle.load_state_dict(state["oracle"])
        optimizer.load_state_dict(state["optimizer"])
        step, seconds = state["step"], state["seconds"]
    clock = time.perf_counter()
    while step < steps:
        for group in optimizer.param_groups:
            group["lr"] = config.lr * min(1, (step + 1) / config.warm_up)
            group["lr"] *= 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / steps))
        pictures, factors = batch_of(data, config, step, device)
        with computing(device, gradients=True):
            read = oracle(pictures)
        error = read.float() - factors
        loss = (weights * (error.abs() + 2 * error.square())).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        step += 1
        if step % config.save_every == 0 or step == steps:
            seconds, clock = seconds + time.perf_counter() - clock, time.perf_counter()
            path.parent.mkdir(parents=True, exist_ok=True)
            state = {"oracle": oracle.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save({**state, "step": step, "seconds": seconds}, path.with_suffix(".part"))
            path.with_suffix(".part").replace(path)
            oracle.eval()
            mean = sum(errors(oracle, data, held_out, device).values()) / len(FACTORS)
            oracle.train()
            print(f"step {step}/{steps}  held-out error {mean:.4f}  {seconds:.0f} s", flush=True)
    tensors = rounded(oracle.state_dict())
    save_tensors(out, tensors, {"format": "toyfaces-oracle", "domain": "toyfaces"})
    return errors(oracle.eval(), data, held_out, device)


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
