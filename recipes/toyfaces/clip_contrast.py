"""Stage two of the toyfaces CLIP: captions and pictures meet in one space.

The image tower has learned to see (stage one), so its features are computed once and only its
projection goes on learning, together with the text transformer, against thousands of pictures a
step. The token table stays frozen: words that no caption uses keep their place among those that do.

    L = CE(over pictures) + CE(over captions)                 exact targets, see clip_targets
      + mean_c 1 - cos(t_c - t_neutral, sum_{a in c} D_a / |D_a|)   differences point the same way
      + mean_c log^2 (|t_c - t_neutral| / sqrt(attributes of c) / mean_a |D_a|)    and as far
      + mean_c cos^2(t_c - t_neutral, mean picture)                 and as level
      + mean_ab cos^2(D_a, D_b) + spread of |D_a|                   independent factors, apart, even

with D_a = mean embedding of the pictures that show attribute a, less the mean of all in which one
could tell (a hue is compared among clothes that are not black, or else it would mean "bright" as
well). The second to fourth line are what DeltaEdit will ask of this space: a direction a sentence;
as long as those of pictures are on average, every attribute of it with the same say, so that one
mask threshold does for all; and level, as an edit leads from picture to picture, not to what all of
them share: a cosine of .1 to their mean took half of the edits of age away. The last line keeps one
attribute's edit from pulling at another. All is supervision of CLIP, which is allowed; the mapper
never sees a caption.
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

from deltaedit_kit.atomic import save_tensors
from deltaedit_kit.domains.toyfaces.attributes import ATTRIBUTES
from deltaedit_kit.domains.toyfaces.captions import captions_and_names
from recipes.toyfaces.clip_image_tower import rate, save, shake
from recipes.toyfaces.clip_network import EMBED, OpenClip, image_features, text_embeddings
from recipes.toyfaces.clip_targets import caption_truth, nameable, soft_truth, targets
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
    """Features of `rows` renders as they are and shaken, [2 rows, 192], and their factors."""
    generator = torch.Generator().manual_seed(seed)
    clean, shaken = [], []
    for start in range(0, rows, 128):
        pictures = to_float(np.array(data.pictures[start : min(start + 128, rows)]))
        for kept, batch in ((clean, pictures), (shaken, shake(pictures, generator))):
            with torch.autocast(device, torch.bfloat16):
                kept.append(image_features(network, batch.to(device)).float())
    factors = torch.from_numpy(data.factors[:rows]).to(device)
    return torch.cat(clean + shaken), torch.cat((factors, factors))


def shake_words(
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
    """Unit embeddings of tokenised texts; with a `generator`, the token vectors are shaken."""
    lengths = tokens.argmax(dim=1)
    order = lengths.argsort()
    table = network.token_embedding.weight
    parts = []
    for rows in order.chunk(LENGTHS):
        part = tokens[rows, : int(lengths[rows].max()) + 1]
        vectors = table[part]
        if generator is not None:
            vectors = shake_words(vectors, table, generator)
        parts.append(text_embeddings(network, part, vectors))
    unsorted = torch.empty(len(tokens), EMBED, device=tokens.device)
    unsorted = unsorted.index_copy(0, order, torch.cat(parts))
    return nn.functional.normalize(unsorted, dim=-1)


def different_factors(device: str) -> Float[Tensor, "A A"]:
    """1 where two attributes belong to different factors, else 0."""
    names = [a.factor for a in ATTRIBUTES]
    return torch.tensor([[float(a != b) for b in names] for a in names], device=device)


def losses(
    texts: Float[Tensor, "c E"],
    neutral: Float[Tensor, "m E"],
    images: Float[Tensor, "n E"],
    named: Tensor,
    degrees: Float[Tensor, "n A"],
    tellable: Float[Tensor, "n A"],
    scale: Tensor,
    apart: Float[Tensor, "A A"],
) -> dict[str, Tensor]:
    """The terms of L, each a scalar, for unit `texts` and `images`."""
    truth = caption_truth(named, degrees)
    over_pictures, over_captions = targets(truth)
    logits = scale * texts @ images.T
    find_picture = -(over_pictures * logits.log_softmax(dim=1)).sum(1).mean()
    find_caption = -(over_captions * logits.T.log_softmax(dim=1)).sum(1).mean()
    with torch.no_grad():  # what softmax could reach at best, so that 0 is perfect
        best = [-(t * (t + 1e-12).log()).sum(1).mean() for t in (over_pictures, over_captions)]

    held, base = (part / part.sum(0) for part in (degrees, tellable))
    rest = 1 - degrees.sum(0) / tellable.sum(0)
    moves = (held - base).T @ images / rest[:, None]
    length = moves.norm(dim=1)
    directions = moves / length[:, None]

    spoken = named.any(1)
    said = (texts - neutral.mean(0))[spoken]
    asked = named[spoken].float() @ directions.detach()
    along = 1 - nn.functional.cosine_similarity(said, asked, dim=1).mean()
    towards_mean = nn.functional.cosine_similarity(said, images.detach().mean(0)[None], dim=1)
    reach = said.norm(dim=1) / named[spoken].sum(1).sqrt()
    still = (neutral - neutral.mean(0)).square().sum(1).mean()
    return {
        "pictures": find_picture - best[0],
        "captions": find_caption - best[1],
        "along": along,
        "reach": (reach / length.detach().mean()).log().square().mean(),
        "level": towards_mean.square().mean(),
        "still": still,
        "apart": ((directions @ directions.T).square() * apart).sum() / apart.sum(),
        "even": length.log().var(),
    }


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

    `cycles` are (steps, peak rate); after the first one the projection rests too, so that the texts
    settle against pictures that no longer move. With `pictures_rest` it never moves.
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
    apart = different_factors(device)
    clock = time.perf_counter()
    steps = sum(length for length, _ in cycles)
    for step in range(start, steps):
        network.visual.proj.requires_grad_(step < cycles[0][0] and not pictures_rest)
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        index = torch.randint(len(features), (PICTURES,), generator=generator).to(device)
        texts, named = captions_and_names(factors[index[:CAPTIONS]].cpu(), seed + step)
        tokens = torch.cat((tokenize(texts).to(device), neutral))
        for group in optimizer.param_groups:
            group["lr"] = rate(step, cycles)
        with torch.autocast(device, torch.bfloat16):
            embedded = embed_texts(network, tokens, generator)
        images = nn.functional.normalize(features[index] @ network.visual.proj, dim=-1)
        terms = losses(
            embedded[:CAPTIONS],
            embedded[CAPTIONS:],
            images,
            named.to(device),
            degrees[index],
            tellable[index],
            network.logit_scale.exp(),
            apart,
        )
        loss = torch.stack([WEIGHTS[name] * term for name, term in terms.items()]).sum()
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
