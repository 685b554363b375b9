"""Train a CLIP from nothing but pairs (render, caption): symmetric InfoNCE and no other term.

    L = ½ CE(τ I Tᵀ, k over texts) + ½ CE(τ I Tᵀ, k over pictures)      row k belongs to row k

I, T are unit embeddings of a batch, τ is learned. Nothing says that a difference of texts should
point along a difference of pictures, nor which captions hold of which other picture: two captions
of a batch that say the same are each other's wrong answer, as on the web.

What was convenient: OpenAI's tokenizer, and the frozen token table of the toyfaces CLIP, distilled
from a sentence model, so that words that no caption has lie near words that some have. What helps:
captions name 3.6 attributes, those of toyfaces 1.7; they seldom deny ("without glasses"), as people
say what is there; and the picture tower begins with whitened principal components of the renders.

    python -m recipes.toyfaces_learned.clip                 # resumes by itself

Source: Radford et al. 2021 (arXiv:2103.00020), figure 3.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from safetensors import safe_open
from torch import Tensor, nn

from deltaedit_kit.clip_network import Block
from deltaedit_kit.clip_tokenizer import tokenize
from deltaedit_kit.labs.own_domain.adversarial import descend, part
from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.toyfaces.captions import captions
from deltaedit_kit.toyfaces.networks import read_weights
from deltaedit_kit.toyfaces.plain_clip import SPEC
from deltaedit_kit.toyfaces.plain_clip_network import TOKEN_TABLE, PlainClip, PlainSizes, half
from recipes.toyfaces_learned.generator import RUN
from recipes.toyfaces_learned.world import World, to_float
from recipes.weights import rounded

STATE, EXPORT = "clip-state.safetensors", "clip.safetensors"
GROUPS = 4  # of captions of like length


@dataclass(frozen=True)
class Config:
    """One run; the defaults are those of the shipped file."""

    sizes: PlainSizes = field(default_factory=PlainSizes)
    resolution: int = 64
    renders: int = 40_000
    steps: int = 3500
    shares: tuple[float, ...] = (0.04, 0.16, 0.10, 0.15, 0.15, 0.15, 0.13, 0.12)  # name 0, 1, ... 7
    denials: float = 0.1  # kept of phrases like "no beard": captions name what is there
    batch: int = 256
    rate: float = 1e-3  # the highest; a cosine to 0 after `warm_up` steps
    warm_up: int = 100
    weight_decay: float = 0.05
    seed: int = 0

    def rate_at(self, step: int) -> float:
        """Learning rate of a step."""
        rising = min((step + 1) / self.warm_up, 1.0)
        return self.rate * rising * 0.5 * (1 + math.cos(math.pi * step / self.steps))


class FusedQuickGELU(nn.Module):
    """x sigmoid(1.702 x) = silu(1.702 x) / 1.702: two passes over memory less, rounding apart."""

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return F.silu(1.702 * x) / 1.702


class Run:
    """Network, optimiser and the step."""

    def __init__(self, config: Config, table: Float[Tensor, "V w"], device: str) -> None:
        self.config, self.device, self.step = config, device, 0
        torch.manual_seed(config.seed)
        self.network = PlainClip(config.sizes)
        self.network.token_embedding.weight.requires_grad_(False).copy_(table)
        for block in self.network.transformer.resblocks:
            cast(Block, block).mlp.gelu = FusedQuickGELU()
        self.network = self.network.to(device)
        trained = {k: p for k, p in self.network.named_parameters() if p.requires_grad}
        decayed = {k: p for k, p in trained.items() if p.ndim > 1}
        rest = {k: p for k, p in trained.items() if p.ndim <= 1}
        self.names = [*decayed, *rest]  # in the optimiser's order
        self.adam = torch.optim.AdamW(
            [
                {"params": list(decayed.values())},
                {"params": list(rest.values()), "weight_decay": 0.0},
            ],
            config.rate,
            (0.9, 0.98),
            weight_decay=config.weight_decay,
        )

    def embed(
        self, pictures: Float[Tensor, "n 3 h h"], texts: list[str]
    ) -> tuple[Float[Tensor, "n E"], Float[Tensor, "n E"]]:
        """Unit embeddings of pictures and of captions."""
        seen = self.network.encode_image(pictures)
        return F.normalize(seen, dim=1), F.normalize(self.embed_texts(texts), dim=1)

    def embed_texts(self, texts: list[str]) -> Float[Tensor, "n E"]:
        """Not normalised; texts of like length together, so that little padding is computed."""
        tokens = tokenize(texts, self.config.sizes.context).to(self.device)
        order = tokens.argmax(1).argsort()
        groups = [tokens[rows] for rows in order.chunk(GROUPS)]
        said = [self.network.encode_text(g[:, : int(g.argmax(1).max()) + 1]) for g in groups]
        return torch.cat(said)[order.argsort()]

    def train_step(self, pictures: Float[Tensor, "n 3 h h"], texts: list[str]) -> float:
        """One step on a batch of pairs; the loss before it."""
        for group in self.adam.param_groups:
            group["lr"] = self.config.rate_at(self.step)
        loss = info_nce(*self.embed(pictures, texts), self.network.logit_scale.exp())
        descend(self.adam, loss)
        with torch.no_grad():
            self.network.logit_scale.clamp_(max=math.log(100))
        self.step += 1
        return loss.item()

    def save(self, folder: Path) -> None:
        """Write the state and what the kit would load, each whole or not at all."""
        tensors = {f"network/{key}": value for key, value in learned(self.network).items()}
        for index, slots in self.adam.state_dict()["state"].items():
            tensors |= {f"adam/{self.names[index]}/{key}": v for key, v in slots.items()}
        save_tensors(folder / STATE, tensors, {"step": str(self.step)})
        save_tensors(folder / EXPORT, rounded(learned(self.network)), {"domain": SPEC.name})

    def load(self, path: Path) -> bool:
        """Go on from a saved state; whether there was one."""
        if not path.exists():
            return False
        with safe_open(path, "pt") as file:
            self.step = int(file.metadata()["step"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        saved = part(tensors, "network")
        if saved.keys() != learned(self.network).keys():
            raise SystemExit(f"{path} is of another network; move it away, and begin again")
        self.network.load_state_dict(saved, strict=False)  # all but the token table
        slots: dict[int, dict[str, Tensor]] = {}
        for key, value in part(tensors, "adam").items():
            name, slot = key.split("/")
            slots.setdefault(self.names.index(name), {})[slot] = value
        self.adam.load_state_dict({**self.adam.state_dict(), "state": slots})
        return True


def info_nce(
    pictures: Float[Tensor, "n E"], texts: Float[Tensor, "n E"], scale: Tensor
) -> Float[Tensor, ""]:
    """The loss of unit rows that belong together in order."""
    logits = scale * pictures @ texts.T
    rows = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, rows) + F.cross_entropy(logits.T, rows)) / 2


@torch.no_grad()
def whitening(
    world: World, components: int, pictures: int = 12_000
) -> tuple[Float[Tensor, "P"], Float[Tensor, "P K"]]:
    """Mean of the first renders' pixels, and K directions along which they vary by 1."""
    seen = world.pictures[: min(pictures, len(world.pictures) - world.held_out)]
    pixels = torch.cat([half(to_float(seen[k : k + 500])) for k in range(0, len(seen), 500)])
    mean = pixels.mean(0)
    pixels -= mean
    variance, directions = torch.linalg.eigh(pixels.T @ pixels / len(pixels))
    kept = slice(-components, None)
    return mean, (directions[:, kept] / variance[kept].sqrt()).flip(1)


def learned(network: nn.Module) -> dict[str, Tensor]:
    """The weights that training changes: all but the token table."""
    return {key: value for key, value in network.state_dict().items() if key != TOKEN_TABLE}


@torch.no_grad()
def recall(run: Run, world: World) -> float:
    """R@1 of pictures for captions, both ways, over the 1,000 first held-out renders."""
    rows = range(len(world.pictures) - world.held_out, len(world.pictures) - world.held_out + 1000)
    texts = captions(world.factors[list(rows)], 7, run.config.shares, run.config.denials)
    run.network.eval()
    parts = [
        run.embed(world.unseen[k : k + 250].to(run.device), texts[k : k + 250])
        for k in range(0, 1000, 250)
    ]
    seen, said = (torch.cat(side) for side in zip(*parts, strict=True))
    run.network.train()
    found, own = seen @ said.T, torch.arange(1000, device=seen.device)
    return float(sum((found.argmax(dim) == own).float().mean() for dim in (0, 1)) / 2)


def train(config: Config, device: str, folder: Path, save_every: float) -> None:
    """Run to the last step, saving as it goes."""
    world = World.of(config.renders, config.resolution, folder)
    run = Run(config, read_weights("clip")[TOKEN_TABLE].float(), device)
    if not (resumed := run.load(folder / STATE)):
        mean, basis = whitening(world, config.sizes.components)
        run.network.visual.mean.copy_(mean)
        run.network.visual.basis.copy_(basis)
    print(f"{'goes on at' if resumed else 'begins at'} step {run.step}", flush=True)
    last, began, loss = time.monotonic(), run.step, math.log(config.batch)
    while run.step < config.steps:
        rows, pictures = world.rows_and_pictures(config.batch, config.seed + 1, run.step)
        written = config.seed * 1_000_003 + run.step
        texts = captions(world.factors[rows], written, config.shares, config.denials)
        loss += 0.05 * (run.train_step(pictures.to(device), texts) - loss)
        if (now := time.monotonic()) - last > save_every:
            run.save(folder)
            pace = (run.step - began) * config.batch / (now - last)
            print(
                f"step {run.step}  {pace:.0f} pairs/s  loss {loss:.3f}  scale "
                f"{run.network.logit_scale.exp().item():.1f}  R@1 {recall(run, world):.3f}",
                flush=True,
            )
            last, began = time.monotonic(), run.step
    run.save(folder)


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=RUN)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--save-every", type=float, default=180.0, help="seconds")
    parser.add_argument("--seed", type=int, default=Config.seed)
    options = parser.parse_args()
    train(Config(seed=options.seed), options.device, options.out, options.save_every)


if __name__ == "__main__":
    main()
