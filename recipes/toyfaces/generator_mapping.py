"""What w should know before a generator draws anything: the portrait, as a rotated linear code.

    minimise  E_z | mapping(z) - Q c(f(z)) |^2,   c = [2 f - 1, 2 g - 1]

f are the factors that z stands for, g how much of the glasses can be seen, Q a random matrix with
orthonormal columns. Without this the synthesis layers have to wait until the slow mapping network
(its learning rate is a hundredth of theirs) tells them anything; afterwards both learn together.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from deltaedit_kit.domains.toyfaces.factors import FACTORS, factors_from_z
from deltaedit_kit.domains.toyfaces.renderer.anatomy import anatomy
from deltaedit_kit.stylegan2 import Generator

BATCH = 512
LR = 4.0  # times the network's lr_mul of 0.01


def code_of(factors: Tensor) -> Tensor:
    """What w should know of a portrait: [n, K + 1] in [-1, 1], factors and seen glasses."""
    return torch.cat((factors, anatomy(factors).glasses.flatten(1)), dim=1) * 2 - 1


def learn_mapping(generator: Generator, steps: int, seed: int, device: str) -> float:
    """Teach w to be a rotated linear code of the portrait; returns the final error (rms)."""
    seeded = torch.Generator().manual_seed(seed)
    width = code_of(torch.full((1, len(FACTORS)), 0.5)).shape[1]
    rotation, _ = torch.linalg.qr(torch.randn(generator.style_dim, width, generator=seeded))
    rotation = rotation.T.to(device) * math.sqrt(generator.style_dim / width)
    optimizer = torch.optim.Adam(generator.style.parameters(), lr=LR, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, 1e-3)
    loss = torch.tensor(math.inf)
    for _ in range(steps):
        z = torch.randn(BATCH, generator.style_dim, generator=seeded).to(device)
        target = code_of(factors_from_z(z)) @ rotation
        loss = F.mse_loss(generator.style(z), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return math.sqrt(loss.item())
