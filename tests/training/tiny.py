"""A domain of random networks whose "CLIP" sees pictures only: it could not read a text."""

from dataclasses import dataclass
from types import SimpleNamespace

import torch
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.codes.memory import Codes
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.stylespace import StyleLayout


@dataclass
class Seer:
    """encode_images by a fixed random projection of a 16 x 16 thumbnail: unit [n, 12]."""

    weight: Tensor

    @property
    def width(self) -> int:
        return self.weight.shape[1]

    def encode_images(self, pictures: Tensor) -> Tensor:
        small = F.adaptive_avg_pool2d(pictures.float(), 16).flatten(1)
        return F.normalize(torch.tanh(small @ self.weight), dim=1)


def picture_domain(width: int = 8) -> SimpleNamespace:
    """What make_codes and compute_relevance ask of a domain: 64 px, random weights, seed 0."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        channels = {4: width, 8: width, 16: width, 32: width, 64: 4}
        generator = Generator(64, channels, style_dim=width, mapping_layers=2)
        generator.eval().requires_grad_(False).estimate_mean_w(100)
        seer = Seer(torch.randn(3 * 16 * 16, 12) / 20)
    return SimpleNamespace(
        generator=generator,
        clip=seer,
        layout=StyleLayout(generator.style_widths),
        device=torch.device("cpu"),
        spec=SimpleNamespace(name="tiny"),
    )


TOY = StyleLayout((8,) * 7 + (8, 4, 4))

# What training asks of a domain, and no more.
LESSON = SimpleNamespace(layout=TOY, device=torch.device("cpu"), spec=SimpleNamespace(name="tiny"))


def linear_codes(n: int = 400, clip_width: int = 6) -> Codes:
    """Codes in which i follows from s by a fixed linear map, so that there is a lesson to learn."""
    random = torch.Generator().manual_seed(3)
    hidden = torch.randn(n, clip_width, generator=random)
    to_s = torch.randn(clip_width, TOY.total, generator=random)
    # As in a real generator every channel has a mean of its own: by it the mapper, whose layers
    # share weights within a group, tells one layer's token from the next.
    mean = 2 * torch.randn(TOY.total, generator=random)
    return Codes((mean + hidden @ to_s / 3).half(), F.normalize(hidden, dim=1).half(), "tiny")
