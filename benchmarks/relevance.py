"""What R costs, three ways, and whether the cheap ways find the same R.

    plain        every picture whole, by the published algorithm: 2·S synthesised pictures a picture
    restart      the kit's generator, from the layer that holds the channel (relevance.py)
    gradient     E backward passes a picture, not the published definition

Cost, at 1024 px with random weights: one channel of each layer is timed and the layers add up,
width times the time of one; of the gradient, one forward and a few backward passes.
Agreement, on toyfaces: rows of R for sampled channels, all on the same pictures, beside what the
published definition says about itself on other pictures.

    python -m benchmarks.relevance                 # cost and agreement on the CPU
    python -m benchmarks.relevance --only cost --device cuda --fast
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.machine import describe, seconds_of
from benchmarks.synthesis import STYLE_DIM, WIDEST
from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.networks import Networks
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.relevance import ChannelStatistics, Plan, Probe
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.toyfaces.networks import SPEC

STEP = 5.0
CLIP_NAME = "ViT-B-32"
CHANNELS_SEED = 5


def random_domain(resolution: int, device: str) -> Domain:
    """A generator and a CLIP of the published sizes; time does not depend on what they show."""
    import open_clip

    channels = {size: width for size, width in WIDEST.items() if size <= resolution}
    generator = Generator(resolution, channels, STYLE_DIM).eval().requires_grad_(False)
    model: Any = open_clip.create_model(CLIP_NAME, pretrained=None).eval().requires_grad_(False)
    nothing = torch.zeros(1, 1)
    networks = Networks(
        lambda: generator, lambda: ClipSpace(model, None, "clip"), DeltaMapper, lambda: nothing
    )
    spec = replace(SPEC, name="random", resolution=resolution, preprocessing="clip")
    return Domain(spec, networks, device)


def codes(domain: Domain, pictures: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """s [n, S] and w+ [n, L, W] of sampled pictures."""
    with torch.no_grad():
        w_plus = domain.generator.expand(domain.sample_w(pictures, seed))
        return domain.generator.to_style(w_plus), w_plus


def cost(given: argparse.Namespace) -> None:
    """Print seconds of R for one picture: the plain loop, the restart, the gradient."""
    domain = random_domain(given.resolution, given.device)
    s, w_plus = codes(domain, 1)
    widths, device = domain.layout.widths, given.device
    probe = Probe(domain, Plan(step=STEP, batch=2, fast=given.fast))

    def whole() -> None:
        both = s.repeat(2, 1)
        drawn = [domain.generator.synthesize(code[None], w_plus) for code in both]
        domain.clip.encode_images(torch.cat(drawn), drawn=True)

    def moved(layer: int, state: Any) -> None:
        first = domain.layout.slices[layer].start
        probe.change(range(first, first + 1), layer, state, s, w_plus)

    with torch.inference_mode():
        plain = sum(widths) * seconds_of(whole, device, given.repeats)
        restart = 0.0
        for layer, width in enumerate(widths):
            state = domain.generator.state_before(layer, s, w_plus)
            one = seconds_of(lambda k=layer, x=state: moved(k, x), device, given.repeats)
            restart += width * one
            print(f"layer {layer:2d}: {one:7.3f} s a channel, {width} channels", flush=True)
    gradient = slopes_seconds(domain, s, w_plus, given)
    print(f"one picture, {sum(widths)} channels, CLIP of width {domain.clip.width}:")
    for name, seconds in (("plain", plain), ("restart", restart), ("gradient", gradient)):
        print(f"  {name:9s} {seconds:10,.0f} s  {plain / seconds:6.1f} x plain", flush=True)


def slopes_seconds(domain: Domain, s: Tensor, w_plus: Tensor, given: argparse.Namespace) -> float:
    """Seconds of `jacobian` for one picture, extrapolated from `--outputs` backward passes."""
    probe = Probe(domain, Plan(method="gradient", fast=given.fast))
    whole = probe.clip.encode_images

    def seconds(outputs: int) -> float:
        probe.clip.encode_images = lambda pictures, drawn=False: whole(pictures, drawn)[:, :outputs]
        return seconds_of(lambda: probe.jacobian(s, w_plus), given.device, given.repeats)

    one, more = seconds(1), seconds(1 + given.outputs)
    return one + (domain.clip.width - 1) * (more - one) / given.outputs


@torch.no_grad()
def changes(domain: Domain, s: Tensor, w_plus: Tensor, channels: Tensor) -> Tensor:
    """Unit CLIP changes [c, n, E] by the published definition, whole pictures."""
    statistics = ChannelStatistics.of(domain)
    rows = []
    for channel in channels.tolist():
        seen = []
        for sign in (1, -1):
            code = s.clone()
            code[:, channel] = statistics.mean[channel] + sign * STEP * statistics.std[channel]
            drawn = domain.generator.synthesize(code, w_plus)
            seen.append(domain.clip.encode_images(drawn, drawn=True))
        rows.append(F.normalize(seen[0] - seen[1], dim=1))
    return torch.stack(rows)


def agreement(given: argparse.Namespace) -> None:
    """Print cosines between rows of R made in different ways and from different pictures."""
    from deltaedit_kit import load_domain

    domain = load_domain("toyfaces", device=given.device)
    random = torch.Generator().manual_seed(CHANNELS_SEED)
    channels = torch.cat(
        [
            part.start + torch.randperm(part.stop - part.start, generator=random)[: given.channels]
            for part in domain.layout.slices
        ]
    )
    probe = Probe(domain, Plan(method="gradient", fast=given.fast))
    halves, slopes = [], []
    for seed in (0, 1):
        s, w_plus = codes(domain, given.pictures, seed)
        halves.append(changes(domain, s, w_plus, channels).sum(1))
        unit = F.normalize(probe.jacobian(s, w_plus), dim=1)
        slopes.append(unit.sum(0).T[channels.to(unit.device)])
    print(f"toyfaces, {len(channels)} channels, {given.pictures} pictures, median cosine of a row:")
    for name, one, other in (
        ("gradient and published, same pictures", slopes[0], halves[0]),
        ("gradient and published, other pictures", slopes[0], halves[1]),
        ("published and published, other pictures", halves[0], halves[1]),
        ("gradient and gradient, other pictures", slopes[0], slopes[1]),
    ):
        print(f"  {name:40s} {F.cosine_similarity(one, other).median():.3f}", flush=True)


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=("cost", "agreement"))
    parser.add_argument("--resolution", type=int, default=1024)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--outputs", type=int, default=2, help="backward passes that are timed")
    parser.add_argument("--channels", type=int, default=3, help="of each layer, for agreement")
    parser.add_argument("--pictures", type=int, default=8, help="for agreement")
    parser.add_argument(
        "--fast", action="store_true", help="the kit draws as fast as this machine can"
    )
    given = parser.parse_args()
    print(describe(given.device), flush=True)
    if given.only != "agreement":
        cost(given)
    if given.only != "cost":
        agreement(given)


if __name__ == "__main__":
    main()
