"""Train the toyfaces StyleGAN2 by regression: the picture that z stands for is known.

Every z names a portrait (`factors_from_z`), so the generator can be taught without a critic. The
mapping network is set at once so that w knows the portrait (`generator_mapping`), then for r = 32,
64, 128 pixels in turn (the skip architecture gives a picture at each size)

    minimise  E_z  detail_loss(G_r(z), render_r(factors_from_z(z)))

Noise inputs are trained too and fade, as nothing random is left for them to explain. What is
kept is the running average of the weights (EMA).

    python -m recipes.toyfaces.generator            # resumes by itself after an interruption
"""

import argparse
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from deltaedit_kit.atomic import save_tensors
from deltaedit_kit.stylegan2 import Generator
from recipes.toyfaces.generator_loss import detail_loss, region_weight
from recipes.toyfaces.generator_mapping import LAYERS, solve_mapping
from recipes.toyfaces.renders import CACHE, Renders, renders, to_float

RUN = Path("runs/toyfaces/generator")
WEIGHTS = Path("deltaedit_kit/domains/toyfaces/weights/generator.safetensors")


@dataclass(frozen=True)
class Phase:
    """One stage of growing: pictures of `resolution` pixels, `pictures` of them."""

    resolution: int
    pictures: int
    lr_start: float
    lr_end: float


@dataclass(frozen=True)
class Config:
    """Everything that shapes the shipped generator."""

    channels: tuple[tuple[int, int], ...] = (
        (4, 128),
        (8, 128),
        (16, 128),
        (32, 128),
        (64, 64),
        (128, 32),
    )
    style_dim: int = 128
    # The mapping network's weights carry lr_mul 0.01; this factor gives some of the pace back.
    mapping_pace: float = 30.0
    phases: tuple[Phase, ...] = (
        Phase(32, 12_000, 3e-3, 2.5e-3),
        Phase(64, 48_000, 2.5e-3, 2e-3),
        Phase(128, 30_000, 2e-3, 1e-4),
    )
    batch: int = 4  # small: few pictures are seen, so it is steps that count
    ema_pictures: float = 3_000  # time constant of the weight average
    renders: int = 40_000
    seed: int = 0
    save_every: float = 60.0  # seconds between checkpoints


def batch_of(
    data: Renders, config: Config, step: int, size: int, device: str
) -> tuple[Tensor, Tensor]:
    """z and target pictures of step `step`: the order depends on the step alone, so it resumes."""
    seeded = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
    rows = torch.randint(len(data.z), (config.batch,), generator=seeded).sort().values.numpy()
    pictures = to_float(torch.from_numpy(data.pictures[rows]).to(device))
    if size < pictures.shape[-1]:
        pictures = F.avg_pool2d(pictures, pictures.shape[-1] // size)
    return torch.from_numpy(data.z[rows]).to(device), pictures


class Run:
    """The state of a training: networks, optimizer, position; saved and resumed as one file."""

    def __init__(self, config: Config, device: str) -> None:
        torch.manual_seed(config.seed)
        self.config, self.device = config, device
        self.path = RUN / "state.pt"
        sizes = dict(config.channels)
        make = lambda: Generator(max(sizes), sizes, config.style_dim, LAYERS)  # noqa: E731
        self.model, self.average = make().to(device), make().to(device)
        mapping = list(self.model.style.parameters())
        rest = [p for name, p in self.model.named_parameters() if not name.startswith("style.")]
        self.optimizer = torch.optim.Adam(
            [{"params": rest, "pace": 1.0}, {"params": mapping, "pace": config.mapping_pace}],
            lr=1e-3,
            betas=(0.9, 0.99),
        )
        self.phase, self.step, self.seconds = 0, 0, 0.0

    def load(self) -> bool:
        """Go on from the checkpoint, if there is one."""
        if not self.path.exists():
            return False
        state = torch.load(self.path, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.phase, self.step, self.seconds = state["phase"], state["step"], state["seconds"]
        return True

    def warm_start(self, path: Path) -> None:
        """Begin the last phase with the weights of an exported generator."""
        checkpoint = load_file(path, device=self.device)
        checkpoint.pop("latent_avg", None)
        self.model.load_state_dict(checkpoint)
        self.average.load_state_dict(checkpoint)
        self.phase = len(self.config.phases) - 1

    def save(self) -> None:
        """Write the checkpoint; a kill in the middle leaves the previous one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".part")
        torch.save(
            {
                "model": self.model.state_dict(),
                "average": self.average.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "phase": self.phase,
                "step": self.step,
                "seconds": self.seconds,
            },
            temporary,
        )
        temporary.replace(self.path)

    def train_step(self, data: Renders, phase: Phase, region: Tensor) -> float:
        """One batch; returns the loss."""
        progress = self.step * self.config.batch / phase.pictures
        lr = phase.lr_end + (phase.lr_start - phase.lr_end) * 0.5 * (
            1 + math.cos(math.pi * progress)
        )
        for group in self.optimizer.param_groups:
            group["lr"] = lr * group["pace"]
        z, target = batch_of(
            data, self.config, self.phase * 10_000_000 + self.step, phase.resolution, self.device
        )
        with torch.autocast(self.device, dtype=torch.bfloat16):
            w_plus = self.model.expand(self.model.mapping(z))
            made = self.model.synthesize(
                self.model.to_style(w_plus), w_plus, noise="random", resolution=phase.resolution
            )
        loss = detail_loss(made.float(), target, region)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        decay = math.exp(-self.config.batch / self.config.ema_pictures)
        with torch.no_grad():
            for slow, fast in zip(self.average.parameters(), self.model.parameters(), strict=True):
                slow.lerp_(fast, 1 - decay)
        self.step += 1
        return loss.item()


def export(run: Run, path: Path) -> None:
    """Write the averaged generator with its mean of w, as the kit loads it."""
    run.average.estimate_mean_w(20_000, seed=0)
    save_tensors(
        path, run.average.checkpoint(), {"format": "stylegan2-rosinality", "domain": "toyfaces"}
    )


@torch.no_grad()
def psnr(run: Run, data: Renders, rows: slice, resolution: int) -> float:
    """PSNR in dB of the averaged generator to the renders of the same z (range 2)."""
    z = torch.from_numpy(data.z[rows]).to(run.device)
    target = to_float(torch.from_numpy(np.array(data.pictures[rows])).to(run.device))
    target = F.avg_pool2d(target, target.shape[-1] // resolution)
    w_plus = run.average.expand(run.average.mapping(z))
    made = run.average.synthesize(run.average.to_style(w_plus), w_plus, resolution=resolution)
    return (
        (10 * torch.log10(4 / (made.clamp(-1, 1) - target).square().mean((1, 2, 3)))).mean().item()
    )


def train(
    config: Config, device: str, cache: Path, out: Path, export_every: float, start: Path | None
) -> None:
    """Run every phase that is not done yet, saving as it goes."""
    data = renders(config.renders + 250, cache, device)
    held_out = slice(config.renders, config.renders + 128)
    data_train = Renders(
        data.pictures[: config.renders], data.factors[: config.renders], data.z[: config.renders]
    )
    run = Run(config, device)
    if run.load():
        print(
            f"resumed in phase {run.phase} at step {run.step} after {run.seconds:.0f} s", flush=True
        )
    elif start is not None:
        run.warm_start(start)
        print(f"goes on from {start} at {run.model.resolution} px", flush=True)
    else:
        error = solve_mapping(run.model, config.seed)
        run.average.load_state_dict(run.model.state_dict())
        print(f"mapping solved, error {error:.4f} of 0.58", flush=True)
    while run.phase < len(config.phases):
        phase = config.phases[run.phase]
        region = region_weight(phase.resolution).to(device)
        clock = last = time.perf_counter()
        exported, running = clock, 0.0
        while run.step * config.batch < phase.pictures:
            running = 0.98 * running + 0.02 * run.train_step(data_train, phase, region)
            now = time.perf_counter()
            run.seconds, clock = run.seconds + now - clock, now
            if now - last > config.save_every:
                run.save()
                quality = psnr(run, data, held_out, phase.resolution)
                print(
                    f"{phase.resolution} px  {run.step * config.batch} pictures  "
                    f"loss {running:.4f}  PSNR {quality:.2f} dB  {run.seconds:.0f} s",
                    flush=True,
                )
                last = time.perf_counter()
            if phase.resolution == run.model.resolution and now - exported > export_every:
                export(run, RUN / "intermediate.safetensors")
                exported = now
        run.phase, run.step = run.phase + 1, 0
        run.save()
    export(run, out)
    quality = psnr(run, data, held_out, run.model.resolution)
    print(f"{out}: PSNR {quality:.2f} dB, {run.seconds:.0f} s of training")


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--export-every", type=float, default=300.0, help="seconds between exports")
    parser.add_argument("--warm-start", type=Path, help="go on from this exported generator")
    parser.add_argument("--pictures", type=int, help="pictures of the last phase")
    options = parser.parse_args()
    config = Config()
    if options.pictures:
        last = replace(config.phases[-1], pictures=options.pictures)
        config = replace(config, phases=(*config.phases[:-1], last))
    train(
        config,
        options.device,
        options.cache,
        options.out,
        options.export_every,
        options.warm_start,
    )


if __name__ == "__main__":
    main()
