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
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from deltaedit_kit.clip_network import Block
from deltaedit_kit.clip_tokenizer import tokenize
from deltaedit_kit.labs.own_domain.loop import descend
from deltaedit_kit.labs.own_domain.world import World
from deltaedit_kit.labs.progress import Progress
from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.toyfaces.captions import captions_and_names
from deltaedit_kit.toyfaces.networks import read_weights
from deltaedit_kit.toyfaces.plain_clip import SPEC
from deltaedit_kit.toyfaces.plain_clip_network import TOKEN_TABLE, PlainClip, PlainSizes, half
from recipes.stages import Stage, Stages
from recipes.toyfaces.clip_contrast import embed_texts
from recipes.toyfaces_learned.generator import RUN
from recipes.toyfaces_learned.world import rows_of, world_of
from recipes.weights import rounded

STATE, EXPORT = "clip-state.safetensors", "clip.safetensors"


@dataclass(frozen=True)
class Config:
    """One run; the defaults are those of the shipped file."""

    sizes: PlainSizes = field(default_factory=PlainSizes)
    renders: int = 40_000
    steps: int = 3500
    shares: tuple[float, ...] = (0.04, 0.16, 0.10, 0.15, 0.15, 0.15, 0.13, 0.12)  # name 0, 1, ... 7
    denials: float = 0.1  # kept of phrases like "no beard": captions name what is there
    batch: int = 256
    rate: float = 1e-3  # the highest; a cosine to 0 after `warm_up` steps
    warm_up: int = 100
    weight_decay: float = 0.05
    seed: int = 0


class FusedQuickGELU(nn.Module):
    """x sigmoid(1.702 x) = silu(1.702 x) / 1.702: two passes over memory less, rounding apart."""

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return F.silu(1.702 * x) / 1.702


def begin(config: Config, table: Float[Tensor, "V w"], world: World, device: str) -> PlainClip:
    """The network before its first step: the token table rests, components are of renders."""
    torch.manual_seed(config.seed)
    network = PlainClip(config.sizes)
    network.token_embedding.weight.requires_grad_(False).copy_(table)
    for block in network.transformer.resblocks:
        cast(Block, block).mlp.gelu = FusedQuickGELU()
    mean, basis = whitening(world, config.sizes.components)
    network.visual.mean.copy_(mean)
    network.visual.basis.copy_(basis)
    return network.to(device)


def adam_of(network: PlainClip, config: Config) -> torch.optim.AdamW:
    """Matrices decay, the rest does not."""
    learning = [x for x in network.parameters() if x.requires_grad]
    groups = [
        {"params": [x for x in learning if x.ndim > 1]},
        {"params": [x for x in learning if x.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, config.rate, (0.9, 0.98), weight_decay=config.weight_decay)


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
    rows = torch.arange(min(pictures, world.rows))
    pixels = torch.cat([half(world.at(part)) for part in rows.split(500)])
    mean = pixels.mean(0)
    pixels -= mean
    variance, directions = torch.linalg.eigh(pixels.T @ pixels / len(pixels))
    kept = slice(-components, None)
    return mean, (directions[:, kept] / variance[kept].sqrt()).flip(1)


@torch.no_grad()
def recall(network: PlainClip, world: World, config: Config) -> float:
    """R@1 of pictures for captions, both ways, over the 1,000 first held-out renders."""
    rows = torch.arange(world.rows, world.rows + min(1000, world.held_out))
    texts, _ = captions_and_names(world.factors[rows], 7, config.shares, config.denials)
    device, own = network.text_projection.device, torch.arange(len(rows))
    said = embed_texts(network, tokenize(texts, config.sizes.context).to(device))
    seen = [network.encode_image(world.at(part).to(device)) for part in rows.split(250)]
    found = (F.normalize(torch.cat(seen), dim=1) @ said.T).cpu()
    return float(sum((found.argmax(dim) == own).float().mean() for dim in (0, 1)) / 2)


def train(config: Config, device: str, folder: Path) -> PlainClip:
    """Run to the last step, saving as it goes; write what the kit would load."""
    world = world_of(config.renders, config.sizes.side, folder)
    table = read_weights("clip")[TOKEN_TABLE].float()
    network, progress = begin(config, table, world, device), Progress("clip")

    def loss_at(step: int) -> Tensor:
        with torch.no_grad():
            network.logit_scale.clamp_(max=math.log(100))
        rows = rows_of(world, config.batch, config.seed + 1, step)
        written = config.seed * 1_000_003 + step
        texts, _ = captions_and_names(world.factors[rows], written, config.shares, config.denials)
        said = embed_texts(network, tokenize(texts, config.sizes.context).to(device))
        seen = F.normalize(network.encode_image(world.at(rows).to(device)), dim=1)
        loss = info_nce(seen, said, network.logit_scale.exp())
        progress.note(loss=loss.item())
        return loss

    schedule = Stages.of([Stage(config.steps, config.rate, warm_up=config.warm_up)])
    state, adam = folder / STATE, [adam_of(network, config)]
    descend(network, loss_at, schedule, state, SPEC.name, progress, adam, math.inf)
    kept = {key: x for key, x in network.state_dict().items() if key != TOKEN_TABLE}
    save_tensors(folder / EXPORT, rounded(kept), {"domain": SPEC.name})
    print(f"R@1 {recall(network, world, config):.3f} over unseen renders")
    return network


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=RUN)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=Config.seed)
    options = parser.parse_args()
    train(Config(seed=options.seed), options.device, options.out)


if __name__ == "__main__":
    main()
