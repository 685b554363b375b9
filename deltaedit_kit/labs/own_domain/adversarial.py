"""A StyleGAN2 taught by a critic alone: no factor, no pairing of z with a render.

    critic     minimise  E softplus(D(G(z))) + E softplus(-D(x)) + γ/2 E |∂D(x)/∂x|²  (R1, lazily)
    generator  minimise  E softplus(-D(G(z)))        z ~ N(0, 1), w = a free mapping network of z

Pictures grow from small ones, which teach shapes at a fraction of the cost. What is kept is the
running average of the generator's weights. Everything random in step k comes from (seed, k), so a
run that was killed goes on as if nothing had happened.

Source: Karras et al. 2020 (arXiv:1912.04958); non-saturating loss: Goodfellow et al. 2014; R1:
Mescheder et al. 2018 (arXiv:1801.04406); growing: Karras et al. 2018 (arXiv:1710.10196);
constants: Karras et al. 2020 (arXiv:2006.06676).
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from deltaedit_kit.labs.own_domain.critic import Discriminator
from deltaedit_kit.labs.own_domain.world import Progress
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.stylegan2.layers import ToRGB
from deltaedit_kit.support.atomic import load_tensors, save_tensors

STATE = "generator-state.safetensors"


@dataclass(frozen=True)
class Config:
    """One run."""

    resolution: int = 64
    channels: dict[int, int] = field(
        default_factory=lambda: {4: 128, 8: 128, 16: 96, 32: 48, 64: 24}
    )
    style_dim: int = 128
    mapping_layers: int = 4
    # Size in pixels -> pictures that the critic sees before the next size; then the full one.
    growth: dict[int, int] = field(default_factory=lambda: {16: 60_000, 32: 100_000})
    fade: int = 8000  # pictures over which a new size comes in
    pictures: int = 3_000_000  # that the critic sees before the run ends
    batch: int = 16
    rate: float = 0.0025
    r1_weight: float = 0.0002  # γ = this x size² / batch
    r1_every: int = 16  # steps
    mixing: float = 0.9  # share of pictures whose w+ comes from two z
    average_over: int = 20_000  # pictures until the average has forgotten half
    seed: int = 0

    def stage(self, step: int) -> tuple[int, float]:
        """Size of the pictures of this step, and how far that size has come in: 0 to 1."""
        seen, began, first = step * self.batch, 0, True
        for size, pictures in [*sorted(self.growth.items()), (self.resolution, 0)]:
            if size == self.resolution or seen < began + pictures:
                blend = 1.0 if first else min((seen - began) / self.fade, 1.0)
                return size, blend
            began, first = began + pictures, False
        raise AssertionError("the full size comes last")


class Run:
    """Networks, optimisers and the step; `train_step` is one of the critic and one of G."""

    def __init__(self, config: Config, device: str) -> None:
        self.config, self.device, self.step = config, device, 0
        torch.manual_seed(config.seed)
        sizes = (config.resolution, config.channels, config.style_dim, config.mapping_layers)
        self.generator = Generator(*sizes).to(device)
        for to_rgb in self.generator.to_rgbs:  # a new size begins as an enlargement of the last
            nn.init.zeros_(cast(ToRGB, to_rgb).conv.weight)
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        critic = Discriminator(config.resolution, config.channels).to(device)
        self.critic = critic.to(memory_format=torch.channels_last)  # quicker by a quarter
        lazy = config.r1_every / (config.r1_every + 1)  # R1 steps take part of the moments' pace
        self.adam_g = torch.optim.Adam(self.generator.parameters(), config.rate, (0.0, 0.99))
        self.adam_d = torch.optim.Adam(
            self.critic.parameters(), config.rate * lazy, (0.0, 0.99**lazy)
        )

        self.networks: dict[str, nn.Module] = {
            "generator": self.generator,
            "average": self.average,
            "critic": self.critic,
        }
        self.optimizers = {"adam_g": self.adam_g, "adam_d": self.adam_d}

    def draw(self, n: int) -> Float[Tensor, "n 3 h h"]:
        """Pictures of fresh z in this step's size; most mix coarse and fine styles of two z."""
        model, random = self.generator, torch.randn(2, n, self.config.style_dim, device=self.device)
        one, other = (model.expand(model.mapping(z)) for z in random)
        rows = torch.arange(model.latent_rows, device=self.device)
        crossing = torch.randint(1, model.latent_rows, (n, 1), device=self.device)
        crossing[torch.rand(n, 1, device=self.device) > self.config.mixing] = model.latent_rows
        w_plus = torch.where((rows < crossing)[..., None], one, other)
        size, _ = self.config.stage(self.step)
        return model.synthesize(model.to_style(w_plus), w_plus, "random", size)

    def train_step(self, real: Float[Tensor, "n 3 h h"]) -> None:
        """One step of each network with renders of the full size."""
        config, n = self.config, len(real)
        size, blend = config.stage(self.step)
        torch.manual_seed(config.seed * 1_000_003 + self.step)
        real = shrink(real, size)
        real = shrink(real, size // 2, size).lerp(real, blend) if blend < 1 else real
        with torch.no_grad():
            fake = self.draw(n)
        critic = partial(self.critic, blend=blend)
        loss_d = F.softplus(critic(fake)).mean() + F.softplus(-critic(real)).mean()
        descend(self.adam_d, loss_d)
        if self.step % config.r1_every == 0:
            real = real.detach().requires_grad_()
            (slope,) = torch.autograd.grad(critic(real).sum(), real, create_graph=True)
            penalty = slope.square().sum((1, 2, 3)).mean()
            gamma = config.r1_weight * size**2 / config.batch
            descend(self.adam_d, penalty * (gamma / 2 * config.r1_every))
        self.critic.requires_grad_(False)
        loss_g = F.softplus(-critic(self.draw(n))).mean()
        descend(self.adam_g, loss_g)
        self.critic.requires_grad_(True)
        self.step += 1
        self.follow(n)

    def train(
        self,
        batch_at: Callable[[int], Tensor],
        folder: Path,
        progress: Progress,
        save_every: float = 60.0,
    ) -> Generator:
        """The steps that are left, with the renders of each; the averaged generator.

        Saved every `save_every` seconds and at the end.
        """
        steps, saved = self.config.pictures // self.config.batch, time.monotonic()
        while self.step < steps:
            self.train_step(batch_at(self.step).to(self.device))
            if time.monotonic() - saved > save_every or self.step == steps:
                self.save(folder)
                saved = time.monotonic()
            progress(self.step, steps)
        return self.average

    @torch.no_grad()
    def follow(self, n: int) -> None:
        """Let the average follow the generator, faster while both are young."""
        seen = self.step * n
        keep = 0.5 ** (n / min(self.config.average_over, max(seen * 0.05, 1)))
        for kept, now in zip(self.average.parameters(), self.generator.parameters(), strict=True):
            kept.lerp_(now, 1 - keep)

    def state(self) -> dict[str, Tensor]:
        """Everything that the next step depends on, as named tensors."""
        tensors = {
            f"{name}/{key}": value
            for name, net in self.networks.items()
            for key, value in net.state_dict().items()
        }
        for name, adam in self.optimizers.items():
            for index, slots in adam.state_dict()["state"].items():
                tensors |= {f"{name}/{index}/{key}": value for key, value in slots.items()}
        return tensors

    def save(self, folder: Path) -> None:
        """Write the state, whole or not at all."""
        save_tensors(folder / STATE, self.state(), {"step": str(self.step)})

    def load(self, path: Path) -> bool:
        """Go on from a saved state, with or without the optimisers' moments."""
        if not path.exists():
            return False
        stored, header = load_tensors(path, "delete it to begin again")
        self.step = int(header["step"])
        tensors = {key: value.float() for key, value in stored.items()}
        for name, net in self.networks.items():
            net.load_state_dict(part(tensors, name))
        for name, adam in self.optimizers.items():
            slots: dict[int, dict[str, Tensor]] = {}
            for key, value in part(tensors, name).items():
                index, slot = key.split("/")
                slots.setdefault(int(index), {})[slot] = value
            if slots:
                adam.load_state_dict({**adam.state_dict(), "state": slots})
        return True


def part(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """The entries below `name/`, without it."""
    return {key[len(name) + 1 :]: v for key, v in tensors.items() if key.startswith(f"{name}/")}


def shrink(
    pictures: Float[Tensor, "n 3 h h"], size: int, back_to: int | None = None
) -> Float[Tensor, "n 3 H H"]:
    """The mean of every square of pixels, enlarged again to `back_to` where it is given."""
    small = F.avg_pool2d(pictures, pictures.shape[-1] // size)
    return small if back_to is None else F.interpolate(small, scale_factor=back_to // size)


def descend(adam: torch.optim.Optimizer, loss: Tensor) -> None:
    """One step down the gradient of `loss`."""
    adam.zero_grad(set_to_none=True)
    loss.backward()
    adam.step()
