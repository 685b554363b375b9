"""Train the toyfaces encoder: first by the w that is known, then through the generator.

    damaged    E  a_k (|e_k| + 2 e_k²),          e = w_0(x) - w*,  x a damaged render of w*
    clean      the same, x as it was drawn
    pictures   + |G(w+) - x|²  + λ_edges |∇(G(w+) - x)| + λ_id (1 - <e(G), e(x)>)
               + λ_clip (1 - <i(G), i(x)>) + λ_Δ |Δ|²

Every render comes with its z, and the mapping network of this generator does not learn, so that
the right w* of a picture is known: no published encoder had that. a_k is how much entry k of w
moves the picture: the mean square of ∂<v, G>/∂w_k over random pictures v, an unbiased estimate of
the diagonal of JᵀJ. Pixels, identity and the size of the offsets are e4e's losses
(arXiv:2102.02766, section 4); CLIP stands where LPIPS stood, since CLIP is what an edit asks next,
and e4e's critic of w is not needed where w* is known. A part of every batch of the last stage
are generated pictures. The body starts from the shipped oracle's.

    python -m recipes.toyfaces.encoder          # resumes by itself
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from deltaedit_kit.domain import Domain
from deltaedit_kit.io.loading import load_domain
from deltaedit_kit.labs.metrics.pictures import psnr
from deltaedit_kit.labs.own_domain.loop import descend
from deltaedit_kit.labs.own_domain.world import World
from deltaedit_kit.labs.progress import Progress
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.support.device import computing
from deltaedit_kit.toyfaces import oracle
from deltaedit_kit.toyfaces.encoder import FILE, WIDTH, Encoder
from deltaedit_kit.toyfaces.factors import factors_from_z
from deltaedit_kit.toyfaces.renderer import render
from recipes.stages import Stage, Stages
from recipes.toyfaces.oracle import Config as Damage
from recipes.toyfaces.oracle import augment
from recipes.toyfaces.renders import CACHE, renders
from recipes.weights import rounded

RUN = Path("runs/toyfaces/encoder")


@dataclass(frozen=True)
class Part:
    """One stage: `pictures` portraits in batches, the rate falling along a cosine."""

    name: str  # "damaged", "clean" or "pictures": what is shown and which loss is asked
    pictures: int
    batch: int
    lr_start: float
    lr_end: float


@dataclass(frozen=True)
class Config:
    """Everything that shapes the shipped encoder."""

    stages: tuple[Part, ...] = (
        Part("damaged", 40_000, 32, 1.5e-3, 5e-5),
        Part("clean", 60_000, 32, 8e-4, 2e-5),
        Part("clean", 60_000, 32, 5e-4, 1e-5),
        Part("clean", 32_000, 32, 3e-4, 1e-5),
        Part("pictures", 6_400, 8, 4e-5, 2e-6),
        Part("pictures", 6_400, 8, 4e-5, 2e-6),
    )
    renders: int = 40_000
    generated: int = 2  # of every batch of the last stage
    warm_up: int = 100  # steps
    floor: float = 0.3  # least weight of an entry of w, where the mean is 1
    edges: float = 0.2
    identity: float = 0.1
    clip: float = 0.2
    offsets: float = 0.02
    codes: float = 0.3  # of the first stages' loss in the last
    probes: int = 96  # portraits that a_k is measured on
    seed: int = 0


def weight_of_entries(generator: Generator, config: Config) -> Tensor:
    """a_k [128], mean 1: how much each entry of w moves the picture."""
    seeded = torch.Generator().manual_seed(config.seed)
    device = home(generator)
    total = torch.zeros(WIDTH, device=device)
    for _ in range(config.probes // 8):
        z = torch.randn(8, WIDTH, generator=seeded).to(device)
        w = generator.mapping(z).requires_grad_(True)
        picture = draw(generator, generator.expand(w))
        noise = torch.randn(picture.shape, generator=seeded).to(device)
        (gradient,) = torch.autograd.grad((noise * picture).sum(), w)
        total += gradient.square().sum(dim=0)
    weight = total / total.mean()
    return config.floor + (1 - config.floor) * weight


def home(generator: Generator) -> torch.device:
    """Where a generator, and with it all of a training, lies."""
    return next(generator.parameters()).device


def draw(generator: Generator, w_plus: Tensor) -> Tensor:
    """Pictures of w+; gradients reach w+."""
    return generator.synthesize(generator.to_style(w_plus), w_plus, noise="fixed")


def start(generator: Generator, config: Config) -> Encoder:
    """An encoder with the oracle's body and the statistics of the generator's w."""
    torch.manual_seed(config.seed)
    encoder = Encoder()
    known = load_file(oracle.FILE)
    trunk = {k.removeprefix("trunk."): v for k, v in known.items() if k.startswith("trunk.")}
    encoder.trunk.load_state_dict(trunk)
    z = torch.randn(20_000, WIDTH, generator=torch.Generator().manual_seed(config.seed))
    with torch.no_grad():
        w = generator.mapping(z.to(home(generator)))
    encoder.to(w.device)
    encoder.mean_w.copy_(w.mean(dim=0))
    encoder.low.copy_(w.amin(dim=0))
    encoder.high.copy_(w.amax(dim=0))
    return encoder


class Training:
    """What the encoder is asked at a step: pictures, their w, and the loss."""

    def __init__(self, domain: Domain, world: World, config: Config, encoder: Encoder) -> None:
        self.domain, self.world, self.config, self.encoder = domain, world, config, encoder
        self.device, self.generator = domain.device, domain.generator
        self.weight = weight_of_entries(self.generator, config)

    def batch(self, number: int, step: int) -> tuple[Tensor, Tensor]:
        """(pictures, their w) of a step of stage `number`; depends on nothing else."""
        stage = self.config.stages[number]
        luck = self.config.seed * 1_000_003 + number * 10_000_019 + step
        seeded = torch.Generator().manual_seed(luck)
        rows = torch.randint(self.world.rows, (stage.batch,), generator=seeded).sort().values
        pictures = self.world.at(rows).to(self.device)
        with torch.no_grad():
            w = self.generator.mapping(self.world.z[rows].to(self.device))
            if stage.name == "pictures" and self.config.generated:
                own = slice(self.config.generated)
                pictures[own] = draw(self.generator, self.generator.expand(w[own])).clamp(-1, 1)
            if stage.name == "damaged":
                pictures = augment(pictures, Damage(), seeded)
        return pictures, w

    def loss(self, pictures: Tensor, w: Tensor, through_generator: bool) -> Tensor:
        """The loss of a batch; a scalar."""
        config = self.config
        # Small batches through the generator: the norms keep what large ones taught them.
        self.encoder.train(not through_generator)
        with computing(self.device.type, gradients=True):
            found, offsets = self.encoder.parts(pictures)
        error = found - w
        codes = (self.weight * (error.abs() + 2 * error.square())).mean()
        if not through_generator:
            return codes
        with computing(self.device.type, gradients=True):
            made = draw(self.generator, self.encoder.join(found, offsets)).float()
        difference = made - pictures
        edges = difference.diff(dim=2).abs().mean() + difference.diff(dim=3).abs().mean()
        seen, who = made.clamp(-1, 1), self.domain.identity
        assert who is not None  # toyfaces has one
        with computing(self.device.type, gradients=True):
            identity = (who(seen) * who(pictures)).sum(dim=1)
            both = self.domain.clip.encode_images(torch.cat([seen, pictures]))
        clip = (both[: len(seen)] * both[len(seen) :]).sum(dim=1)
        return (
            difference.square().mean()
            + config.edges * edges
            + config.identity * (1 - identity).mean()
            + config.clip * (1 - clip).mean()
            + config.offsets * offsets.square().mean()
            + config.codes * codes
        )


def train(
    config: Config,
    cache: Path,
    out: Path,
    folder: Path = RUN,
    until: str = "",
    device: str = "cpu",
) -> None:
    """Train or go on training, write `out`.

    `until` names a stage that is not begun (empty: all are run).
    """
    world = renders(config.renders, 0, cache, device)
    domain = load_domain("toyfaces", device)
    encoder = start(domain.generator, config)
    training, progress = Training(domain, world, config, encoder), Progress("encoder")
    names = [stage.name for stage in config.stages]
    begun = config.stages[: names.index(until)] if until else config.stages
    stages = Stages.of(
        [Stage(x.pictures // x.batch, x.lr_start, x.lr_end, config.warm_up) for x in begun]
    )

    def loss_at(step: int) -> Tensor:
        number, own = stages.at(step)
        loss = training.loss(*training.batch(number, own), names[number] == "pictures")
        progress.note(stage=number, loss=loss.item())
        return loss

    adam = [torch.optim.AdamW(encoder.parameters(), weight_decay=0.01)]
    state = folder / "state.safetensors"
    descend(encoder, loss_at, stages, state, "toyfaces-encoder", progress, adam, math.inf)
    note = {"format": "toyfaces-encoder", "domain": "toyfaces"}
    save_tensors(out, rounded(encoder.eval().state_dict()), note)
    print(reached(domain, encoder))


@torch.no_grad()
def reached(domain: Domain, encoder: Encoder) -> str:
    """PSNR and error of w on eight portraits drawn apart, in words: to watch, not to report."""
    z = torch.randn(8, WIDTH, generator=torch.Generator().manual_seed(987_654_321))
    pictures, z = render(factors_from_z(z)).to(domain.device), z.to(domain.device)
    w_plus = encoder(pictures)
    decibels = psnr(draw(domain.generator, w_plus).clamp(-1, 1), pictures)
    error = (w_plus[:, 0] - domain.generator.mapping(z)).abs().mean()
    return f"PSNR {decibels.mean():.2f} dB (least {decibels.min():.2f})  |w - w*| {error:.3f}"


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument(
        "--until", default="", choices=("clean", "pictures"), help="do not begin it"
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    given = parser.parse_args()
    train(Config(), given.cache, given.out, until=given.until, device=given.device)


if __name__ == "__main__":
    main()
