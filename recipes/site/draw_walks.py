"""Draw the states that the site's sliders walk through, with the shipped domain: a minute.

    python -m recipes.site.draw_walks        -> recipes/site/walks/NAME/*.webp and NAME.json

The words of a state are what the oracle reads off its pictures, so that a reader who does not see
them learns the same.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image
from torch import Tensor

from deltaedit_kit import Domain, Editor, load_domain
from deltaedit_kit.labs.style_space.channels import find_channels, turn
from deltaedit_kit.relevance import ChannelStatistics
from deltaedit_kit.support.pictures import to_uint8
from deltaedit_kit.toyfaces import FACTORS
from recipes.site.walks import FOLDER, State, Walk

FACES, SEED, QUALITY = 4, 0, 82
STRENGTHS = (-1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
DEVIATIONS = (-10.0, -7.5, -5.0, -2.5, 0.0, 2.5, 5.0, 7.5, 10.0)
EDITS = {"glasses": ("face with glasses", "glasses"), "smile": ("a smiling face", "smile")}


def edits(domain: Domain) -> Iterator[tuple[str, Walk, list[np.ndarray]]]:
    """One sentence at several strengths."""
    faces = domain.sample(FACES, seed=SEED)
    for name, (sentence, factor) in EDITS.items():
        edit = Editor(domain).edit(faces, sentence)
        pictures = [domain.draw(faces.s + x * edit.delta_s, faces.w_plus) for x in STRENGTHS]
        states = []
        for number, (strength, row) in enumerate(zip(STRENGTHS, pictures, strict=True)):
            read = mean_of(domain, row, factor)
            words = f"Four portraits at strength {strength:g}: {factor} {read:.2f} on average"
            states.append(state(number, f"{strength:g}", words))
        title = f"“{sentence}”, computed beforehand at nine strengths"
        walk = Walk(title=title, label="Strength", start=STRENGTHS.index(1.0), states=states)
        yield name, walk, [beside(row) for row in map(to_uint8, pictures)]


def channel(domain: Domain) -> tuple[str, Walk, list[np.ndarray]]:
    """One style channel turned from -10 to +10 deviations."""
    faces = domain.sample(FACES, seed=SEED)
    number = find_channels(domain, "face with glasses")[0]
    statistics = ChannelStatistics.of(domain, samples=2000)
    turned = turn(domain, faces, number, list(DEVIATIONS), statistics)
    states = []
    for place, (deviation, row) in enumerate(zip(DEVIATIONS, turned, strict=True)):
        read = mean_of(domain, row, "glasses")
        words = f"Four portraits at {deviation:+g} σ: glasses {read:.2f} on average"
        states.append(state(place, f"{deviation:+g} σ", words))
    title = (
        f"Style channel {number}, which the relevance matrix names first for “face with glasses”"
    )
    walk = Walk(title=title, label="Turn", start=DEVIATIONS.index(5.0), states=states)
    return "channel", walk, [beside(row) for row in map(to_uint8, turned)]


def mean_of(domain: Domain, pictures: Tensor, factor: str) -> float:
    """What the oracle reads of a factor, on average over pictures [n, 3, H, W]."""
    assert domain.read_factors is not None  # toyfaces has an oracle
    return float(domain.read_factors(pictures)[:, FACTORS.index(factor)].mean())


def beside(pictures: np.ndarray) -> np.ndarray:
    """Pictures [n, H, W, 3] side by side, a white line between two."""
    line = np.full((pictures[0].shape[0], 4, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (picture, line)]
    return np.concatenate(parts[:-1], axis=1)


def state(number: int, value: str, words: str) -> State:
    """One state; its picture is named by its number."""
    return {"value": value, "words": words, "picture": f"{number}.webp"}


def save(name: str, walk: Walk, rows: Sequence[np.ndarray]) -> None:
    """Write a walk: `rows` are pictures uint8 [H, W, 3], one a state."""
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for one, row in zip(walk["states"], rows, strict=True):
        Image.fromarray(row).save(folder / one["picture"], quality=QUALITY, method=6)
    text = json.dumps(walk, ensure_ascii=False, indent=1)
    (FOLDER / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


def main() -> None:
    """Draw every walk."""
    domain = load_domain("toyfaces")
    for name, walk, rows in (*edits(domain), channel(domain)):
        save(name, walk, rows)
        print(f"{name}: {sum(f.stat().st_size for f in (FOLDER / name).iterdir()) / 1024:.0f} kB")


if __name__ == "__main__":
    main()
