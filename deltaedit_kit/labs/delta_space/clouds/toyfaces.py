"""Clouds of the embedded domain, where every caption is true and every change is known.

    factors ~ U ─► render ─► CLIP image ─► i          captions(factors) ─► CLIP text ─► t

`one_attribute_changed` goes beyond what photographs allow: the same portrait twice, one factor
moved, and a caption that says just that: "face with big eyes" → "face with big eyes and glasses".
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.labs.delta_space.clouds.cloud import Cloud, Spaces, difference
from deltaedit_kit.support.pictures import to_uint8
from deltaedit_kit.toyfaces.attribute_row import PortraitAttribute
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES, NAMES, attribute
from deltaedit_kit.toyfaces.captions import captions
from deltaedit_kit.toyfaces.factors import FACTORS, index, sample_factors
from deltaedit_kit.toyfaces.renderer import render

DRAWN, THUMBNAIL = 128, 32  # pixels: what CLIP sees, what a reader hovers over
PICTURES_A_PASS = 64
COLOUR_BY = ("glasses", "smile", "beard", "hair_length", "hair_color", "skin", "age")


def toyfaces_cloud(clip: ClipSpace, n: int = 600, seed: int = 0) -> Cloud:
    """n random portraits, each with one caption of the grammar, embedded by `clip`.

    Coloured by what holds of a factor ("glasses": glasses, no_glasses, between) and by factor
    values. Raises DeltaEditError for n < 1 and a seed outside [0, 2**32).
    """
    factors = sample_factors(n, seed)
    return _cloud(clip, "toyfaces", factors, captions(factors, seed), _colours(factors))


def toyfaces_neutral(clip: ClipSpace) -> Cloud:
    """One row: the portrait in the middle of every factor, called "face"."""
    factors = torch.full((1, len(FACTORS)), 0.5)
    factors[:, index("glasses")] = 0.0  # half of a frame is nothing one can name
    factors[:, index("beard")] = 0.0
    return _cloud(clip, "neutral", factors, ["face"], {})


def one_attribute_changed(
    clip: ClipSpace, n: int = 600, seed: int = 0, attributes: Sequence[str] | None = None
) -> Spaces:
    """n pairs of portraits that differ in one factor, and of captions that differ in its words.

    The raw cloud is "after". Each caption names another attribute, which holds before and after,
    so that many different captions tell of the same change. `attributes` are those that may be
    added (none given: all). Coloured by "attribute" and "factor". Raises DeltaEditError for an
    unknown attribute, and as `toyfaces_cloud`.
    """
    before, added = (
        sample_factors(n, seed),
        [attribute(name) for name in attributes or NAMES],
    )
    rng = random.Random(seed)
    changes = [rng.choice(added) for _ in range(n)]
    kept = [rng.choice([a for a in ATTRIBUTES if a.factor != b.factor]) for b in changes]
    for row, (constant, change) in enumerate(zip(kept, changes, strict=True)):
        # What the change needs in order to be seen comes first: the target itself must win.
        for one in (change, constant):
            for factor, low, high in one.needs:
                before[row, index(factor)] = (low + high) / 2
        before[row, index(constant.factor)] = constant.target
        before[row, index(change.factor)] = _elsewhere(change)
    after = before.clone()
    columns = [index(change.factor) for change in changes]
    after[torch.arange(n), columns] = torch.tensor([change.target for change in changes])
    old = [f"face with {constant.possessions[0]}" for constant in kept]
    new = [f"{text} and {change.possessions[0]}" for text, change in zip(old, changes, strict=True)]
    colours = {
        "attribute": np.array([change.name for change in changes]),
        "factor": np.array([change.factor for change in changes]),
    }
    start = _cloud(clip, "before", before, old, colours)
    end = _cloud(clip, "toyfaces, one attribute", after, new, colours)
    return Spaces(end, difference("one attribute changed", start, end))


@torch.no_grad()
def _cloud(
    clip: ClipSpace,
    name: str,
    factors: Float[Tensor, "n K"],
    texts: Sequence[str],
    colours: dict[str, np.ndarray],
) -> Cloud:
    embedded, small = [], []
    for part in factors.split(PICTURES_A_PASS):
        pictures = render(part, DRAWN)
        embedded.append(clip.encode_images(pictures).cpu())
        small.append(to_uint8(torch.nn.functional.avg_pool2d(pictures, DRAWN // THUMBNAIL)))
    parts = (texts[k : k + PICTURES_A_PASS] for k in range(0, len(texts), PICTURES_A_PASS))
    spoken = torch.cat([clip.encode_texts(list(part)) for part in parts])
    seen, said = torch.cat(embedded).numpy(), spoken.cpu().numpy()
    return Cloud(name, seen, said, tuple(texts), np.concatenate(small), colours)


def _colours(factors: Float[Tensor, "n K"]) -> dict[str, np.ndarray]:
    colours: dict[str, np.ndarray] = {}
    for factor in COLOUR_BY:
        values = factors[:, index(factor)]
        names = np.full(len(factors), "between", dtype="<U24")
        for one in ATTRIBUTES:
            if one.factor == factor:
                names[one.holds(values).numpy()] = one.name
        colours[factor] = names
        colours[f"{factor}, value"] = values.numpy()
    return colours


def _elsewhere(change: PortraitAttribute) -> float:
    """A value of the factor at which the attribute does not hold: the far end from its target."""
    return 1.0 - change.target if change.side != "stop" else (change.target + 0.5) % 1.0
