"""What the toyfaces weights can do, measured and printed.

    python -m benchmarks.toyfaces_quality                 about ten minutes on two CPU cores
    python -m benchmarks.toyfaces_quality --quick         the same sections on few pictures
    python -m benchmarks.toyfaces_quality --only editing clip

Each line gives the number and, where there is one, the goal.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from benchmarks.toyfaces_editing import edit_table, sentences, table_text
from benchmarks.toyfaces_networks import (
    clip_retrieval,
    clip_zero_shot,
    factor_reach,
    generator_frechet,
    generator_look,
    generator_psnr,
    oracle_errors,
)
from benchmarks.toyfaces_words import FRESH, LOOKED_AT, hear
from deltaedit_kit import load_domain
from deltaedit_kit.domain import Domain
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES
from deltaedit_kit.toyfaces.captions import HELD_OUT_WORDS


@dataclass(frozen=True)
class Amounts:
    """How many pictures each section looks at."""

    psnr: int = 400
    reach: int = 48
    frechet: int = 5000
    pairs: int = 256
    zero_shot: int = 2000
    oracle: int = 2000
    faces: int = 200
    pool: int = 1000
    sentences: int | None = None  # None: all of the headline


QUICK = Amounts(
    psnr=16, reach=2, frechet=300, pairs=32, zero_shot=300, oracle=64, faces=6, pool=48, sentences=4
)


def generator_lines(domain: Domain, amounts: Amounts) -> list[str]:
    """PSNR, the reach of each factor, and Fréchet distances of the generator."""
    decibels = generator_psnr(domain, amounts.psnr)
    lines = [f"PSNR to the render of the same z: {decibels:.2f} dB ({amounts.psnr} pictures)"]
    look = generator_look(domain, amounts.psnr)
    lines.append(
        f"power above .25 cycles a pixel: {look.fine_power:.2f} of that of renders; glasses half "
        f"drawn on {look.half_glasses:.1%} (renders {look.half_glasses_of_renders:.1%})"
    )
    reach = factor_reach(domain, amounts.reach)
    lines.append(
        f"read where one factor alone goes from low to high ({amounts.reach} faces), on generated "
        "pictures and, in brackets, on renders: "
        + ", ".join(
            "{} {:.2f}-{:.2f} ({:.2f}-{:.2f})".format(name, *r.generated, *r.renders)
            for name, r in reach.items()
        )
    )
    for name, d in generator_frechet(domain, amounts.frechet).items():
        lines.append(
            f"Fréchet distance, {name} features, {amounts.frechet} samples to renders: "
            f"{d.generated:.4f}; two disjoint sets of renders: {d.renders:.4f}"
        )
    return lines


def clip_lines(domain: Domain, amounts: Amounts) -> list[str]:
    """Retrieval, zero-shot accuracy, and words that CLIP was never taught."""
    lines = []
    for name, tries in (("one caption each", 1), ("the fullest of 12 captions each", 12)):
        r = clip_retrieval(domain, amounts.pairs, tries)
        lines.append(
            f"retrieval among {amounts.pairs} unseen pairs, {name}: R@1 picture to text "
            f"{r.picture_to_text:.1%}, text to picture {r.text_to_picture:.1%}; a partner that "
            f"fits {r.fitting_text:.1%}, {r.fitting_picture:.1%}"
        )
    scores = clip_zero_shot(domain.clip, ATTRIBUTES, amounts.zero_shot)
    held = {t: s for t, s in scores.items() if any(word in t for word in HELD_OUT_WORDS)}
    ends = {row.prompt: scores[row.prompt] for row in ATTRIBUTES if row.side != "stop"}
    stops = {row.prompt: scores[row.prompt] for row in ATTRIBUTES if row.side == "stop"}
    for name, part, wanted in (
        ("binary attributes", ends, " (wanted: 97 %)"),
        ("stops of colours", stops, ""),
        ("held-out words", held, " (wanted: 90 %)"),
    ):
        weakest = sorted(part.items(), key=lambda item: item[1])[:5]
        lines.append(
            f"zero-shot, {name}: mean {sum(part.values()) / len(part):.1%}{wanted} over "
            f"{len(part)} sentences; weakest " + ", ".join(f"{t!r} {s:.1%}" for t, s in weakest)
        )
    heard = [one for table in (LOOKED_AT, FRESH) for one in hear(domain.clip, table)]
    share = sum(one.understood for one in heard) / len(heard)
    lines.append(f"everyday words that no caption has: {share:.1%} of {len(heard)} sentences")
    return lines


def oracle_lines(domain: Domain, amounts: Amounts) -> list[str]:
    """Error of the oracle a factor."""
    errors = oracle_errors(domain, amounts.oracle)
    above = [name for name, error in errors.items() if error > 0.05]
    return [
        "oracle, mean absolute error: " + ", ".join(f"{k} {v:.3f}" for k, v in errors.items()),
        f"above .05: {', '.join(above) or 'none'}",
    ]


def editing_lines(domain: Domain, amounts: Amounts) -> list[str]:
    """The table of edits; wanted: mean 90 %, worst 75 %, side effect .06, held-out 80 %."""
    asked = sentences("main")[: amounts.sentences]
    settings = f"strength {domain.spec.strength:g}, threshold {domain.spec.threshold:g} for all"
    table = edit_table(domain, asked, amounts.faces, amounts.pool)
    wanted = "wanted: mean 90 %, worst 75 %, side effect .06 at most, held-out 80 %"
    return [f"{settings}; {wanted}", *table_text(table).splitlines()]


SECTIONS: dict[str, Callable[[Domain, Amounts], list[str]]] = {
    "generator": generator_lines,
    "clip": clip_lines,
    "oracle": oracle_lines,
    "editing": editing_lines,
}


def run(domain: Domain, amounts: Amounts, only: Sequence[str] = tuple(SECTIONS)) -> None:
    """Print the sections named in `only`, each with the time it took."""
    machine = f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    print(f"toyfaces on {domain.device} ({machine})")
    for name in only:
        start = time.perf_counter()
        lines = SECTIONS[name](domain, amounts)
        print(f"\n== {name} ({time.perf_counter() - start:.0f} s)", *lines, sep="\n", flush=True)


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description="Measure the shipped toyfaces networks.")
    parser.add_argument("--quick", action="store_true", help="few pictures, in seconds")
    parser.add_argument("--only", nargs="+", choices=tuple(SECTIONS), default=tuple(SECTIONS))
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    domain = load_domain("toyfaces", device=given.device)
    run(domain, QUICK if given.quick else Amounts(), given.only)


if __name__ == "__main__":
    main()
