"""Train the toyfaces StyleGAN2 by regression: the picture that z stands for is known.

Every z names a portrait (`factors_from_z`), so the generator can be taught without a critic:

    stage 0   w = mapping(z)  learns  Q [2 f - 1, 2 g - 1]   (g: glasses seen, f = factors, Q orthonormal)
    stage r   minimise  E_z  weight * (|d| + d^2 + 2 |grad d|),   d = G_r(z) - render_r(f(z))

for r = 32, 64, 128 pixels in turn (the skip architecture gives a picture at each size). `weight`
is high on the face and near edges of the render, since plain L1 hardly sees an eye. Noise inputs are
trained too and fade, as there is nothing random left to explain. The average of the weights is kept.

    python -m recipes.toyfaces.generator            # resumes by itself after an interruption
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

from deltaedit_kit.atomic import save_tensors
from deltaedit_kit.domains.toyfaces.factors import FACTORS, factors_from_z
from deltaedit_kit.domains.toyfaces.renderer.anatomy import anatomy
from deltaedit_kit.stylegan2 import Generator
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

    channels: tuple[tuple[int, int], ...] = ((4, 128), (8, 128), (16, 128), (32, 128), (64, 64), (128, 32))
    style_dim: int = 128
    mapping_layers: int = 4
    # The mapping network's weights carry lr_mul 0.01; this factor gives most of the pace back.
    mapping_pace: float = 100.0
    mapping_steps: int = 8_000  # stage 0, batch 512
    phases: tuple[Phase, ...] = (
        Phase(32, 32_000, 3e-3, 2.5e-3),
        Phase(64, 30_000, 2.5e-3, 2e-3),
        Phase(128, 48_000, 2e-3, 1e-4),
    )
    batch: int = 16
    ema_pictures: float = 3_000  # time constant of the weight average
    renders: int = 40_000
    seed: int = 0
    save_every: float = 60.0  # seconds between checkpoints


def code_of(factors: Tensor) -> Tensor:
    """What w should know of a portrait: [n, K + 1] in [-1, 1], factors and seen glasses."""
    return torch.cat((factors, anatomy(factors).glasses.flatten(1)), dim=1) * 2 - 1


def learn_mapping(generator: Generator, config: Config, device: str) -> float:
    """Stage 0: teach w to be a rotated linear code of the portrait; returns the final error (rms)."""
    seeded = torch.Generator().manual_seed(config.seed)
    width = code_of(torch.full((1, len(FACTORS)), 0.5)).shape[1]
    rotation, _ = torch.linalg.qr(torch.randn(config.style_dim, width, generator=seeded))
    rotation = rotation.T.to(device) * math.sqrt(config.style_dim / width)
    optimizer = torch.optim.Adam(generator.style.parameters(), lr=4.0, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.mapping_steps, 1e-3)
    loss = torch.tensor(math.inf)
    for _ in range(config.mapping_steps):
        z = torch.randn(512, config.style_dim, generator=seeded).to(device)
        target = code_of(factors_from_z(z)) @ rotation
        loss = F.mse_loss(generator.style(z), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return math.sqrt(loss.item())


def region_weight(size: int) -> Tensor:
    """[1, 1, size, size]: 1 at the border, 3 on the head, 6 where eyes, nose and mouth are."""
    axis = (torch.arange(size) + 0.5) * 2 / size - 1
    y, x = axis[:, None], axis[None, :]
    head = torch.exp(-((x / 0.62) ** 4) - ((y + 0.05) / 0.75) ** 4)
    features = torch.exp(-((x / 0.44) ** 4) - ((y - 0.05) / 0.40) ** 4)
    return (1 + 2 * head + 3 * features)[None, None]


def detail_loss(made: Tensor, target: Tensor, region: Tensor) -> Tensor:
    """Weighted L1 + squared + gradient error of pictures [n, 3, h, h]; a scalar."""
    down, right = target.diff(dim=2).abs(), target.diff(dim=3).abs()
    edges = F.pad(down, (0, 0, 0, 1)) + F.pad(right, (0, 1))
    edges = F.max_pool2d(edges.amax(dim=1, keepdim=True), 3, stride=1, padding=1)
    weight = region * (1 + 2 * edges.clamp(max=1.5))
    error = made - target
    pixels = (weight * (error.abs() + error.square())).mean()
    gradients = (weight[:, :, 1:] * error.diff(dim=2).abs()).mean()
    gradients = gradients + (weight[:, :, :, 1:] * error.diff(dim=3).abs()).mean()
    return pixels + 2 * gradients


def batch_of(data: Renders, config: Config, step: int, size: int, device: str) -> tuple[Tensor, Tensor]:
    """z and target pictures of step `step`: the order depends on the step alone, so it resumes."""
    seeded = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
    rows = torch.randint(len(data.z), (config.batch,), generator=seeded).sort().values.numpy()
    pictures = to_float(torch.from_numpy(data.pictures[rows]).to(device))
    if size < pictures.shape[-1]:
        pictures = F.avg_pool2d(pictures, pictures.shape[-1] // size)
    return torch.from_numpy(data.z[rows]).to(device), pictures


class Run:
    """The state of a training: networks, optimizer, position; saved and resumed as one file."""

    def __init__(self, config: Config, device: str):
        torch.manual_seed(config.seed)
        self.config, self.device = config, device
        self.path = RUN / "state.pt"
        sizes = dict(config.channels)
        make = lambda: Generator(max(sizes), sizes, config.style_dim, config.mapping_layers)  # noqa: E731
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
        lr = phase.lr_end + (phase.lr_start - phase.lr_end) * 0.5 * (1 + math.cos(math.pi * progress))
        for group in self.optimizer.param_groups:
            group["lr"] = lr * group["pace"]
        z, target = batch_of(data, self.config, self.phase * 10_000_000 + self.step, phase.resolution, self.device)
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
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - decay)
        self.step += 1
        return loss.item()


def export(run: Run, path: Path) -> None:
    """Write the averaged generator with its mean of w, as the kit loads it."""
    run.average.estimate_mean_w(20_000, seed=0)
    save_tensors(path, run.average.checkpoint(), {"format": "stylegan2-rosinality", "domain": "toyfaces"})


@torch.no_grad()
def psnr(run: Run, data: Renders, rows: slice, resolution: int) -> float:
    """PSNR in dB of the averaged generator to the renders of the same z (range 2)."""
    z = torch.from_numpy(data.z[rows]).to(run.device)
    target = to_float(torch.from_numpy(np.array(data.pictures[rows])).to(run.device))
    target = F.avg_pool2d(target, target.shape[-1] // resolution)
    w_plus = run.average.expand(run.average.mapping(z))
    made = run.average.synthesize(run.average.to_style(w_plus), w_plus, resolution=resolution)
    return (10 * torch.log10(4 / (made.clamp(-1, 1) - target).square().mean((1, 2, 3)))).mean().item()


def train(config: Config, device: str, cache: Path, out: Path, export_every: float) -> None:
    """Run every phase that is not done yet, saving as it goes."""
    data = renders(config.renders + 250, cache, device)
    held_out = slice(config.renders, config.renders + 128)
    data_train = Renders(data.pictures[: config.renders], data.factors[: config.renders], data.z[: config.renders])
    run = Run(config, device)
    if run.load():
        print(f"resumed in phase {run.phase} at step {run.step} after {run.seconds:.0f} s", flush=True)
    else:
        start = time.perf_counter()
        error = learn_mapping(run.model, config, device)
        run.average.load_state_dict(run.model.state_dict())
        run.seconds += time.perf_counter() - start
        print(f"mapping learnt, error {error:.3f} of 1, {run.seconds:.0f} s", flush=True)
        run.save()
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
                    f"{phase.resolution} px  {run.step * config.batch} pictures  loss {running:.4f}  "
                    f"PSNR {quality:.2f} dB  {run.seconds:.0f} s",
                    flush=True,
                )
                last = time.perf_counter()
            if phase.resolution == run.model.resolution and now - exported > export_every:
                export(run, RUN / "intermediate.safetensors")
                exported = now
        run.phase, run.step = run.phase + 1, 0
        run.save()
    export(run, out)
    print(f"{out}: PSNR {psnr(run, data, held_out, run.model.resolution):.2f} dB, {run.seconds:.0f} s of training")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--export-every", type=float, default=300.0, help="seconds between exports")
    options = parser.parse_args()
    train(Config(), options.device, options.cache, options.out, options.export_every)


if __name__ == "__main__":
    main()
