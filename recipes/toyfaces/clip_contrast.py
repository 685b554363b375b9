"""Stage two of the toyfaces CLIP: captions and pictures meet in one space.

The image tower has learned to see (stage one), so its features are computed once and only its
projection goes on learning, together with the text transformer, against thousands of pictures a
step. The token table stays frozen: words that no caption uses keep their place among those that do.

The loss is that of `clip_losses`. Word vectors of captions are perturbed, so that words that nobody
taught find their place too. In the last cycle, what differences must be is asked of plain captions
as well, as these are what an editor is given. All is supervision of CLIP, which is allowed; the
mapper never sees a caption.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from deltaedit_kit.clip_network import ClipNetwork, TextTower
from deltaedit_kit.clip_tokenizer import tokenize
from deltaedit_kit.labs.own_domain.clip_losses import (
    different_factors,
    levelling,
    losses,
    moves,
    pointing,
    weighted,
)
from deltaedit_kit.labs.own_domain.loop import descend
from deltaedit_kit.labs.progress import Progress
from deltaedit_kit.support.device import computing
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES
from deltaedit_kit.toyfaces.captions import captions_and_names
from recipes.toyfaces.clip_image_tower import cycles_of
from recipes.toyfaces.clip_targets import nameable, soft_truth

NEUTRAL = ("face", "a face", "person", "a portrait", "a photo of a face", "a man", "a woman")
PICTURES, CAPTIONS = 3072, 320  # a step
TOKEN_NOISE = 0.5  # of a token vector's length: neighbours of a word must mean the same
MIXED = 0.4  # share of tokens that lean towards some other word of the vocabulary
LEAN = 0.4  # smallest cosine that such a token keeps to itself
LENGTHS = 4  # groups of captions of like length, so that little padding is computed


def perturb_words(
    vectors: Float[Tensor, "n L W"], table: Float[Tensor, "V W"], generator: torch.Generator
) -> Float[Tensor, "n L W"]:
    """`vectors` as words that nobody taught might have them: noisy, some leaning elsewhere.

    A synonym is seldom nearer to its word than a cosine of .6, and what lies between the two is
    meaning too. So noise is not enough: some tokens turn towards a random entry of the `table`, by
    an angle that leaves them a cosine between `LEAN` and 1 to themselves, and keep their length.
    """
    shape, device = vectors.shape[:2], vectors.device
    length = vectors.norm(dim=-1, keepdim=True)
    other = table[torch.randint(len(table), shape, generator=generator).to(device)]
    other = nn.functional.normalize(other, dim=-1) * length
    cosine = LEAN + (1 - LEAN) * torch.rand((*shape, 1), generator=generator).to(device)
    chosen = torch.rand((*shape, 1), generator=generator).to(device) < MIXED
    cosine = torch.where(chosen, cosine, 1.0)
    noise = torch.randn(vectors.shape, generator=generator).to(device)
    noise = TOKEN_NOISE * length / math.sqrt(vectors.shape[-1]) * noise
    return cosine * vectors + (1 - cosine.square()).sqrt() * other + noise


def embed_texts(
    network: TextTower, tokens: Int[Tensor, "n L"], perturbing: torch.Generator | None = None
) -> Float[Tensor, "n E"]:
    """Unit embeddings of tokenised texts; with `perturbing`, the token vectors are perturbed."""

    def perturb(table: nn.Embedding, _: object, vectors: Tensor) -> Tensor:
        return vectors if perturbing is None else perturb_words(vectors, table.weight, perturbing)

    lengths = tokens.argmax(dim=1)
    order = lengths.argsort()
    hook = network.token_embedding.register_forward_hook(perturb)
    parts = [
        network.encode_text(tokens[rows, : int(lengths[rows].max()) + 1])
        for rows in order.chunk(LENGTHS)
    ]
    hook.remove()
    return nn.functional.normalize(torch.cat(parts).float()[order.argsort()], dim=-1)


def train_contrast(
    network: ClipNetwork,
    features: Float[Tensor, "m W"],
    factors: Float[Tensor, "m K"],
    folder: Path,
    cycles: Sequence[tuple[int, float]],
    seed: int,
    pictures_rest: bool = False,
) -> None:
    """Train projection and texts on the `features` of pictures; goes on from `folder`.

    `cycles` are (steps, peak rate). After the first one the projection rests too, so that the texts
    settle against pictures that no longer move; with `pictures_rest` it never moves. In the last
    one differences are asked of plain captions too.
    """
    device, schedule = features.device, cycles_of(cycles)
    degrees, tellable = soft_truth(factors), nameable(factors)
    network.visual.requires_grad_(False)
    network.token_embedding.weight.requires_grad_(False)
    projection = network.visual.proj.requires_grad_(True)
    neutral = tokenize(list(NEUTRAL)).to(device)
    apart = different_factors([a.factor for a in ATTRIBUTES], str(device))
    progress = Progress("contrast")

    def loss_at(step: int) -> Tensor:
        cycle, _ = schedule.at(step)
        projection.requires_grad_(cycle == 0 and not pictures_rest)
        with torch.no_grad():
            network.logit_scale.clamp_(max=math.log(100))
        seeded = torch.Generator().manual_seed(seed * 1_000_003 + step)
        index = torch.randint(len(features), (PICTURES,), generator=seeded).to(device)
        texts, named = captions_and_names(factors[index[:CAPTIONS]].cpu(), seed + step)
        tokens = torch.cat((tokenize(texts).to(device), neutral))
        images = nn.functional.normalize(features[index] @ projection, dim=-1)
        named, known = named.to(device), (degrees[index], tellable[index])
        with computing(device, gradients=True):
            said, none = embed_texts(network, tokens, seeded).split((CAPTIONS, len(NEUTRAL)))
        terms = losses(said, none, images, named, *known, network.logit_scale.exp(), apart)
        loss = weighted(terms)
        if cycle == len(cycles) - 1:
            with computing(device, gradients=True):
                said, none = embed_texts(network, tokens).split((CAPTIONS, len(NEUTRAL)))
            terms = pointing(said, none, named, moves(images, *known))
            terms |= levelling(said, none, named, images)
            loss = loss + weighted(terms)
        progress.note(**{name: term.item() for name, term in terms.items()})
        return loss

    learning = [x for x in network.parameters() if x.requires_grad]
    adam = [torch.optim.AdamW(learning, betas=(0.9, 0.98), weight_decay=0.01)]
    state = folder / "contrast.safetensors"
    descend(network, loss_at, schedule, state, "toyfaces-clip-texts", progress, adam)
