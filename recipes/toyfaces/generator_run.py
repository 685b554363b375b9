"""The state of a generator's training and one step of it; `generator.py` says what it is for.

Several processes may train one model at once, each with its own batches and optimizers, on
weights that they share in memory without locks (Hogwild, Niu et al. 2011, arXiv:1106.5730). On a
machine that does other things as well nobody waits for the slowest, as synchronous steps would.
"""

import math
import os
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from deltaedit_kit.labs.own_domain.mapping import OFFSET, fold_offset
from deltaedit_kit.labs.own_domain.muon import Muon, is_matrix
from deltaedit_kit.labs.own_domain.picture_loss import detail_loss
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.support.device import computing
from recipes.toyfaces.generator_loss import factor_weight, spectral_gap
from recipes.toyfaces.generator_mapping import LAYERS
from recipes.toyfaces.generator_pairs import PairedRenders, pictures_of
from recipes.toyfaces.renders import Renders, renders, to_float

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
    seed: int = 0
    save_every: float = 60.0  # seconds between checkpoints


def batch_of(data: Renders, config: Config, step: int, device: str) -> tuple[Tensor, Tensor]:
    """z and pictures of half of batch `step`, the other half will be their partners.

    Always the same ones, so that a training resumes.
    """
    seeded = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
    half = config.batch // 2
    rows = torch.randint(len(data.z), (half,), generator=seeded).sort().values.numpy()
    pictures = to_float(torch.from_numpy(data.pictures[rows]).to(device))
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
        self.model.style.requires_grad_(False)  # solved, and linear as long as nothing moves it
        for layer in self.model.layers:
            if layer.to_rgb is not None:  # not part of s: see generator_mapping
                layer.to_rgb.conv.modulation.requires_grad_(False)
        named = [(n, p) for n, p in self.model.named_parameters() if p.requires_grad]
        # ToRGB is a table of colours and no matrix of features: Adam, as for the vectors.
        self.optimizers = (
            Muon([p for n, p in named if is_matrix(p)], pace=config.muon_pace),
            torch.optim.Adam([p for n, p in named if not is_matrix(p)], betas=(0.9, 0.99)),
        )
        self.paired = PairedRenders()
        self.position = torch.zeros(2, dtype=torch.long)  # phase, step of the leading process
        self.seconds = 0.0

    def load(self) -> bool:
        """Go on from the checkpoint, if there is one."""
        if not self.path.exists():
            return False
        state = torch.load(self.path, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.position.copy_(torch.tensor([state["phase"], state["step"]]))
        self.paired.missed.copy_(state["missed"])
        self.seconds = state["seconds"]
        return True

    @property
    def phase(self) -> int:
        """Index of the phase that runs; past the last one when all is done."""
        return int(self.position[0])

    @property
    def step(self) -> int:
        """Batches that the leading process has seen in this phase."""
        return int(self.position[1])

    def next_phase(self) -> None:
        """Go on with the first batch of the phase that follows."""
        self.position.copy_(torch.tensor([self.phase + 1, 0]))

    def share(self) -> None:
        """Put weights and position where other processes of this machine can reach them."""
        self.model.share_memory()
        self.position.share_memory_()

    def warm_start(self, path: Path) -> None:
        """Go on from an exported generator, its mapping included."""
        self.model.load_state_dict(Generator.from_state_dict(load_file(path)).state_dict())
        fold_offset(self.model, -OFFSET)
        self.average.load_state_dict(self.model.state_dict())

    def save(self) -> None:
        """Write the checkpoint; a kill in the middle leaves the previous one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".part")
        torch.save(
            {
                "model": self.model.state_dict(),
                "average": self.average.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                "phase": self.phase,
                "step": self.step,
                "missed": self.paired.missed,
                "seconds": self.seconds,
            },
            temporary,
        )
        temporary.replace(self.path)

    def train_step(self, data: Renders, phase: Phase, weight_map: Tensor) -> float:
        """One batch of the leading process, counted and averaged; returns the loss."""
        loss = self.descend(data, phase, weight_map, self.phase * 10_000_000 + self.step)
        decay = math.exp(-self.config.batch / self.config.ema_pictures)
        follow = get_ema_multi_avg_fn(decay)
        follow(list(self.average.parameters()), list(self.model.parameters()), self.step)
        self.position[1] += 1
        return loss

    def descend(self, data: Renders, phase: Phase, weight_map: Tensor, batch_seed: int) -> float:
        """One step on one batch; returns the loss."""
        progress = min(self.step * self.config.batch / phase.pictures, 1.0)
        lr = phase.lr_end + (phase.lr_start - phase.lr_end) * 0.5 * (
            1 + math.cos(math.pi * progress)
        )
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr * group.get("pace", 1.0)
        z, target = batch_of(data, self.config, batch_seed, self.device)
        seeded = torch.Generator().manual_seed(batch_seed)
        partner_z, factor = self.paired.draw(z, seeded)
        target = torch.cat((target, pictures_of(partner_z)))
        if phase.resolution < target.shape[-1]:
            target = F.avg_pool2d(target, target.shape[-1] // phase.resolution)
        z = torch.cat((z, partner_z))
        with computing(self.device, gradients=True):
            w_plus = self.model.expand(self.model.mapping(z) - OFFSET)
            made = self.model.synthesize(
                self.model.to_style(w_plus), w_plus, noise="random", resolution=phase.resolution
            )
        loss = detail_loss(made.float(), target, weight_map)
        loss = loss + self.config.spectrum * spectral_gap(made.float(), target)
        loss = loss + self.config.paired * self.paired.loss(made.float(), target, factor)
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        for optimizer in self.optimizers:
            optimizer.step()
        return loss.item()


def assist(run: Run, cache: Path, helper: int) -> None:
    """Train on the weights of `run` as one more process, until its last phase is over.

    Goes by the phase and step of the leading process, which alone averages and saves.
    """
    torch.set_num_threads(1)
    leader = os.getppid()  # another number once that process was killed: then nobody needs help
    data = renders(run.config.renders, cache)
    own = 0
    while (phase_index := int(run.position[0])) < len(run.config.phases):
        phase = run.config.phases[phase_index]
        weight_map = factor_weight(phase.resolution).to(run.device)
        while int(run.position[0]) == phase_index:
            if os.getppid() != leader:
                return
            own += 1
            run.descend(data, phase, weight_map, batch_seed=helper * 1_000_000_000 + own)
