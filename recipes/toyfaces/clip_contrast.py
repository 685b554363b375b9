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
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from safetensors.torch import load_file
from torch import Tensor, nn

from deltaedit_kit.labs.own_domain.augmentation import augment
from deltaedit_kit.labs.own_domain.clip_losses import (
    different_factors,
    levelling,
    losses,
    moves,
    pointing,
    weighted,
)
from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.support.device import computing
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES
from deltaedit_kit.toyfaces.captions import captions_and_names
from recipes.toyfaces.clip_image_tower import rate, save
from recipes.toyfaces.clip_network import EMBED, OpenClip, image_features, text_embeddings
from recipes.toyfaces.clip_targets import nameable, soft_truth
from recipes.toyfaces.renders import Renders, to_float

NEUTRAL = ("face", "a face", "person", "a portrait", "a photo of a face", "a man", "a woman")
PICTURES, CAPTIONS = 3072, 320  # a step
TOKEN_NOISE = 0.5  # of a token vector's length: neighbours of a word must mean the same
MIXED = 0.4  # share of tokens that lean towards some other word of the vocabulary
LEAN = 0.4  # smallest cosine that such a token keeps to itself
LENGTHS = 4  # groups of captions of like length, so that little padding is computed


@torch.no_grad()
def cache_features(
    network: OpenClip, data: Renders, rows: int, seed: int, device: str
) -> tuple[Float[Tensor, "m W"], Float[Tensor, "m K"]]:
    """Features of `rows` renders as they are and augmented, [2 rows, 192], and their factors."""
    generator = torch.Generator().manual_seed(seed)
    clean, augmented = [], []
    for start in range(0, rows, 128):
        pictures = to_float(np.array(data.pictures[start : min(start + 128, rows)]))
        for kept, batch in ((clean, pictures), (augmented, augment(pictures, generator))):
            with computing(device, gradients=True):
                kept.append(image_features(network, batch.to(device)).float())
    factors = torch.from_numpy(data.factors[:rows]).to(device)
    return torch.cat(clean + augmented), torch.cat((factors, factors))


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
    network: OpenClip,
    tokens: Int[Tensor, "n L"],
    generator: torch.Generator | None = None,
) -> Float[Tensor, "n E"]:
    """Unit embeddings of tokenised texts; with a `generator`, the token vectors are perturbed."""
    lengths = tokens.argmax(dim=1)
    order = lengths.argsort()
    table = network.token_embedding.weight
    parts = []
    for rows in order.chunk(LENGTHS):
        part = tokens[rows, : int(lengths[rows].max()) + 1]
        vectors = table[part]
        if generator is not None:
            vectors = perturb_words(vectors, table, generator)
        parts.append(text_embeddings(network, part, vectors))
    unsorted = torch.empty(len(tokens), EMBED, device=tokens.device)
    unsorted = unsorted.index_copy(0, order, torch.cat(parts))
    return nn.functional.normalize(unsorted, dim=-1)


def train_contrast(
    network: OpenClip,
    data: Renders,
    folder: Path,
    cycles: Sequence[tuple[int, float]],
    rows: int,
    seed: int,
    device: str,
    pictures_rest: bool = False,
) -> OpenClip:
    """`network` with projection and texts trained; goes on from `folder` after a kill.

    `cycles` are (steps, peak rate). After the first one the projection rests too, so that the texts
    settle against pictures that no longer move; with `pictures_rest` it never moves. In the last
    one differences are asked of plain captions too.
    """
    from open_clip.tokenizer import tokenize

    clock = time.perf_counter()
    kept_features = folder / "features.safetensors"
    if not kept_features.exists():
        made, of = cache_features(network, data, rows, seed, device)
        save_tensors(kept_features, {"features": made, "factors": of})
    cached = load_file(kept_features, device=device)
    features, factors = cached["features"], cached["factors"]
    degrees, tellable = soft_truth(factors), nameable(factors)
    print(
        f"features of {len(features)} pictures in {time.perf_counter() - clock:.0f} s", flush=True
    )
    network.token_embedding.weight.requires_grad_(False)
    image_names = [n for n, _ in network.named_parameters() if n.startswith("visual.")]
    frozen = {n for n in image_names if n != "visual.proj"} | {"token_embedding.weight"}
    learning = {n: p for n, p in network.named_parameters() if n not in frozen}
    optimizer = torch.optim.AdamW(
        learning.values(), lr=cycles[0][1], betas=(0.9, 0.98), weight_decay=0.01
    )
    state, start = folder / "contrast.pt", 0
    if state.exists():
        kept = torch.load(state, weights_only=True, map_location=device)
        network.load_state_dict(kept["learning"], strict=False)
        optimizer.load_state_dict(kept["optimizer"])
        start = kept["step"]
    neutral = tokenize(list(NEUTRAL)).to(device)
    apart = different_factors([a.factor for a in ATTRIBUTES], device)
    clock = time.perf_counter()
    steps = sum(length for length, _ in cycles)
    last = steps - cycles[-1][0]
    for step in range(start, steps):
        network.visual.proj.requires_grad_(step < cycles[0][0] and not pictures_rest)
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        index = torch.randint(len(features), (PICTURES,), generator=generator).to(device)
        texts, named = captions_and_names(factors[index[:CAPTIONS]].cpu(), seed + step)
        tokens = torch.cat((tokenize(texts).to(device), neutral))
        for group in optimizer.param_groups:
            group["lr"] = rate(step, cycles)
        with computing(device, gradients=True):
            embedded = embed_texts(network, tokens, generator)
            plain = embed_texts(network, tokens) if step >= last else None
        images = nn.functional.normalize(features[index] @ network.visual.proj, dim=-1)
        named, known = named.to(device), (degrees[index], tellable[index])
        scale = network.logit_scale.exp()
        texts, none = embedded.split((CAPTIONS, len(NEUTRAL)))
        terms = losses(texts, none, images, named, *known, scale, apart)
        loss = weighted(terms)
        if plain is not None:
            texts, none = plain.split((CAPTIONS, len(NEUTRAL)))
            terms = pointing(texts, none, named, moves(images, *known))
            terms |= levelling(texts, none, named, images)
            loss = loss + weighted(terms)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(list(learning.values()), 1.0)
        optimizer.step()
        with torch.no_grad():
            network.logit_scale.clamp_(max=math.log(100))
        if step % 25 == 0:
            shown = ", ".join(f"{name} {float(term.detach()):.3f}" for name, term in terms.items())
            pace = (time.perf_counter() - clock) / (step + 1 - start)
            print(f"contrast {step}/{steps}: {shown}; {pace:.2f} s a step", flush=True)
        if step % 100 == 99 or step == steps - 1:
            save(
                {
                    "learning": {n: p.detach() for n, p in learning.items()},
                    "optimizer": optimizer.state_dict(),
                    "step": step + 1,
                },
                state,
            )
    return network
