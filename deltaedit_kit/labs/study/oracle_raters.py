"""What SIMULATED participants see in a pair of pictures: they ask the domain's oracle.

    accuracy   a = 6 · ( |f_second - target| - |f_first - target| )     f: the asked factor
    realism    a = d(second) - d(first), in standard deviations        d: distance to renders

Idea: where the oracle says that the asked factor came nearer to what the sentence wants, a
simulated participant tends to say so too. The oracle knows no realism; as a stand-in, a portrait
looks natural when its features lie near those of portraits that the renderer drew; on a domain of
one's own, when CLIP sees it near unedited pictures. Both are numbers about programs: they rehearse
an analysis, and say nothing about what people would have seen.

Source: the definitions of this kit; distance to the nearest real samples as a measure of realism:
Kynkäänniemi et al., arXiv:1904.06991, section 3.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import torch
from PIL import Image

from deltaedit_kit.labs.photo.photos import to_tensor
from deltaedit_kit.labs.study.items import Item
from deltaedit_kit.labs.study.raters import Advantage
from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from deltaedit_kit.domain import Domain
    from deltaedit_kit.domain.oracle import Attribute, Oracle

LOGITS_A_FACTOR = 6.0  # half of a factor's range is seen by 95 of 100
SAMPLES, NEAREST = 256, 5  # that a picture is compared with; of those


@runtime_checkable
class KnowsRenders(Protocol):
    """An oracle whose domain has a renderer at hand: toyfaces'."""

    def features(self, pictures: Float[Tensor, "n 3 H W"]) -> Float[Tensor, "n F"]:
        """What it sees of pictures."""
        ...

    def renders(self, n: int) -> Float[Tensor, "n 3 H W"]:
        """Pictures that the renderer drew."""
        ...


def oracle_advantage(items: Sequence[Item], domain: Domain) -> Advantage:
    """How much better each first picture is, in logits [items], for both questions.

    They look at the PNG files of the study, as people do. Raises `DeltaEditError` for a sentence
    that is no attribute's prompt, since the oracle would not know what was asked for, and for a
    domain without oracle.
    """
    oracle = oracle_of(domain)
    first = torch.stack([from_png(item.first_png) for item in items])  # [I, 3, H, W]
    second = torch.stack([from_png(item.second_png) for item in items])
    asked = [asked_attribute(item.sentence, oracle) for item in items]
    column = torch.tensor([oracle.factors.index(a.factor) for a in asked])[:, None]
    target = torch.tensor([a.target for a in asked])
    miss = [
        (oracle.read(pictures).cpu().gather(1, column)[:, 0] - target).abs()
        for pictures in (first, second)
    ]
    both = torch.cat([first, second])
    far = distances(both, domain)
    far = (far - far.mean()) / far.std()
    return {
        "accuracy": (LOGITS_A_FACTOR * (miss[1] - miss[0])).double().numpy(),
        "realism": (far[len(items) :] - far[: len(items)]).double().numpy(),
    }


def oracle_of(domain: Domain) -> Oracle:
    """The domain's oracle; DeltaEditError for a domain without one."""
    if domain.oracle is None:
        raise DeltaEditError(
            f"domain {domain.spec.name!r} has no oracle, which simulated participants need; "
            'use load_domain("toyfaces")'
        )
    return domain.oracle


def asked_attribute(sentence: str, oracle: Oracle) -> Attribute:
    """The attribute whose plain sentence this is; DeltaEditError if none."""
    rows = list(oracle.attributes.values())
    for attribute in rows:
        if attribute.prompt == sentence:
            return attribute
    raise DeltaEditError(
        f"the oracle has no answer for {sentence[:60]!r}; use plain sentences of the attribute "
        f"table, such as {rows[0].prompt!r}"
    )


def from_png(file: bytes) -> Float[Tensor, "3 H W"]:
    """A PNG file as a picture in [-1, 1]."""
    with Image.open(io.BytesIO(file), formats=["PNG"]) as picture:
        return to_tensor(picture.convert("RGB"))


@torch.no_grad()
def distances(pictures: Float[Tensor, "n 3 H W"], domain: Domain) -> Float[Tensor, " n"]:
    """Mean distance to the nearest of real pictures: renders, as the oracle sees them, or samples
    of the domain, as CLIP does.
    """
    oracle = domain.oracle
    if isinstance(oracle, KnowsRenders):
        seen, known = oracle.features(pictures), oracle.features(oracle.renders(SAMPLES))
    else:
        seen = domain.clip.encode_images(pictures.to(domain.device)).cpu()
        known = domain.sample(SAMPLES, seed=0).clip.cpu()
    return torch.cdist(seen, known).topk(NEAREST, largest=False).values.mean(1)
