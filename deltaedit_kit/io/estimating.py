"""Time and memory of the commands that make a domain's missing networks, on the machine at hand.

    codes       N pictures, drawn and embedded                   N t
    relevance   one picture, E backward passes of about 2 t       2 E t a picture
    train       6 numbers of arithmetic a weight and pair          6 P B steps / speed

t is measured here with one picture, the speed with one matrix product; the rest are counts. They
are right within a factor of two, which tells an afternoon from a month.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import torch

from deltaedit_kit.clip_network import ClipNetwork
from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.domain import Domain, pictures_a_pass
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.io.footprint import (
    COPIES,
    MAPS_AT_ONCE,
    VIT_B_32,
    channels_of,
    largest_map,
    numbers,
)
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.networks import Networks
from deltaedit_kit.skeleton import skeleton
from deltaedit_kit.train import TrainingConfig

SAMPLES = 200_000  # codes, as published
PICTURES = 100  # that R is averaged over, as published
BACKWARD = 2.0  # times a forward pass
SIDE = 1024  # of the matrix product


@dataclass(frozen=True)
class Estimate:
    """What one command takes."""

    command: str
    seconds: float
    bytes: int

    def line(self, name: str) -> str:
        """The command for a domain, with its price."""
        memory = f"{self.bytes / 2**30:.1f} GiB"
        return f"{self.command.format(name=name)}    about {words(self.seconds)}, {memory}"


def before_clip(domain: Domain) -> Domain:
    """A domain with ViT-B/32 of zeros in the place of a CLIP that is not here yet: as slow."""

    def clip() -> ClipSpace:
        with skeleton():
            network = ClipNetwork(VIT_B_32)
        network = network.to_empty(device="cpu").requires_grad_(False).eval()
        for x in (*network.parameters(), *network.buffers()):
            x.zero_()
        return ClipSpace(network, None, domain.spec.preprocessing)

    def missing(*_: object) -> NoReturn:
        raise DeltaEditError("this domain is there to estimate times only; load its files")

    networks = Networks(lambda: domain.generator, clip, missing, missing)
    return Domain(domain.spec, networks, domain.device)


def estimates(domain: Domain) -> list[Estimate]:
    """The three commands that make a mapper and R. Draws three pictures and multiplies matrices."""
    generator, clip = domain.generator, domain.clip
    faces = domain.sample(1)  # warm
    picture = seconds_of(lambda: domain.sample(1), domain.device)
    networks = 4 * (numbers(generator) + numbers(clip.model))
    widest = largest_map(channels_of(generator))
    a_picture = MAPS_AT_ONCE * widest + faces.images.nbytes
    batch = pictures_a_pass(generator.resolution)
    with skeleton():
        weights = numbers(DeltaMapper(domain.layout, clip.width))
    config = TrainingConfig()
    square = torch.ones(SIDE, SIDE, device=domain.device)
    product = seconds_of(lambda: square @ square, domain.device)
    arithmetic = 6 * weights * config.batch * config.steps
    codes = SAMPLES * 2 * (domain.layout.total + clip.width + generator.style_dim)
    layers = len(generator.layers)  # all their maps are kept for the way back
    where = "" if domain.device.type == "cpu" else f" --device {domain.device}"
    return [
        Estimate(
            f"deltaedit codes {{name}} --samples {SAMPLES}{where}",
            SAMPLES * picture,
            networks + batch * a_picture,
        ),
        Estimate(
            f"deltaedit train {{name}}{where}",
            arithmetic / (2 * SIDE**3 / product),
            networks + (1 + COPIES) * 4 * weights + codes,
        ),
        Estimate(
            f"deltaedit relevance {{name}} --method gradient --pictures {PICTURES}{where}",
            PICTURES * clip.width * BACKWARD * picture,
            networks + layers * widest,
        ),
    ]


def seconds_of(work: Callable[[], object], device: torch.device) -> float:
    """The shorter of two runs."""
    found = []
    for _ in range(2):
        start = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        found.append(time.perf_counter() - start)
    return min(found)


def words(seconds: float) -> str:
    """A time as people say it."""
    for size, name in ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds >= size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds:.0f} seconds"
