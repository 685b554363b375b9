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

import torch

from deltaedit_kit.domain import Domain, pictures_a_pass
from deltaedit_kit.io.footprint import COPIES, MAPS_AT_ONCE, channels_of, largest_map, numbers
from deltaedit_kit.mapper import DeltaMapper
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
    return [
        Estimate(
            f"deltaedit codes {{name}} --samples {SAMPLES}",
            SAMPLES * picture,
            networks + batch * a_picture,
        ),
        Estimate(
            "deltaedit train {name}",
            arithmetic / (2 * SIDE**3 / product),
            networks + (1 + COPIES) * 4 * weights + codes,
        ),
        Estimate(
            f"deltaedit relevance {{name}} --method gradient --pictures {PICTURES}",
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
