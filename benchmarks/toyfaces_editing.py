"""Editing, counted: sentences × sampled faces, read before and after by the oracle.

    python -m benchmarks.toyfaces_editing --faces 50                the table, quickly
    python -m benchmarks.toyfaces_editing --sentences all
    python -m benchmarks.toyfaces_editing --strength 1.3 --threshold 0.05

One row a sentence, weakest first: success, side effect, the factor that suffered most, channels
kept, |Δt|, and the cosine between Δt and the mean change of the image embedding when the renderer
itself makes the edit. A low cosine blames CLIP, a good cosine with low success the mapper or R.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit import Editor, load_domain
from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.domain.oracle import Attribute
from deltaedit_kit.labs.metrics.edit_success import (
    factor_side_effects,
    lacking,
    side_effect,
    succeeded,
)
from deltaedit_kit.support.device import computing, name_precision
from deltaedit_kit.support.errors import DeltaEditError, check_number, check_whole_number
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES, attribute
from deltaedit_kit.toyfaces.captions import HELD_OUT_WORDS
from deltaedit_kit.toyfaces.factors import index, sample_factors
from deltaedit_kit.toyfaces.renderer import render

Kind = Literal["plain", "held-out word", "held-out pair", "composite"]

# Sentences of the headline: every factor that has a name, both ends where people ask for both.
MAIN = (
    "dark_skin", "fair_skin", "narrow_face", "wide_face", "square_jaw", "small_eyes", "big_eyes",
    "far_eyes", "blue_eyes", "dark_eyes", "worried_brows", "angry_brows", "thick_brows", "big_nose",
    "frown", "smile", "open_mouth", "full_lips", "black_hair", "red_hair", "blond_hair",
    "grey_hair", "short_hair", "long_hair", "big_hair", "bangs", "beard", "clean_shaven",
    "glasses", "no_glasses", "red_clothes", "blue_clothes", "dark_clothes", "green_background",
    "light_background", "young", "old", "looking_left", "looking_right",
)  # fmt: skip

PAIRS = (  # the held-out pairs of captions.py, said as people would
    ("face with glasses and a beard", ("glasses", "beard")),
    ("a smiling face with red hair", ("red_hair", "smile")),
    ("an old face with blue clothes", ("old", "blue_clothes")),
    ("face with long hair and an open mouth", ("long_hair", "open_mouth")),
)

COMPOSITES = (  # two and three attributes in one sentence
    ("an old man with a beard and glasses", ("old", "beard", "glasses")),
    ("a smiling face with a beard and glasses", ("smile", "beard", "glasses")),
    ("a young woman with long blond hair", ("young", "long_hair", "blond_hair")),
    ("a young face with dark skin and an open mouth", ("young", "dark_skin", "open_mouth")),
    ("a smiling face with glasses", ("smile", "glasses")),
    ("a smiling woman with red hair", ("smile", "red_hair")),
    ("an old face with grey hair", ("old", "grey_hair")),
    ("an angry man with a beard", ("angry_brows", "beard")),
    ("a face with blue eyes and black hair", ("blue_eyes", "black_hair")),
    ("face with long hair and bangs", ("long_hair", "bangs")),
)


@dataclass(frozen=True)
class Sentence:
    """A text and the attributes that it asks for, all of them."""

    text: str
    targets: tuple[Attribute, ...]
    kind: Kind = "plain"


def sentences(which: str = "main") -> list[Sentence]:
    """ "main": the headline, held-out words, pairs, composites; "all": every attribute row."""
    rows = ATTRIBUTES if which == "all" else tuple(attribute(name) for name in MAIN)
    plain = [Sentence(row.prompt, (row,)) for row in rows]
    words = [
        Sentence(text, (row,), "held-out word")
        for row in ATTRIBUTES
        for text in row.held_out
        if any(word in text for word in HELD_OUT_WORDS)
    ]
    pairs = [Sentence(text, tuple(map(attribute, names)), "held-out pair") for text, names in PAIRS]
    composites = [
        Sentence(text, tuple(map(attribute, names)), "composite") for text, names in COMPOSITES
    ]
    return plain + words + pairs + composites


@torch.no_grad()
def image_change(domain: Domain, targets: Sequence[Attribute], n: int = 48) -> Tensor:
    """Mean change [E] of the embedding when the renderer gives the attributes to `n` portraits."""
    before = sample_factors(n, seed=77).to(domain.device)
    for target in targets:
        for name, low, _ in target.needs:
            before[:, index(name)] = before[:, index(name)].clamp(min=low)
    after = before.clone()
    for target in targets:
        after[:, index(target.factor)] = target.target
    assert domain.oracle is not None
    lacks = lacking(domain.oracle, before, targets)
    first, last = (domain.clip.encode_images(render(f[lacks])) for f in (before, after))
    return (last - first).mean(0)


def measure(
    editor: Editor,
    pool: Faces,
    readings: Tensor,
    sentence: Sentence,
    faces: int,
    strength: float | None = None,
    threshold: float | None = None,
) -> dict[str, Any]:
    """Edit the first `faces` faces of `pool` that lack what the sentence asks for, and count.

    `readings` [n, K] are the oracle's of the whole pool. A row of the table: "most moved" is the
    factor that nobody asked for and that suffered most, "kept" how many channels of s the sentence
    may touch, "cos" between Δt and the renderer's own change. Raises DeltaEditError when fewer than
    a fifth of the wanted faces can be found.
    """
    domain, targets = editor.domain, sentence.targets
    oracle = domain.oracle
    assert oracle is not None  # toyfaces has one
    rows = lacking(oracle, readings, targets).nonzero().flatten()[:faces].tolist()
    if len(rows) * 5 < faces:
        raise DeltaEditError(
            f"only {len(rows)} faces of {len(pool)} lack {sentence.text!r}; sample a larger pool"
        )
    edit = editor.edit(pool.select(rows), sentence.text, strength=strength, threshold=threshold)
    readings_of = readings[rows], oracle.read(edit.after)
    moved = factor_side_effects(oracle, *readings_of, targets).nan_to_num(-1)
    delta, change = domain.delta_text(sentence.text), image_change(domain, targets)
    return {
        "sentence": sentence.text,
        "kind": sentence.kind,
        "faces": len(rows),
        "success": succeeded(oracle, *readings_of, targets).float().mean().item(),
        "side effect": side_effect(oracle, *readings_of, targets).nanmean().item(),
        "most moved": oracle.factors[int(moved.argmax())],
        "by": moved.max().item(),
        "kept": int(edit.kept.sum()),
        "|Δt|": float(delta.norm()),
        "cos": float(F.cosine_similarity(delta, change, dim=0)),
    }


def edit_table(
    domain: Domain,
    asked: Sequence[Sentence],
    faces: int = 200,
    pool: int = 1000,
    seed: int = 900_000,
    strength: float | None = None,
    threshold: float | None = None,
    fast: bool = False,
) -> pd.DataFrame:
    """One row a sentence, the least successful first: one pool of faces, one setting for all."""
    with computing(domain.device, fast):
        sampled = domain.sample(pool, seed=seed)
        assert domain.oracle is not None
        readings = domain.oracle.read(sampled.images)
        editor = Editor(domain)
        rows = [measure(editor, sampled, readings, s, faces, strength, threshold) for s in asked]
    return pd.DataFrame(rows).sort_values("success", kind="stable", ignore_index=True)


def kinds_table(table: pd.DataFrame) -> pd.DataFrame:
    """A row a kind of sentence: mean and worst success and side effect."""
    return table.groupby("kind", sort=False).agg(
        sentences=("sentence", "size"),
        success=("success", "mean"),
        worst=("success", "min"),
        side_effect=("side effect", "mean"),
        worst_side_effect=("side effect", "max"),
    )


def table_text(table: pd.DataFrame) -> str:
    """Both tables for a terminal."""
    shown: Any = {
        "success": "{:.1%}".format,
        "worst": "{:.1%}".format,
        "side effect": "{:.3f}".format,
    }
    rows = table.to_string(index=False, float_format="{:.2f}".format, formatters=shown)
    kinds = kinds_table(table).to_string(float_format="{:.3f}".format, formatters=shown)
    return f"{rows}\n\n{kinds}"


def main() -> None:
    """Print the table with the settings of the command line."""
    parser = argparse.ArgumentParser(description="Success and side effects of toyfaces edits.")
    parser.add_argument("--sentences", choices=("main", "all"), default="main")
    parser.add_argument("--faces", type=int, default=200, help="faces a sentence")
    parser.add_argument("--strength", type=float)
    parser.add_argument("--threshold", type=float)
    parser.add_argument("--fast", action="store_true", help="as fast as this machine can")
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    start = time.perf_counter()
    try:
        check_whole_number("--faces", given.faces, 1)  # before seconds of sampling
        if given.strength is not None:
            check_number("--strength", given.strength)
        if given.threshold is not None:
            check_number("--threshold", given.threshold, low=0.0)
        domain = load_domain("toyfaces", device=given.device)
        table = edit_table(
            domain,
            sentences(given.sentences),
            given.faces,
            pool=5 * given.faces,
            strength=given.strength,
            threshold=given.threshold,
            fast=given.fast,
        )
    except DeltaEditError as cause:
        parser.error(str(cause))
    print(table_text(table))
    precision = name_precision(given.device, given.fast)
    print(f"{time.perf_counter() - start:.0f} s on {given.device}, in {precision}")


if __name__ == "__main__":
    main()
