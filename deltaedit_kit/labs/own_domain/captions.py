"""What one could say, truthfully, of a picture with known factors: phrases put into one another.

    "{} with a wide cap" of "red {}" of "mushroom"   ->   "red mushroom with a wide cap"

An end holds for a picture to a degree that ramps through the nameless middle of its factor.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from deltaedit_kit.domain.spec import DomainSpec
from deltaedit_kit.io.factor_oracle import HIGH, LOW

COUNTS = (1, 1, 1, 2, 2, 3)  # ends that a caption names
FRAMES = ("{}", "a {}", "a picture of a {}")


def degrees(factors: Float[Tensor, "n K"]) -> Float[Tensor, "n A"]:
    """Degree in [0, 1] to which each end holds; low and high of the first factor, and so on."""
    high = ((factors - LOW) / (HIGH - LOW)).clamp(0, 1)
    return torch.stack((1 - high, high), dim=2).flatten(1)


def caption(neutral: str, phrases: Sequence[str], frame: str = "{}") -> str:
    """All phrases said of the neutral word; those that go behind it first, then adjectives."""
    text = neutral
    for phrase in sorted(phrases, key=lambda phrase: not phrase.startswith("{}")):
        text = phrase.replace("{}", text)
    return frame.replace("{}", text)


def draw_captions(
    spec: DomainSpec, factors: Float[Tensor, "m K"], n: int, seed: int
) -> tuple[list[str], Bool[Tensor, "n A"]]:
    """n captions that hold for one of the pictures each, and the ends that they name."""
    says = [end.says for factor in spec.factors for end in factor.ends]
    true = (degrees(factors) == 1).tolist()
    choose = random.Random(seed)
    texts: list[str] = []
    named = torch.zeros(n, len(says), dtype=torch.bool)
    for row in range(n):
        holding = [k for k, holds in enumerate(true[choose.randrange(len(true))]) if holds]
        ends = choose.sample(holding, min(choose.choice(COUNTS), len(holding)))
        phrases = [choose.choice(says[end]) for end in ends]
        texts.append(caption(spec.neutral, phrases, choose.choice(FRAMES)))
        named[row, ends] = True
    return texts, named


def neutral_captions(spec: DomainSpec) -> list[str]:
    """What holds for every picture."""
    return [frame.replace("{}", spec.neutral) for frame in FRAMES]
