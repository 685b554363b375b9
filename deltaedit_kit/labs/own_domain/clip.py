"""The domain's CLIP: two small towers, first one that sees, then both in one space.

    image    the image tower reads the factors off augmented renders, through a head that is dropped
    text     its features rest; projection and text tower meet on captions, by `clip_losses`

Contrastive training from scratch learns colours and then stalls: captions are a thin signal. All of
this supervision concerns CLIP; the mapper sees no text and no factor. Only words that a caption has
get a vector, the others are zero: they say nothing, and an edit by them is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from deltaedit_kit.clip_network import HEAD, ClipNetwork, ClipSizes, ImageTower
from deltaedit_kit.clip_tokenizer import tokenize
from deltaedit_kit.labs.own_domain.augmentation import augment
from deltaedit_kit.labs.own_domain.captions import degrees, draw_captions, neutral_captions
from deltaedit_kit.labs.own_domain.clip_losses import different_factors, levelling, losses, weighted
from deltaedit_kit.labs.own_domain.context import BuildContext
from deltaedit_kit.labs.own_domain.loop import descend
from deltaedit_kit.labs.own_domain.world import World
from deltaedit_kit.support.atomic import save_tensors

PATCH, CONTEXT, VOCABULARY, TEXT_WIDTH, TEXT_LAYERS = 8, 77, 49408, 64, 2
BATCH, REACH = 32, 1
PATCHED = 500  # renders whose patches are looked at
PICTURES, CAPTIONS = 768, 96  # a step of the text tower
SEED = 2_000_003


def make_clip(context: BuildContext) -> None:
    """Train both stages, write clip.safetensors in OpenAI's layout."""
    world, spec, sizes = context.world(), context.project.spec, context.sizes
    phrases = [text for factor in spec.factors for end in factor.ends for text in end.says]
    known = torch.unique(tokenize([*phrases, *neutral_captions(spec)]))  # 0, the padding, is there
    shape = ClipSizes(
        embed=sizes.embed,
        side=spec.resolution,
        patch=PATCH,
        image_width=sizes.clip_width,
        image_layers=sizes.clip_layers,
        context=CONTEXT,
        words=len(known),
        text_width=TEXT_WIDTH,
        text_layers=TEXT_LAYERS,
        image_heads=sizes.clip_width // HEAD,
        text_heads=TEXT_WIDTH // HEAD,
    )
    torch.manual_seed(0)
    network = ClipNetwork(shape)
    with without_projection(network.visual):
        train_image_tower(context, network, world)
        seeded = torch.Generator().manual_seed(SEED)
        seen = features(network.visual, world, world.rows, seeded, REACH)
    train_text_tower(context, network, *seen, known)
    save_tensors(context.file("clip"), whole(network, known), context.header)


def whole(network: ClipNetwork, known: Int[Tensor, " v"]) -> dict[str, Tensor]:
    """The state dict in float16, with a row for each of OpenAI's words, zero for unknown ones."""
    tensors = network.state_dict()
    table = torch.zeros(VOCABULARY, TEXT_WIDTH)
    table[known] = tensors["token_embedding.weight"].cpu()
    tensors["token_embedding.weight"] = table
    return {key: value.half() for key, value in tensors.items()}


@contextmanager
def without_projection(visual: ImageTower) -> Iterator[None]:
    """Where the tower gives its features; its projection is back afterwards."""
    projection = visual.proj
    visual.proj = nn.Parameter(torch.eye(len(projection)).to(projection), requires_grad=False)
    yield
    visual.proj = nn.Parameter(projection.detach().to(visual.proj.device))


@torch.no_grad()
def principal_patches(visual: ImageTower, pictures: Float[Tensor, "n 3 h w"]) -> None:
    """Set the first layer to the principal components of patches, component k divided by σ_k^½.

    A vision transformer spends its first thousands of steps on finding out what patches look like.
    Halfway to whitening, fine detail is heard without drowning in noise. Positions and class start
    large enough to be told apart.
    """
    width, _, patch, _ = visual.conv1.weight.shape
    rows = F.unfold(pictures, patch, stride=patch).transpose(1, 2).flatten(0, 1)
    rows = rows - rows.mean(0)
    variance, axes = torch.linalg.eigh(torch.cov(rows.T))
    variance, axes = variance.flip(0)[:width], axes.flip(1)[:, :width]
    weight = (axes / variance.clamp(min=1e-6).pow(0.25)).T
    weight /= (rows @ weight.T).std()
    visual.conv1.weight.copy_(weight.reshape(visual.conv1.weight.shape))
    visual.positional_embedding.normal_(std=0.3)
    visual.class_embedding.normal_(std=0.3)


def reader_of(visual: ImageTower, world: World, outputs: int) -> nn.Sequential:
    """The tower, which begins with what patches of renders look like, and a head to be dropped."""
    principal_patches(visual, world.at(slice(0, PATCHED)))
    return nn.Sequential(visual, nn.Linear(len(visual.proj), outputs))


def train_image_tower(context: BuildContext, network: ClipNetwork, world: World) -> None:
    """Stage one: the image tower, without its projection, and the head."""
    reader = reader_of(network.visual, world, context.factors).to(context.device)

    def loss_at(step: int) -> Tensor:
        seeded = torch.Generator().manual_seed(SEED + step)
        rows = torch.randint(world.rows, (BATCH,), generator=seeded)
        pictures = augment(world.at(rows), seeded, REACH).to(context.device)
        error = reader(pictures) - (world.factors[rows].to(context.device) - 0.5) * math.sqrt(12)
        return error.square().mean()

    schedule = context.sizes.image_schedule
    descend(
        reader,
        loss_at,
        schedule,
        context.state("clip-image"),
        context.fingerprint,
        context.progress,
    )


@torch.no_grad()
def features(
    visual: ImageTower, world: World, n: int, seeded: torch.Generator, reach: int
) -> tuple[Float[Tensor, "2n W"], Float[Tensor, "2n K"]]:
    """What the tower sees of n renders, as they are and augmented, and their factors."""
    device, made = visual.proj.device, ([], [])
    for rows in torch.arange(n).split(128):
        pictures = world.at(rows)
        for kept, batch in zip(made, (pictures, augment(pictures, seeded, reach)), strict=True):
            kept.append(visual(batch.to(device)).float())
    factors = world.factors[:n].to(device)
    return torch.cat([*made[0], *made[1]]), torch.cat((factors, factors))


def train_text_tower(
    context: BuildContext,
    network: ClipNetwork,
    seen: Float[Tensor, "m W"],
    factors: Float[Tensor, "m K"],
    known: Int[Tensor, " v"],
) -> None:
    """Stage two: projection and text tower, on features that rest."""
    network.to(context.device).visual.requires_grad_(False).proj.requires_grad_(True)
    network.token_embedding.weight.data.mul_(0.1)
    spec, held = context.project.spec, degrees(factors)
    tellable = torch.ones_like(held)
    apart = different_factors([f.name for f in spec.factors for _ in f.ends], context.device)
    none = neutral_captions(spec)

    def loss_at(step: int) -> Tensor:
        seeded = torch.Generator().manual_seed(SEED + step)
        rows = torch.randint(len(seen), (PICTURES,), generator=seeded)
        texts, named = draw_captions(spec, factors[rows].cpu(), CAPTIONS, SEED + step)
        tokens = tokenize([*texts, *none])
        tokens = tokens[:, : int(tokens.argmax(dim=1).max()) + 1]
        own = torch.searchsorted(known, tokens.contiguous())  # in order: the end mark is last
        own = own.to(context.device)
        said, neutral = F.normalize(network.encode_text(own), dim=1).split((CAPTIONS, len(none)))
        images = F.normalize(seen[rows] @ network.visual.proj, dim=1)
        scale = network.logit_scale.clamp(max=math.log(100)).exp()
        named = named.to(context.device)
        terms = losses(said, neutral, images, named, held[rows], tellable[rows], scale, apart)
        return weighted({**terms, **levelling(said, neutral, named, images)})

    schedule = context.sizes.text_schedule
    descend(
        network,
        loss_at,
        schedule,
        context.state("clip-text"),
        context.fingerprint,
        context.progress,
    )
