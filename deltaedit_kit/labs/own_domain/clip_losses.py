"""What the texts of a small CLIP are asked for: a place among pictures, and differences.

    L = CE(over pictures) + CE(over captions)                 exact targets, see below
      + mean_c 1 - cos(t_c - t_neutral, sum_{a in c} D_a / |D_a|)   differences point the same way
      + mean_c log^2 (|t_c - t_neutral| / sqrt(attributes of c) / mean_a |D_a|)    and as far
      + mean_c (cos(t_c - t_neutral, mean picture) - LEVEL)^2       and as level (plain captions)
      + mean_ab cos^2(D_a, D_b) + spread of |D_a|                   independent factors, apart, even

with D_a = mean embedding of the pictures that show attribute a, less the mean of all in which one
could tell (a hue is compared among clothes that are not black, or else it would mean "bright" as
well). The second to fourth line are what DeltaEdit will ask of this space: a direction a sentence;
as long as those of pictures are on average, every attribute of it with the same say, so that one
threshold suits all; and level, as an edit leads from picture to picture, not to what all of
them share: where it leans towards their mean, edits fall short; where a little away from it, they
reach further than a larger strength takes them. The last line keeps one attribute's edit from
pulling at another.

Contrastive training calls every other pair of a batch a mismatch, but "a face with glasses" is
true of half of it. Where factors are known, truth is too. InfoNCE's optimum is the log of
p(caption | picture) / p(caption); with T[c, i] in [0, 1] the degree to which caption c holds for
picture i, its two targets are, exactly rather than by sampling,

    over pictures, for a caption:  T[c, i] / sum_i T[c, i]
    over captions, for a picture:  T[c, i] / prevalence_c, normalised over c
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

FLOOR = 1e-4  # of a degree, so that its logarithm exists
LEVEL = -0.12  # cosine of a direction to what all pictures share
WEIGHTS = {
    "pictures": 1.0,
    "captions": 1.0,
    "along": 3.0,
    "reach": 1.0,
    "level": 10.0,
    "still": 1.0,
    "apart": 20.0,
    "even": 0.2,
}


def weighted(terms: dict[str, Tensor]) -> Tensor:
    """The sum of the terms, each with its weight."""
    return torch.stack([WEIGHTS[name] * term for name, term in terms.items()]).sum()


def different_factors(factors: Sequence[str], device: str) -> Float[Tensor, "A A"]:
    """1 where two attributes belong to different factors, else 0; `factors` of each attribute."""
    return torch.tensor([[float(a != b) for b in factors] for a in factors], device=device)


def caption_truth(
    named: Bool[Tensor, "c A"], degrees: Float[Tensor, "n A"]
) -> Float[Tensor, "c n"]:
    """T[c, i]: the product, over the attributes that caption c names, of their degrees in i."""
    return (named.float() @ degrees.clamp(min=FLOOR).log().T).exp()


def targets(truth: Float[Tensor, "c n"]) -> tuple[Float[Tensor, "c n"], Float[Tensor, "n c"]]:
    """The two target distributions: over pictures for a caption, over captions for a picture."""
    over_pictures = truth / truth.sum(dim=1, keepdim=True)
    ratio = (truth / truth.mean(dim=1, keepdim=True)).T
    return over_pictures, ratio / ratio.sum(dim=1, keepdim=True)


def matching(
    texts: Float[Tensor, "c E"],
    images: Float[Tensor, "n E"],
    truth: Float[Tensor, "c n"],
    scale: Tensor,
) -> dict[str, Tensor]:
    """The first line of L for unit `texts` and `images`; 0 where softmax can do no better."""
    over_pictures, over_captions = targets(truth)
    logits = scale * texts @ images.T
    find_picture = -(over_pictures * logits.log_softmax(dim=1)).sum(1).mean()
    find_caption = -(over_captions * logits.T.log_softmax(dim=1)).sum(1).mean()
    with torch.no_grad():
        best = [-(t * (t + 1e-12).log()).sum(1).mean() for t in (over_pictures, over_captions)]
    return {"pictures": find_picture - best[0], "captions": find_caption - best[1]}


def moves(
    images: Float[Tensor, "n E"], degrees: Float[Tensor, "n A"], tellable: Float[Tensor, "n A"]
) -> Float[Tensor, "A E"]:
    """D: where pictures lie that show an attribute, seen from all in which one could tell."""
    held, base = (part / part.sum(0) for part in (degrees, tellable))
    rest = 1 - degrees.sum(0) / tellable.sum(0)
    return (held - base).T @ images / rest[:, None]


def pointing(
    texts: Float[Tensor, "c E"],
    neutral: Float[Tensor, "m E"],
    named: Bool[Tensor, "c A"],
    moved: Float[Tensor, "A E"],
) -> dict[str, Tensor]:
    """The second and third line of L, and that neutral captions are one; D is taken as given."""
    moved, spoken = moved.detach(), named.any(1)
    said = (texts - neutral.mean(0))[spoken]
    asked = named[spoken].float() @ F.normalize(moved, dim=1)
    reach = said.norm(dim=1) / named[spoken].sum(1).sqrt() / moved.norm(dim=1).mean()
    return {
        "along": 1 - F.cosine_similarity(said, asked, dim=1).mean(),
        "reach": reach.log().square().mean(),
        "still": (neutral - neutral.mean(0)).square().sum(1).mean(),
    }


def levelling(
    texts: Float[Tensor, "c E"],
    neutral: Float[Tensor, "m E"],
    named: Bool[Tensor, "c A"],
    images: Float[Tensor, "n E"],
) -> dict[str, Tensor]:
    """The fourth line of L; the mean of the pictures is taken as given."""
    said = (texts - neutral.mean(0))[named.any(1)]
    level = F.cosine_similarity(said, images.detach().mean(0)[None], dim=1)
    return {"level": (level - LEVEL).square().mean()}


def spreading(moved: Float[Tensor, "A E"], apart: Float[Tensor, "A A"]) -> dict[str, Tensor]:
    """The last line of L; `apart` [A, A] is 1 for attributes of different factors."""
    length = moved.norm(dim=1)
    directions = moved / length[:, None]
    return {
        "apart": ((directions @ directions.T).square() * apart).sum() / apart.sum(),
        "even": length.log().var(),
    }


def losses(
    texts: Float[Tensor, "c E"],
    neutral: Float[Tensor, "m E"],
    images: Float[Tensor, "n E"],
    named: Bool[Tensor, "c A"],
    degrees: Float[Tensor, "n A"],
    tellable: Float[Tensor, "n A"],
    scale: Tensor,
    apart: Float[Tensor, "A A"],
) -> dict[str, Tensor]:
    """All terms of L but the fourth line, each a scalar, for unit `texts` and `images`."""
    moved = moves(images, degrees, tellable)
    return {
        **matching(texts, images, caption_truth(named, degrees), scale),
        **pointing(texts, neutral, named, moved),
        **spreading(moved, apart),
    }
