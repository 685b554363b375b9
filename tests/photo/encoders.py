"""Encoders of one line each, and the w of many people."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from deltaedit_kit.domain import Domain
from tests.tiny_domain import tiny_domain


class MeanCode(nn.Module):
    """An "encoder" that says the mean code for every picture, and counts how often it is asked."""

    def __init__(self, mean_w: torch.Tensor, rows: int) -> None:
        super().__init__()
        self.mean_w, self.rows, self.asked = mean_w, rows, 0

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        self.asked += 1
        return self.mean_w.expand(len(pictures), self.rows, -1).clone()


class MeanColour(nn.Module):
    """An "identity": the mean colour as a unit vector."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(pictures.mean((2, 3)) + 2, dim=1)


def with_encoder(identity: bool = False) -> Domain:
    """The tiny domain with a `MeanCode`."""
    domain = tiny_domain()
    mean = domain.generator.mean_w
    assert mean is not None
    domain._networks = replace(
        domain._networks,
        inversion=lambda: MeanCode(mean, domain.generator.latent_rows),
        identity=MeanColour if identity else None,
    )
    return domain


def many_w(domain: Domain) -> torch.Tensor:
    """What the mapping network makes of 2,000 z: [2000, W]."""
    return domain.generator.mapping(torch.randn(2000, domain.generator.style_dim))
