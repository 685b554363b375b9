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
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit import Editor, load_domain
from deltaedit_kit.domain import Domain
from deltaedit_kit.errors import DeltaEditError, finite_number, whole_number
from deltaedit_kit.faces import Faces
from deltaedit_kit.labs.metrics.edit_success import most_moved, side_effect, succeeded
from deltaedit_kit.oracle import Attribute
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES, attribute
from deltaedit_kit.toyfaces.captions import HELD_OUT_WORDS
from deltaedit_kit.toyfaces.factors import FACTORS, index, sample_factors
from deltaedit_kit.toyfaces.renderer import render
from deltaedit_kit.toyfaces.visibility import seen, visible

Kind = Literal["plain", "held-out word", "held-out pair"]

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


@dataclass(frozen=True)
class Sentence:
    """A text and the attributes that it asks for, all of them."""

    text: str
    targets: tuple[Attribute, ...]
    kind: Kind = "plain"


@dataclass(frozen=True)
class Row:
    """What one sentence did to `faces` faces."""

    sentence: Sentence
    faces: int
    success: float
    side: float
    suffered: str  # factor not asked for that moved most, and by how much on average
    suffered_by: float
    kept: int  # channels of s that the sentence may touch
    length: float  # |Δt|
    cosine: float  # between Δt and the renderer's own change


def sentences(which: str = "main") -> list[Sentence]:
    """ "main": the headline, held-out words and pairs; "all": every row of the attribute table."""
    rows = ATTRIBUTES if which == "all" else tuple(attribute(name) for name in MAIN)
    plain = [Sentence(row.prompt, (row,)) for row in rows]
    words = [
        Sentence(text, (row,), "held-out word")
        for row in ATTRIBUTES
        for text in row.held_out
        if any(word in text for word in HELD_OUT_WORDS)
    ]
    pairs = [
        Sentence(text, tuple(attribute(name) for name in names), "held-out pair")
        for text, names in PAIRS
    ]
    return plain + words + pairs


def lacking(readings: Tensor, targets: Sequence[Attribute]) -> Tensor:
    """Rows of readings [n, K] that have none of the attributes, and where each could be seen."""
    fit = torch.ones(len(readings), dtype=torch.bool)
    for target in targets:
        fit &= ~target.holds(readings[:, index(target.factor)]).cpu()
        for name, low, high in target.needs:
            values = readings[:, index(name)].cpu()
            fit &= (values >= low) & (values <= high)
    return fit.nonzero().flatten()


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
    lacks = lacking(before, targets).to(domain.device)
    embedded = domain.clip.encode_images(render(torch.cat([before[lacks], after[lacks]])))
    return (embedded[len(lacks) :] - embedded[: len(lacks)]).mean(0)


def measure(
    editor: Editor,
    pool: Faces,
    readings: Tensor,
    sentence: Sentence,
    faces: int,
    strength: float | None = None,
    threshold: float | None = None,
) -> Row:
    """Edit the first `faces` faces of `pool` that lack what the sentence asks for, and count.

    `readings` [n, K] are the oracle's of the whole pool. Raises DeltaEditError when fewer than
    a fifth of the wanted faces can be found.
    """
    domain = editor.domain
    rows = lacking(readings, sentence.targets)[:faces].tolist()
    if len(rows) * 5 < faces:
        raise DeltaEditError(
            f"only {len(rows)} faces of {len(pool)} lack {sentence.text!r}; sample a larger pool"
        )
    edit = editor.edit(pool.select(rows), sentence.text, strength=strength, threshold=threshold)
    before, after = readings[rows], edit.factors_after
    assert after is not None  # toyfaces has an oracle
    asked = [index(target.factor) for target in sentence.targets]
    reached = torch.ones(len(rows), dtype=torch.bool, device=after.device)
    for column, target in zip(asked, sentence.targets, strict=True):
        reached &= succeeded(before[:, column], after[:, column], target)
    effect = side_effect(seen(before), seen(after), asked, visible(before) & visible(after))
    spec = domain.spec
    delta = domain.clip.delta_text(sentence.text, spec.neutral, spec.templates or None)
    change = image_change(domain, sentence.targets)
    return Row(
        sentence,
        len(rows),
        reached.float().mean().item(),
        effect.mean,
        *most_moved(effect, FACTORS),
        int(edit.kept.sum()),
        float(delta.norm()),
        float(F.cosine_similarity(delta, change, dim=0)),
    )


def edit_table(
    domain: Domain,
    asked: Sequence[Sentence],
    faces: int = 200,
    pool: int = 1000,
    seed: int = 900_000,
    strength: float | None = None,
    threshold: float | None = None,
) -> list[Row]:
    """One row a sentence, from one pool of sampled faces and one setting for all."""
    sampled = domain.sample(pool, seed=seed)
    assert domain.read_factors is not None
    readings = domain.read_factors(sampled.images)
    editor = Editor(domain)
    return [measure(editor, sampled, readings, s, faces, strength, threshold) for s in asked]


def table_text(rows: Sequence[Row]) -> str:
    """The rows as a table, the least successful first, and a summary a kind of sentence."""
    head = (
        f"{'sentence':44s} {'kind':13s}   n  success  side  most moved            kept  |Δt|  cos"
    )
    lines = [head]
    for r in sorted(rows, key=lambda r: r.success):
        lines.append(
            f"{r.sentence.text:44.44s} {r.sentence.kind:13s} {r.faces:3d}  {r.success:6.1%}  "
            f"{r.side:.3f}  {r.suffered:16s} {r.suffered_by:.2f}  {r.kept:4d}  {r.length:.2f}  "
            f"{r.cosine:+.2f}"
        )
    for kind in ("plain", "held-out word", "held-out pair"):
        some = [r for r in rows if r.sentence.kind == kind]
        if some:
            mean = sum(r.success for r in some) / len(some)
            side = sum(r.side for r in some) / len(some)
            lines.append(
                f"{kind}: {len(some)} sentences, success mean {mean:.1%} worst "
                f"{min(r.success for r in some):.1%}, side effect mean {side:.3f} worst "
                f"{max(r.side for r in some):.3f}"
            )
    return "\n".join(lines)


def main() -> None:
    """Print the table with the settings of the command line."""
    parser = argparse.ArgumentParser(description="Success and side effects of toyfaces edits.")
    parser.add_argument("--sentences", choices=("main", "all"), default="main")
    parser.add_argument("--faces", type=int, default=200, help="faces a sentence")
    parser.add_argument("--strength", type=float)
    parser.add_argument("--threshold", type=float)
    parser.add_argument("--fast", action="store_true", help="in bfloat16")
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    start = time.perf_counter()
    try:
        whole_number("--faces", given.faces, 1)  # before seconds of sampling
        if given.strength is not None:
            finite_number("--strength", given.strength)
        if given.threshold is not None:
            finite_number("--threshold", given.threshold, low=0.0)
        domain = load_domain("toyfaces", device=given.device)
        with torch.autocast(domain.device.type, torch.bfloat16, enabled=given.fast):
            rows = edit_table(
                domain,
                sentences(given.sentences),
                given.faces,
                pool=5 * given.faces,
                strength=given.strength,
                threshold=given.threshold,
            )
    except DeltaEditError as cause:
        parser.error(str(cause))
    print(table_text(rows))
    print(f"{time.perf_counter() - start:.0f} s on {given.device}")


if __name__ == "__main__":
    main()
