"""Time and memory of the commands that make a domain's missing networks, on the machine at hand.

    codes       N pictures, n drawn and embedded at once     N / n · seconds of n pictures
    train       the published number of steps                steps · seconds of a step
    relevance   E backward passes for P pictures, n at once  P / n · E · seconds of a backward pass

Idea: what a small network costs is mostly the start of each operation, what a large one costs is
arithmetic or memory traffic; so nothing is counted that can be measured. Each command does a piece
of its own work here, with random codes. Only memory is counted from shapes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median_low
from typing import NoReturn

import torch
from torch.nn import functional as F

from deltaedit_kit.clip_network import ClipNetwork
from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.codes import Codes
from deltaedit_kit.codes.make import draw_codes
from deltaedit_kit.domain import Domain, pictures_a_pass
from deltaedit_kit.domain.networks import Networks
from deltaedit_kit.io.footprint import (
    COPIES,
    MAPS_AT_ONCE,
    PROCESS,
    VIT_B_32,
    largest_map,
    numbers,
)
from deltaedit_kit.labs.cli.doctor import GIB, memory_size
from deltaedit_kit.labs.training.experiment import ExperimentConfig, ExperimentRun
from deltaedit_kit.labs.training.speed import synchronize
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.relevance import Plan
from deltaedit_kit.support.device import full_precision, learning
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.skeleton import skeleton

SAMPLES = 200_000  # codes, as published
PLAN = Plan(pictures=100, method="gradient")  # as many pictures as published
SOON = 2.0  # seconds that a measured piece of work may take, where it can be cut
LONG_ENOUGH = 0.2  # seconds; work that is shorter is repeated
CODES = 100  # of random numbers, to train on


@dataclass(frozen=True)
class Estimate:
    """What one command takes; it is not measured where its memory is more than the machine has."""

    command: str
    bytes: int
    room: float  # bytes
    seconds: float | None

    def line(self, name: str) -> str:
        """The command for a domain, with its price."""
        memory = f"{self.bytes / GIB:.1f} GiB"
        price = (
            f"needs {memory} of memory, more than the {self.room / GIB:.1f} GiB here"
            if self.seconds is None
            else f"about {words(self.seconds)}, {memory}"
        )
        return f"{self.command.format(name=name)}    {price}"


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
    """The three commands that make a mapper and R. Draws pictures and trains a few steps."""
    generator, clip = domain.generator, domain.clip
    widest = largest_map(generator)
    with skeleton():
        mapper = 4 * numbers(DeltaMapper(domain.layout, clip.width))
    loaded = PROCESS + 4 * (numbers(generator) + numbers(clip.model))
    codes = SAMPLES * 2 * (domain.layout.total + clip.width)
    drawn, sloped = pictures_a_pass(generator.resolution), PLAN.size(domain)  # at once
    one = seconds_of_pictures(domain, 1)

    def few(most: int) -> int:
        return int(min(max(SOON / one, 1), most))

    def make_codes() -> float:
        return SAMPLES / few(drawn) * seconds_of_pictures(domain, few(drawn))

    def train() -> float:
        return ExperimentConfig().steps * seconds_of_step(domain)

    def make_relevance() -> float:
        backward = seconds_of_backward(domain, few(sloped))
        return PLAN.pictures / few(sloped) * clip.width * backward

    commands: list[tuple[str, int, Callable[[], float]]] = [
        (f"codes {{name}} --samples {SAMPLES}", drawn * MAPS_AT_ONCE * widest, make_codes),
        ("train {name}", (1 + COPIES) * mapper + codes, train),
        (
            f"relevance {{name}} --method gradient --pictures {PLAN.pictures}",
            sloped * len(generator.layers) * widest,  # all maps are kept for the way back
            make_relevance,
        ),
    ]
    room, on = room_of(domain.device), domain.device
    where = "" if on.type == "cpu" else f" --device {on}"
    found = []
    for command, size, measured in commands:
        size += loaded
        seconds = measured() if size < room else None
        found.append(Estimate(f"deltaedit {command}{where}", size, room, seconds))
    return found


def seconds_of_pictures(domain: Domain, n: int) -> float:
    """Draw and embed n pictures, as `deltaedit codes` does."""
    w_plus = domain.generator.expand(domain.sample_w(n, 0))
    with full_precision(domain.device):
        return seconds_of(lambda: draw_codes(domain, w_plus, 1), domain.device)


@learning()
def seconds_of_step(domain: Domain) -> float:
    """One step of the published training, on codes of random numbers."""
    s = torch.randn(CODES, domain.layout.total)
    clip = F.normalize(torch.randn(CODES, domain.clip.width), dim=1)
    codes = Codes(s, clip, domain.spec.name, networks=domain.fingerprint())
    run = ExperimentRun(domain, codes, ExperimentConfig())

    def step() -> None:
        loss = run.loss(run.pairs(run.train_rows, run.step, run.config.batch))
        loss.total.backward()
        run.descend(loss)

    return seconds_of(step, domain.device)


@learning()
def seconds_of_backward(domain: Domain, n: int) -> float:
    """One of the E backward passes through n pictures, as the method "gradient" takes them."""
    w_plus = domain.generator.expand(domain.sample_w(n, 0))
    s = domain.generator.to_style(w_plus).requires_grad_(True)
    seen = domain.clip.encode_images(domain.generator.synthesize(s, w_plus), drawn=True).sum()
    return seconds_of(lambda: torch.autograd.grad(seen, s, retain_graph=True), domain.device)


def seconds_of(work: Callable[[], object], device: torch.device) -> float:
    """The median of two runs or more, after one that warms up."""
    found: list[float] = []
    while len(found) < 3 or sum(found) < LONG_ENOUGH:
        start = time.perf_counter()
        work()
        synchronize(device)
        found.append(time.perf_counter() - start)
    return median_low(found[1:])


def room_of(device: torch.device) -> float:
    """Bytes of memory of this machine, or of its GPU; infinite where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    size = memory_size()
    return math.inf if size is None else size * GIB


def words(seconds: float) -> str:
    """A time as people say it."""
    for size, name in ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds >= size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds:.0f} seconds"
