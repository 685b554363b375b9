"""What SIMULATED participants see in a pair of toy portraits: they ask the oracle.

    accuracy   a = 6 · ( |f_second - target| - |f_first - target| )     f: the asked factor
    realism    a = d(second) - d(first), in standard deviations        d: distance to renders

Idea: where the oracle says that the asked factor came nearer to what the sentence wants, a
simulated participant tends to say so too. The oracle knows no realism; as a stand-in, a portrait
looks natural when its features lie near those of portraits that the renderer drew. Both are numbers
about programs: they rehearse an analysis, and say nothing about what people would have seen.

Source: the definitions of this kit; distance to the nearest real samples as a measure of realism:
Kynkäänniemi et al., arXiv:1904.06991, section 3.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.study.items import Item
from deltaedit_kit.labs.study.raters import Advantage
from deltaedit_kit.toyfaces import ATTRIBUTES, FACTORS, read_factors, render, sample_factors
from deltaedit_kit.toyfaces.oracle import load_oracle

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from deltaedit_kit.toyfaces.attribute_row import PortraitAttribute

LOGITS_A_FACTOR = 6.0  # half of a factor's range is seen by 95 of 100
RENDERS, NEIGHBOURS = 256, 5


def oracle_advantage(items: Sequence[Item]) -> Advantage:
    """How much better each first picture is, in logits [items], for both questions.

    They look at the PNG files of the study, as people do. Raises `DeltaEditError` for a sentence
    that is no row of the attribute table, since the oracle would not know what was asked for.
    """
    first = torch.stack([from_png(item.first_png) for item in items])  # [I, 3, H, W]
    second = torch.stack([from_png(item.second_png) for item in items])
    asked = [asked_attribute(item.sentence) for item in items]
    column = torch.tensor([FACTORS.index(a.factor) for a in asked])[:, None]
    target = torch.tensor([a.target for a in asked])
    miss = [
        (read_factors(pictures).gather(1, column)[:, 0] - target).abs()
        for pictures in (first, second)
    ]
    far = _distance_to_renders(torch.cat([first, second]))
    far = (far - far.mean()) / far.std()
    return {
        "accuracy": (LOGITS_A_FACTOR * (miss[1] - miss[0])).double().numpy(),
        "realism": (far[len(items) :] - far[: len(items)]).double().numpy(),
    }


def asked_attribute(sentence: str) -> PortraitAttribute:
    """The row of the attribute table whose plain sentence this is; DeltaEditError if none."""
    for attribute in ATTRIBUTES:
        if attribute.prompt == sentence:
            return attribute
    raise DeltaEditError(
        f"the oracle has no answer for {sentence[:60]!r}; use plain sentences of the attribute "
        f"table, such as {ATTRIBUTES[0].prompt!r}"
    )


def from_png(file: bytes) -> Float[Tensor, "3 H W"]:
    """A PNG file as a picture in [-1, 1]."""
    with Image.open(io.BytesIO(file), formats=["PNG"]) as picture:
        levels = np.asarray(picture.convert("RGB"), dtype=np.float32)  # [H, W, 3]
    return torch.from_numpy(levels / 127.5 - 1.0).movedim(-1, 0)


@torch.no_grad()
def _distance_to_renders(pictures: Float[Tensor, "n 3 H W"]) -> Float[Tensor, "n"]:
    """Mean distance of the oracle's features to those of the nearest renders."""
    oracle = load_oracle()
    renders = oracle.features(render(sample_factors(RENDERS, seed=0)))  # [R, 256]
    distances = torch.cdist(oracle.features(pictures), renders)  # [n, R]
    return distances.topk(NEIGHBOURS, largest=False).values.mean(1)
