"""A domain of random networks whose "CLIP" sees pictures only: it could not read a text."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import NoReturn

import torch
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.codes import Codes
from deltaedit_kit.domain import Domain, Networks
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.train import Run, TrainingConfig, train_mapper
from tests.tiny_domain import SPEC


@dataclass
class ThumbnailEncoder:
    """encode_images by a fixed random projection of a 16 x 16 thumbnail: unit [n, 12]."""

    weight: Tensor

    preprocessing = "plain"
    model = None

    def to(self, device: torch.device) -> "ThumbnailEncoder":
        return self

    @property
    def width(self) -> int:
        return self.weight.shape[1]

    def encode_images(self, pictures: Tensor, drawn: bool = False) -> Tensor:
        small = F.adaptive_avg_pool2d(pictures.float(), 16).flatten(1)
        return F.normalize(torch.tanh(small @ self.weight), dim=1)


def picture_domain(width: int = 8, correlated: Callable | None = None) -> Domain:
    """A domain of 64 px with random weights of seed 0, which has no text, mapper or R."""

    def generator() -> Generator:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            channels = {4: width, 8: width, 16: width, 32: width, 64: 4}
            made = Generator(64, channels, style_dim=width, mapping_layers=2)
            made.eval().requires_grad_(False).estimate_mean_w(100)
            return made

    def encoder() -> ThumbnailEncoder:
        return ThumbnailEncoder(
            torch.randn(3 * 16 * 16, 12, generator=torch.Generator().manual_seed(1)) / 20
        )

    def nothing(*_: object) -> NoReturn:
        raise AssertionError("nobody should ask for it")

    networks = Networks(generator, encoder, nothing, nothing, correlated=correlated)
    return Domain(replace(SPEC, name="tiny"), networks)


TOY = StyleLayout((8,) * 7 + (8, 4, 4))

NETWORKS = "0badc0de"

# What training asks of a domain, and no more: nothing in it could read a text.
TINY = SimpleNamespace(
    layout=TOY,
    device=torch.device("cpu"),
    spec=SimpleNamespace(name="tiny"),
    fingerprint=lambda: NETWORKS,
)


def linear_codes(n: int = 400, clip_width: int = 6) -> Codes:
    """Codes in which i follows from s by a fixed linear map: something to learn."""
    random = torch.Generator().manual_seed(3)
    hidden = torch.randn(n, clip_width, generator=random)
    to_s = torch.randn(clip_width, TOY.total, generator=random)
    # As in a real generator every channel has a mean of its own: by it the mapper, whose layers
    # share weights within a group, tells one layer's token from the next.
    mean = 2 * torch.randn(TOY.total, generator=random)
    clip = F.normalize(hidden, dim=1).half()
    return Codes((mean + hidden @ to_s / 3).half(), clip, "tiny", networks=NETWORKS)


SHORT = TrainingConfig(steps=12, batch=16, held_out=0.1, seed=5, report_every=5, save_every=4)


def trained(codes: Codes, config: TrainingConfig, *rest, **more) -> DeltaMapper:
    """`train_mapper` of a plain run."""
    return train_mapper(Run(TINY, codes, config), *rest, **more)
