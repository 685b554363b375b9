"""CLIPs beside ViT-B/32, built at full size with random weights: what they take, and that all runs.

    python -m benchmarks.other_clips                              one of each kind
    python -m benchmarks.other_clips ViT-L-14 MobileCLIP-S1

A row a model: width, side, tokens; seconds to declare and load a domain of it, to embed a picture,
and for one number's gradient at the picture, which relevance asks for; own memory (RssAnon) then.
The weights are random, so nothing is said about quality. SigLIP's tokenizer is downloaded by
`transformers`; where it cannot be, a stand-in of its shape takes its part, and the row says so.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import open_clip
import torch

from benchmarks.machine import describe
from deltaedit_kit import DeltaEditError, load_domain
from deltaedit_kit.io.drafting import Given, draft
from deltaedit_kit.io.standin import write_standin
from deltaedit_kit.labs.delta_space.alignment import Pair, measure_columns
from deltaedit_kit.support.atomic import save_tensors
from recipes.rehearsal.measured import memory_of

MODELS = ("MobileCLIP2-S0", "ViT-L-14", "ViT-B-32-SigLIP2-256")
CATS = "white black small big old young red fat thin happy sad wet"
SENTENCES = tuple(f"a {word} cat" for word in CATS.split())


class Words:
    """A tokenizer of SigLIP's shape: a number a word, the end mark 1, padding 0."""

    def __init__(self, context: int) -> None:
        self.context = context

    def __call__(self, texts: list[str]) -> torch.Tensor:
        """Token ids [n, context]."""
        rows = torch.zeros(len(texts), self.context, dtype=torch.long)
        for row, text in zip(rows, texts, strict=True):
            ids = [2 + sum(word.encode()) for word in text.split()][: self.context - 1]
            row[: len(ids) + 1] = torch.tensor([*ids, 1])
        return rows


def main() -> None:
    """Print the table, a row as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=MODELS, help="names of open_clip")
    options = parser.parse_args()
    print(describe("cpu"))
    print(
        "| model | E, px, tokens | file, MB | load, s | embed, s | gradient, s | own memory, MB |"
    )
    print("|---|---|---:|---:|---:|---:|---:|")
    for name in options.models:
        print(row_of(name), flush=True)


def row_of(name: str) -> str:
    """Make a domain of the model and use it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_standin(folder / "small", networks=("generator",))
        weights = folder / "weights.safetensors"
        shapes = open_clip.create_model(name, pretrained=None).state_dict()
        save_tensors(weights, shapes)
        del shapes  # else it would count as the kit's
        given = Given(
            folder / "small" / "generator.safetensors", "cat", str(weights), clip_model=name
        )
        start, note = time.perf_counter(), ""
        try:
            draft(folder / "cats", given)
        except DeltaEditError as cause:
            print(f"{name}: {cause}")
            config = open_clip.get_model_config(name) or {}
            words, note = Words(config["text_cfg"]["context_length"]), " (stand-in tokenizer)"
            with patch.object(open_clip, "get_tokenizer", lambda _: words):
                return use(name + note, folder, given)
        return use(name + note, folder, given, start)


def use(name: str, folder: Path, given: Given, start: float | None = None) -> str:
    """The row: load, embed, gradient, and the measures of the delta space of twelve sentences."""
    if start is None:
        start = time.perf_counter()
        draft(folder / "cats", given)
    domain = load_domain(folder / "cats")
    clip = domain.clip
    seconds = [time.perf_counter() - start]
    start = time.perf_counter()
    faces = domain.sample(1, 0)
    seconds.append(time.perf_counter() - start)
    pictures = faces.images.clone().requires_grad_()
    start = time.perf_counter()
    clip.encode_images(pictures)[0, 0].backward()
    seconds.append(time.perf_counter() - start)
    assert pictures.grad is not None
    assert pictures.grad.abs().sum() > 0
    own = memory_of("self")["RssAnon"]
    texts = clip.delta_texts(SENTENCES, "cat")
    seen = clip.encode_images(domain.sample(len(SENTENCES), 1).images)
    measure_columns({"differences": Pair.of(texts, seen - faces.clip)})
    size = (folder / "weights.safetensors").stat().st_size / 1e6
    sizes = f"{clip.width}, {clip.resolution}, {clip.context_length}"
    times = " | ".join(f"{one:.1f}" for one in seconds)
    return f"| {name} | {sizes} | {size:,.0f} | {times} | {own / 1e6:,.0f} |"


if __name__ == "__main__":
    main()
