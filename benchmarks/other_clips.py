"""CLIPs beside ViT-B/32, built at full size with random weights: what they take, and that all runs.

    python -m benchmarks.other_clips                              one of each kind
    python -m benchmarks.other_clips ViT-L-14 MobileCLIP-S1

A row a model: width, side, tokens; seconds to declare and load a domain of it, to embed a picture,
for one number's gradient at the picture, and for R of the smallest generator over one picture (a
drawing for each end of 28 channels); own memory (RssAnon) then. Seconds are those of the processor:
other programs do not change them.
The weights are random, so nothing is said about quality. SigLIP's tokenizer is downloaded by
`transformers`; where it cannot be, a stand-in of its shape takes its part, and the row says so.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

import open_clip
import torch

from benchmarks.machine import describe, memory_of
from deltaedit_kit import DeltaEditError, load_domain
from deltaedit_kit.io.drafting import Given, draft
from deltaedit_kit.io.standin import by_rule
from deltaedit_kit.labs.delta_space.alignment import Pair, measure_columns
from deltaedit_kit.relevance import Plan, compute_relevance
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.support.atomic import save_tensors

MODELS = ("MobileCLIP2-S0", "ViT-L-14", "ViT-B-32-SigLIP2-256")
CATS = "white black small big old young red fat thin happy sad wet"
SIDES = (4, 8, 16, 32)
SENTENCES = tuple(f"a {word} cat" for word in CATS.split())
HEAD = """\
| model | E, px, tokens | file, MB | load, s | embed, s | gradient, s | R, s | own memory, MB |
|---|---|---:|---:|---:|---:|---:|---:|"""


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
    print(HEAD)
    for name in options.models:  # a process each: memory of one is not counted for the next
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            print(alone.submit(row_of, name).result(), flush=True)


def row_of(name: str) -> str:
    """Make a domain of the model and use it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        small = folder / "generator.safetensors"
        save_tensors(small, by_rule(Generator(32, dict.fromkeys(SIDES, 4), 8, 2).state_dict()))
        weights = folder / "weights.safetensors"
        shapes = open_clip.create_model(name, pretrained=None).state_dict()
        save_tensors(weights, shapes)
        del shapes  # else it would count as the kit's
        given = Given(small, "cat", str(weights), clip_model=name)
        start, note = time.process_time(), ""
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
        start = time.process_time()
        draft(folder / "cats", given)
    domain = load_domain(folder / "cats")
    clip = domain.clip
    seconds = [time.process_time() - start]
    start = time.process_time()
    faces = domain.sample(1, 0)
    seconds.append(time.process_time() - start)
    pictures = faces.images.clone().requires_grad_()
    start = time.process_time()
    clip.encode_images(pictures)[0, 0].backward()
    seconds.append(time.process_time() - start)
    assert pictures.grad is not None
    assert pictures.grad.abs().sum() > 0
    start = time.process_time()
    assert compute_relevance(domain, Plan(pictures=1)).isfinite().all()
    seconds.append(time.process_time() - start)
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
