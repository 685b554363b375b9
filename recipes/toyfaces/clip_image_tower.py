"""Stage one of the toyfaces CLIP: the image tower learns to read factors off renders.

Contrastive training from scratch learns colours and then stalls: captions are a thin signal. So the
tower first regresses what the renderer knows, through a linear head that is dropped afterwards:

    loss = mean_k visible_k (head_k - factor_k)^2 + mean_a BCE(head_a, attribute a holds)

Pictures are augmented (blur, noise, shift, light), so that the tower is honest on generated
pictures, which are softer than renders.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from deltaedit_kit.clip_network import HEAD, ClipNetwork, ClipSizes
from deltaedit_kit.labs.own_domain.augmentation import augment
from deltaedit_kit.labs.own_domain.clip import reader_of
from deltaedit_kit.labs.own_domain.loop import descend
from deltaedit_kit.labs.own_domain.world import World
from deltaedit_kit.labs.progress import Progress
from deltaedit_kit.support.device import computing
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES
from deltaedit_kit.toyfaces.factors import FACTORS
from recipes.stages import Stage, Stages
from recipes.toyfaces.clip_targets import soft_truth, visibility

SIZES = ClipSizes(
    embed=128,
    side=128,
    patch=16,
    image_width=192,
    image_layers=4,
    context=77,
    words=49408,
    text_width=128,
    text_layers=3,
    image_heads=192 // HEAD,
    text_heads=128 // HEAD,
)


def build_network(seed: int) -> ClipNetwork:
    """A fresh network, reproducible from `seed`."""
    torch.manual_seed(seed)
    return ClipNetwork(SIZES)


def cycles_of(cycles: Sequence[tuple[int, float]]) -> Stages:
    """Cosines to zero, one a cycle (steps, peak), each warmed up."""
    return Stages.of([Stage(steps, peak, warm_up=100) for steps, peak in cycles])


def train_image_tower(
    network: ClipNetwork,
    world: World,
    folder: Path,
    cycles: Sequence[tuple[int, float]],
    batch: int,
    seed: int,
    device: str,
) -> None:
    """Train the image tower, without its projection; goes on from `folder` after a kill."""
    k = len(FACTORS)
    reader = reader_of(network.visual, world, k + len(ATTRIBUTES)).to(device)
    truth, visible = soft_truth(world.factors), visibility(world.factors)
    progress = Progress("image tower")

    def loss_at(step: int) -> Tensor:
        seeded = torch.Generator().manual_seed(seed * 1_000_003 + step)
        rows = torch.randint(world.rows, (batch,), generator=seeded).sort().values
        pictures = augment(world.at(rows), seeded).to(device)
        with computing(device, gradients=True):
            read = reader(pictures).float()
        error = (read[:, :k] - (world.factors[rows].to(device) - 0.5) * math.sqrt(12)).square()
        regression = (error * visible[rows].to(device)).mean()
        held = truth[rows].to(device)
        naming = nn.functional.binary_cross_entropy_with_logits(read[:, k:], held)
        progress.note(regression=regression.item(), naming=naming.item())
        return regression + naming

    learning = [x for x in reader.parameters() if x.requires_grad]
    adam = [torch.optim.AdamW(learning, betas=(0.9, 0.98), weight_decay=0.02)]
    state = folder / "image_tower.safetensors"
    descend(reader, loss_at, cycles_of(cycles), state, "toyfaces-clip-image", progress, adam)
