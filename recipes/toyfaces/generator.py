"""Train the toyfaces StyleGAN2 by regression: the picture that z stands for is known.

Every z names a portrait (`factors_from_z`), so the generator can be taught without a critic. The
mapping network is set at once so that w knows the portrait (`generator_mapping`) and then rests.
For r = 32, 64, 128 pixels in turn (the skip architecture gives a picture at each size)

    minimise  E_z  detail_loss(G_r(z), render_r(factors_from_z(z))) + λ unexplained_r(z, z')
                   + spectral_gap(G_r(z), render_r(factors_from_z(z)))

where z' is a partner of z that differs in one factor (`generator_pairs`).

Noise inputs are trained too and fade, as nothing random is left for them to explain. What is
kept is the running average of the weights (EMA).

    python -m recipes.toyfaces.generator            # resumes by itself after an interruption
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from deltaedit_kit import load_domain
from deltaedit_kit.labs.own_domain.generator import psnr_to_renders
from deltaedit_kit.labs.own_domain.loop import descend
from deltaedit_kit.labs.own_domain.mapping import LAYERS, OFFSET, fold_offset
from deltaedit_kit.labs.own_domain.muon import muon_and_adam
from deltaedit_kit.labs.own_domain.picture_loss import detail_loss
from deltaedit_kit.labs.own_domain.style_scales import rescale
from deltaedit_kit.labs.own_domain.world import World
from deltaedit_kit.labs.progress import Progress
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.support.device import computing
from deltaedit_kit.toyfaces.portraits import WEIGHTS
from recipes.stages import Stage, Stages
from recipes.toyfaces.generator_loss import factor_weight, spectral_gap
from recipes.toyfaces.generator_mapping import solve_mapping
from recipes.toyfaces.generator_pairs import PairedRenders, pictures_of
from recipes.toyfaces.renders import CACHE, renders
from recipes.weights import rounded

RUN = Path("runs/toyfaces/generator")


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
    phases: tuple[Phase, ...] = (
        Phase(32, 12_000, 5e-4, 4e-4),
        Phase(64, 74_000, 4e-4, 3e-4),
        Phase(128, 250_000, 3e-4, 1e-5),
    )
    batch: int = 6  # small: few pictures are seen, so it is steps that count
    muon_pace: float = 15.0  # of the matrices, whose steps Muon takes
    spectrum: float = 1.0  # weight of the gap between the spectra of pictures and renders
    paired: float = 2.0  # weight of the share of each factor's effect that is missed
    ema_pictures: float = 6_000  # time constant of the weight average
    renders: int = 40_000
    held_out: int = 128  # renders after those, for the report
    seed: int = 0

    @property
    def schedule(self) -> Stages:
        """The phases in steps."""
        stages = [Stage(p.pictures // self.batch, p.lr_start, p.lr_end) for p in self.phases]
        steps = max(sum(stage.steps for stage in stages), 1)
        return Stages.of(stages, memory=self.ema_pictures / self.batch / steps)


def begin(config: Config, start: Path | None, device: str) -> Generator:
    """The generator before its first step, or an exported one; its mapping knows the portrait."""
    torch.manual_seed(config.seed)
    sizes = dict(config.channels)
    model = Generator(max(sizes), sizes, config.style_dim, LAYERS)
    if start is None:
        print(f"mapping solved, error {solve_mapping(model, config.seed):.4f} of 0.58", flush=True)
    else:
        model.load_state_dict(Generator.from_state_dict(load_file(start)).state_dict())
        fold_offset(model, -OFFSET)
    model.style.requires_grad_(False)  # solved, and linear as long as nothing moves it
    for layer in model.layers:
        if layer.to_rgb is not None:  # not part of s: see generator_mapping
            layer.to_rgb.conv.modulation.requires_grad_(False)
    return model.to(device)


def batch_of(world: World, config: Config, number: int) -> tuple[Tensor, Tensor]:
    """z and pictures of half of a batch; the other half will be their partners."""
    seeded = torch.Generator().manual_seed(config.seed * 1_000_003 + number)
    rows = torch.randint(world.rows, (config.batch // 2,), generator=seeded).sort().values
    return world.z[rows], world.at(rows)


def train(
    config: Config, device: str, cache: Path, out: Path, start: Path | None, run: Path = RUN
) -> None:
    """Run every phase that is not done yet, write `out`."""
    world = renders(config.renders, config.held_out, cache, device)
    model, paired, schedule = begin(config, start, device), PairedRenders(), config.schedule
    weight, progress = factor_weight().to(device), Progress("generator")

    def loss_at(step: int) -> Tensor:
        phase, own = schedule.at(step)
        size, luck = config.phases[phase].resolution, phase * 10_000_000 + own
        z, target = (x.to(device) for x in batch_of(world, config, luck))
        partner_z, factor = paired.draw(z, torch.Generator().manual_seed(luck))
        smaller = target.shape[-1] // size
        target = F.avg_pool2d(torch.cat((target, pictures_of(partner_z))), smaller)
        torch.manual_seed(luck)  # of the noise inputs
        with computing(device, gradients=True):
            w_plus = model.expand(model.mapping(torch.cat((z, partner_z))) - OFFSET)
            s = model.to_style(w_plus)
            made = model.synthesize(s, w_plus, noise="random", resolution=size).float()
        loss = detail_loss(made, target, F.avg_pool2d(weight, smaller))
        loss = loss + config.spectrum * spectral_gap(made, target)
        loss = loss + config.paired * paired.loss(made, target, factor)
        progress.note(loss=loss.item(), **dict(paired.most_missed(2)))
        return loss

    both = nn.ModuleList([model, paired])
    muon = muon_and_adam(model, config.muon_pace)
    state = run / "state.safetensors"
    descend(both, loss_at, schedule, state, "toyfaces-generator", progress, muon, math.inf)
    export(model, world, out, config.seed)


def export(model: Generator, world: World, path: Path, seed: int) -> None:
    """Write the trained generator with its mean of w, as the kit loads it."""
    model.eval().requires_grad_(False)
    fold_offset(model)
    rescale(model, load_domain("toyfaces", next(model.parameters()).device).clip, seed)
    model.estimate_mean_w(20_000, seed=0)
    # The mapping's hinges nearly cancel each other: they stay exact.
    tensors = rounded(model.checkpoint(), exact=("style.", "latent_avg"))
    save_tensors(path, tensors, {"format": "stylegan2-rosinality", "domain": "toyfaces"})
    print(f"{path}: PSNR {psnr_to_renders(model, world):.2f} dB to unseen renders of the same z")


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=WEIGHTS / "generator.safetensors")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--warm-start", type=Path, help="go on from this exported generator")
    parser.add_argument("--pictures", type=int, nargs=3, help="pictures at 32, 64 and 128 px")
    parser.add_argument("--rate", type=float, help="rate that the last phase begins with")
    parser.add_argument("--ema-pictures", type=float, help="time constant of the weight average")
    options = parser.parse_args()
    config = Config()
    if options.pictures:
        pairs = zip(config.phases, options.pictures, strict=True)
        config = replace(config, phases=tuple(replace(p, pictures=n) for p, n in pairs))
    if options.ema_pictures:
        config = replace(config, ema_pictures=options.ema_pictures)
    if options.rate:
        *first, last = config.phases
        config = replace(config, phases=(*first, replace(last, lr_start=options.rate)))
    train(config, options.device, options.cache, options.out, options.warm_start)


if __name__ == "__main__":
    main()
