"""Stage one of the toyfaces CLIP: the image tower learns to read factors off renders.

Contrastive training from scratch learns colours and then stalls: captions are a thin signal. So the
tower first regresses what the renderer knows, through a linear head that is dropped afterwards:

    loss = mean_k visible_k (head_k - factor_k)^2 + mean_a BCE(head_a, attribute a holds)

Pictures are augmented (blur, noise, shift, light), so that the tower is honest on generated
pictures, which are softer than renders.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from deltaedit_kit.labs.own_domain.augmentation import augment
from deltaedit_kit.labs.own_domain.patches import principal_patches
from deltaedit_kit.support.device import computing
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES
from deltaedit_kit.toyfaces.factors import FACTORS
from recipes.toyfaces.clip_network import (
    IMAGE_WIDTH,
    OpenClip,
    build_network,
    image_features,
)
from recipes.toyfaces.clip_targets import soft_truth, visibility
from recipes.toyfaces.renders import Renders, to_float

HELD_BACK = 1000  # the last renders of the set never train anything; reports are made on them


def rate(step: int, cycles: Sequence[tuple[int, float]]) -> float:
    """Learning rate at `step`: cosines to zero, one a cycle (steps, peak), each warmed up.

    Restarts (SGDR, Loshchilov & Hutter, 2017) let the rare and small (brows under a fringe) catch
    up when the rest is learned. Zero after the last cycle.
    """
    for length, peak in cycles:
        if step < length:
            return peak * min(1, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * step / length))
        step -= length
    return 0.0


def train_image_tower(
    data: Renders,
    folder: Path,
    cycles: Sequence[tuple[int, float]],
    batch: int,
    seed: int,
    device: str,
) -> tuple[OpenClip, nn.Module]:
    """Network with a trained image tower, and its head; goes on from `folder` after a kill."""
    steps = sum(length for length, _ in cycles)
    network = build_network(seed).to(device)
    head = nn.Linear(IMAGE_WIDTH, len(FACTORS) + len(ATTRIBUTES)).to(device)
    rows = len(data.factors) - HELD_BACK
    principal_patches(network.visual, to_float(np.array(data.pictures[:1000])).to(device))
    parameters = [*network.visual.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=cycles[0][1], betas=(0.9, 0.98), weight_decay=0.02)
    state, start = folder / "image_tower.pt", 0
    if state.exists():
        kept = torch.load(state, weights_only=True, map_location=device)
        network.visual.load_state_dict(kept["visual"])
        head.load_state_dict(kept["head"])
        optimizer.load_state_dict(kept["optimizer"])
        start = kept["step"]
    factors = torch.from_numpy(data.factors)
    truth, visible = soft_truth(factors), visibility(factors)
    clock = time.perf_counter()
    for step in range(start, steps):
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        index = torch.randint(rows, (batch,), generator=generator)
        raw = to_float(data.pictures[np.sort(index.numpy())])
        index = index.sort().values
        pictures = augment(raw, generator).to(device)
        for group in optimizer.param_groups:
            group["lr"] = rate(step, cycles)
        with computing(device, gradients=True):
            features = image_features(network, pictures)
        read = head(features.float())
        k = len(FACTORS)
        error = (read[:, :k] - (factors[index].to(device) - 0.5) * math.sqrt(12)).square()
        regression = (error * visible[index].to(device)).mean()
        naming = nn.functional.binary_cross_entropy_with_logits(
            read[:, k:], truth[index].to(device)
        )
        loss = regression + naming
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if step % 50 == 0:
            speed = (step + 1 - start) * batch / (time.perf_counter() - clock)
            print(
                f"image tower {step}/{steps}: regression {float(regression.detach()):.3f},"
                f" naming {float(naming.detach()):.3f}, {speed:.0f} pictures/s",
                flush=True,
            )
        if step % 200 == 199 or step == steps - 1:
            save(
                {
                    "visual": network.visual.state_dict(),
                    "head": head.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "step": step + 1,
                },
                state,
            )
    return network, head


def save(state: dict, path: Path) -> None:
    """torch.save in one piece: a kill leaves either the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)
