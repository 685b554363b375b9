"""A whole domain with random weights, built in a second: what the shells are tested on.

64 px is the smallest size with a fine group. Random networks show no faces, but every rule about
arguments, shapes, seeds, relevance masks and recipes holds for them as for the shipped ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir
from types import MappingProxyType

import torch

from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.networks import Networks
from deltaedit_kit.domain.oracle import Attribute
from deltaedit_kit.domain.spec import DomainSpec
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylegan2 import Generator

WIDTH, CLIP_WIDTH, CONTEXT = 16, 12, 16
CHANNELS = {4: 16, 8: 16, 16: 16, 32: 16, 64: 8}

SPEC = DomainSpec(
    name="tiny",
    title="random pictures",
    resolution=64,
    neutral="face",
    threshold=0.0,
    strength=1.0,
    truncation=0.7,
    templates=(),
    preprocessing="plain",
    licence="none, these are random numbers",
    examples=("face with glasses", "a smiling face", "an old face"),
)


def tiny_generator() -> Generator:
    return Generator(64, CHANNELS, WIDTH, mapping_layers=2)


def tiny_clip() -> ClipSpace:
    from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg

    model = CLIP(
        embed_dim=CLIP_WIDTH,
        vision_cfg=CLIPVisionCfg(layers=1, width=32, head_width=16, patch_size=16, image_size=64),
        text_cfg=CLIPTextCfg(context_length=CONTEXT, width=32, heads=2, layers=1),
        quick_gelu=True,
    )
    return ClipSpace(model.eval(), None, "plain")


class TinyOracle:
    """Reads two factors: the mean of a picture's red and of its green."""

    factors = ("red", "green")
    attributes: Mapping[str, Attribute] = MappingProxyType({})

    def read(self, pictures: torch.Tensor) -> torch.Tensor:
        return pictures.mean((2, 3))[:, :2]

    def visible(self, factors: torch.Tensor) -> torch.Tensor:
        return torch.ones_like(factors, dtype=torch.bool)

    def seen(self, factors: torch.Tensor) -> torch.Tensor:
        return factors

    def weights(self) -> Mapping[str, torch.Tensor]:
        return {}


def tiny_domain(name: str = "tiny", weights_seed: int = 0, oracle: bool = True) -> Domain:
    """A domain whose four networks are random but the same at every call with these arguments."""

    def seeded(make, *arguments):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(weights_seed)
            return make(*arguments)

    def relevance() -> torch.Tensor:
        total = sum(tiny_generator().style_widths)
        return torch.nn.functional.normalize(torch.randn(total, CLIP_WIDTH), dim=1)

    networks = Networks(
        generator=lambda: seeded(tiny_generator),
        clip=lambda: seeded(tiny_clip),
        mapper=lambda layout, width: seeded(DeltaMapper, layout, width),
        relevance=lambda: seeded(relevance),
        oracle=TinyOracle if oracle else None,
    )
    folder = Path(gettempdir()) / f"deltaedit-{name}"  # never made: tests write into their own
    return Domain(replace(SPEC, name=name), networks, folder=folder)
