"""The toyfaces networks one by one: what each of them can do, in numbers.

    generator   PSNR to the render of the same z; Fréchet distance beside that of two render sets
    CLIP        retrieval among unseen pairs, zero-shot accuracy a sentence
    oracle      mean absolute error a factor

This is a helper, no program: every function takes the domain and returns plain numbers, and
`python -m benchmarks.toyfaces_quality` prints them. Portraits are drawn with seeds from 800,000
upwards, which no recipe uses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.metrics.frechet import frechet_distance
from deltaedit_kit.labs.metrics.pictures import psnr
from deltaedit_kit.toyfaces.attribute_row import PortraitAttribute
from deltaedit_kit.toyfaces.attributes import NAMES, opposites, truth_table
from deltaedit_kit.toyfaces.captions import captions_and_names
from deltaedit_kit.toyfaces.factors import (
    FACTORS,
    GLASSES_ABSENT,
    GLASSES_PRESENT,
    at_coordinate,
    factors_from_z,
    index,
    sample_factors,
)
from deltaedit_kit.toyfaces.oracle import load_oracle
from deltaedit_kit.toyfaces.renderer import render
from deltaedit_kit.toyfaces.visibility import seen, visible

SEED = 800_000
BATCH = 50
FAR = 1.4  # standard deviations: about the lower and the upper twelfth of a factor


def latents(domain: Domain, n: int, seed: int) -> Tensor:
    """z [n, W], standard normal, on the domain's device."""
    random = torch.Generator().manual_seed(seed)
    return torch.randn(n, domain.generator.style_dim, generator=random).to(domain.device)


@torch.no_grad()
def generator_psnr(domain: Domain, n: int = 400) -> float:
    """Mean PSNR in dB of generated pictures to the renders of the same z."""
    values = []
    for z in latents(domain, n, SEED).split(BATCH):
        made = domain.generator(z).clamp(-1, 1)
        values.append(psnr(made, render(factors_from_z(z))))
    return float(torch.cat(values).mean())


class Look(NamedTuple):
    """How crisp pictures are, and how undecided."""

    fine_power: float  # spectral power above half the Nyquist frequency, of renders' own
    half_glasses: float  # share of pictures whose frame is neither there nor absent
    half_glasses_of_renders: float


@torch.no_grad()
def generator_look(domain: Domain, n: int = 400) -> Look:
    """The fine power and the half-drawn glasses of generated pictures beside the same z's renders.

    A frame is half drawn where the oracle reads glasses in the middle half of the range in which
    the renderer fades it in.
    """
    assert domain.read_factors is not None
    margin = (GLASSES_PRESENT - GLASSES_ABSENT) / 4
    power, half = [], []
    for z in latents(domain, n, SEED + 7).split(BATCH):
        both = (domain.generator(z).clamp(-1, 1), render(factors_from_z(z)))
        power.append(torch.stack([_fine_power(pictures) for pictures in both]))
        read = torch.stack([domain.read_factors(p)[:, index("glasses")] for p in both]).cpu()
        half.append((read > GLASSES_ABSENT + margin) & (read < GLASSES_PRESENT - margin))
    made, rendered = torch.stack(power).mean(0).tolist()
    shares = torch.cat(half, dim=1).float().mean(1).tolist()
    return Look(made / rendered, *shares)


def _fine_power(pictures: Tensor) -> Tensor:
    """Mean power of grey pictures [n, 3, h, h] at more than .25 cycles a pixel; a scalar."""
    spectrum = torch.fft.fft2(pictures.mean(1)).abs().square()
    cycles = torch.fft.fftfreq(pictures.shape[-1], device=pictures.device)
    fine = (cycles[:, None].square() + cycles.square()).sqrt() > 0.25
    return spectrum[:, fine].mean()


class Reach(NamedTuple):
    """Mean readings of one factor at its low and its high end."""

    generated: tuple[float, float]
    renders: tuple[float, float]


@torch.no_grad()
def factor_reach(domain: Domain, n: int = 48) -> dict[str, Reach]:
    """What the oracle reads where one coordinate of z goes from -FAR to FAR and nothing else does.

    Of `n` generated pictures, and of the renders that the same z stand for.
    """
    assert domain.read_factors is not None
    reach: dict[str, Reach] = {}
    for k, name in enumerate(FACTORS):
        read: list[tuple[float, float]] = []
        for side in (-FAR, FAR):
            z = latents(domain, n, SEED + 4)
            where = torch.full((n,), k, device=z.device)
            z = at_coordinate(z, where, z.new_full((n,), side))
            both = (domain.generator(z), render(factors_from_z(z)))
            low, high = (float(domain.read_factors(p)[:, k].mean()) for p in both)
            read.append((low, high))
        (made_low, render_low), (made_high, render_high) = read
        reach[name] = Reach((made_low, made_high), (render_low, render_high))
    return reach


class Frechet(NamedTuple):
    """d² of generated pictures to renders, and of two disjoint sets of renders."""

    generated: float
    renders: float


@torch.no_grad()
def generator_frechet(domain: Domain, n: int = 5000) -> dict[str, Frechet]:
    """Fréchet distances under two features: "CLIP embedding" and "oracle" (its last hidden layer).

    `n` samples at truncation 1, against `n` renders of other z; two sets of renders likewise.
    """
    oracle = load_oracle(str(domain.device))
    eyes: dict[str, Callable[[Tensor], Tensor]] = {
        "CLIP embedding": partial(domain.clip.encode_images, drawn=True),
        "oracle": oracle.features,
    }

    def clouds(seed: int, draw: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
        parts: dict[str, list[Tensor]] = {name: [] for name in eyes}
        for z in latents(domain, n, seed).split(BATCH):
            pictures = draw(z)
            for name, look in eyes.items():
                parts[name].append(look(pictures))
        return {name: torch.cat(part) for name, part in parts.items()}

    generated = clouds(SEED + 1, domain.generator)
    first = clouds(SEED + 2, lambda z: render(factors_from_z(z)))
    second = clouds(SEED + 3, lambda z: render(factors_from_z(z)))
    return {
        name: Frechet(
            frechet_distance(generated[name], first[name]),
            frechet_distance(second[name], first[name]),
        )
        for name in eyes
    }


class Retrieval(NamedTuple):
    """R@1 of the right partner, and of a partner that fits: the caption is true of the picture."""

    picture_to_text: float
    text_to_picture: float
    fitting_text: float
    fitting_picture: float


@torch.no_grad()
def clip_retrieval(domain: Domain, n: int = 256, tries: int = 1) -> Retrieval:
    """Among `n` fresh renders, each with one caption: the fullest of `tries` from the grammar.

    One caption in two names a single attribute, which many portraits share, so with `tries` 1
    even a perfect CLIP misses the right partner often; hence the fitting ones beside it.
    """
    factors = sample_factors(n, seed=SEED + 4)
    chosen = [captions_and_names(factors, seed) for seed in range(SEED, SEED + tries)]
    counts = torch.stack([named.sum(1) for _, named in chosen])  # [tries, n]
    best = counts.argmax(0).tolist()
    texts = [chosen[t][0][i] for i, t in enumerate(best)]
    named = torch.stack([chosen[t][1][i] for i, t in enumerate(best)])  # [n, A]
    # fits[i, j]: every attribute that caption j names holds in portrait i
    fits = ~(named[None] & ~truth_table(factors)[:, None]).any(2)
    pictures = domain.clip.encode_images(render(factors.to(domain.device)))
    score = (pictures @ domain.clip.encode_texts(texts).T).cpu()  # [pictures, texts]
    diagonal = torch.arange(n)
    to_text, to_picture = score.argmax(1), score.argmax(0)
    return Retrieval(
        (to_text == diagonal).float().mean().item(),
        (to_picture == diagonal).float().mean().item(),
        fits[diagonal, to_text].float().mean().item(),
        fits[to_picture, diagonal].float().mean().item(),
    )


@torch.no_grad()
def clip_zero_shot(
    clip: ClipSpace, attributes: Sequence[PortraitAttribute], n: int, seed: int = SEED + 5
) -> dict[str, float]:
    """Balanced accuracy a sentence: the prompt and the held-out sentences of each attribute.

    The sentence competes with the prompts of the factor's other attributes, over renders in which
    one of them holds: two choices for ends, as many as there are stops for colours.
    """
    factors, device = sample_factors(n, seed), next(clip.model.parameters()).device
    truth = truth_table(factors)
    pictures = torch.cat(
        [clip.encode_images(render(part.to(device))).cpu() for part in factors.split(BATCH)]
    )
    result = {}
    for row in attributes:
        others = opposites(row)
        has = truth[:, NAMES.index(row.name)]
        lacks = truth[:, [NAMES.index(other.name) for other in others]].any(1) & ~has
        competitors = clip.encode_texts([other.prompt for other in others]).cpu()
        for text in (row.prompt, *row.held_out):
            own = pictures @ clip.encode_texts([text]).cpu()[0]
            chosen = own > (pictures @ competitors.T).max(1).values
            hit, rejected = chosen[has].float().mean(), (~chosen[lacks]).float().mean()
            result[text] = float((hit + rejected) / 2)
    return result


@torch.no_grad()
def oracle_errors(domain: Domain, n: int = 2000) -> dict[str, float]:
    """Mean absolute error a factor on fresh renders, over portraits in which the factor shows."""
    factors = sample_factors(n, seed=SEED + 6)
    assert domain.read_factors is not None  # toyfaces has an oracle
    readings = torch.cat(
        [domain.read_factors(render(f.to(domain.device))).cpu() for f in factors.split(BATCH)]
    )
    error, shown = (seen(readings) - seen(factors)).abs(), visible(factors)
    mean = (error * shown).sum(0) / shown.sum(0)
    return dict(zip(FACTORS, mean.tolist(), strict=True))
