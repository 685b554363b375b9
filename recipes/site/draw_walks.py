"""Draw the states that the site's sliders walk through, with the shipped domain: three minutes.

    python -m recipes.site.draw_walks           -> recipes/site/walks/NAME/*.webp and NAME.json
    python -m recipes.site.draw_walks study     one of the seven

    glasses, smile   a sentence at several strengths
    channel          one style channel turned
    scatter          one attribute after the other is selected, in both planes
    monitor          a short training: the previews of the mapper after so many steps
    explorer         a method and a face after the other: the pictures, and the numbers in words
    study            the first rounds of a participant

The pictures hold no text: the words of a state stand under its slider, and say what the oracle or
the panel reads, so that a reader who does not see the pictures learns the same.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from deltaedit_kit import Domain, Editor, Faces, load_domain
from deltaedit_kit.labs.compare.baselines import make
from deltaedit_kit.labs.compare.comparison import Comparison, Plan
from deltaedit_kit.labs.compare.explorer import Choice, explore
from deltaedit_kit.labs.compare.prompts import Prompt
from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.labs.delta_space.clouds import one_attribute_changed
from deltaedit_kit.labs.delta_space.plots import PICTURES, TEXTS
from deltaedit_kit.labs.delta_space.projection import Projection, project
from deltaedit_kit.labs.study.creation import create_study
from deltaedit_kit.labs.study.design import Design
from deltaedit_kit.labs.study.items import make_items
from deltaedit_kit.labs.study.rehearsal import SENTENCES, faces_without
from deltaedit_kit.labs.study.screen import press, screen_for
from deltaedit_kit.labs.style_space.channels import find_channels, turn
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.labs.training.monitor import previews
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.relevance import ChannelStatistics
from deltaedit_kit.support.pictures import to_uint8
from deltaedit_kit.toyfaces import FACTORS
from deltaedit_kit.toyfaces.shipped_codes import shipped_codes
from deltaedit_kit.train import Report, Run
from recipes.site.walks import FOLDER, Walk

FACES, SEED, QUALITY = 4, 0, 82
STRENGTHS = (-1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
DEVIATIONS = (-10.0, -7.5, -5.0, -2.5, 0.0, 2.5, 5.0, 7.5, 10.0)
ATTRIBUTES = ("glasses", "smile", "beard", "long_hair", "blond_hair", "dark_skin", "open_mouth",
              "old")  # fmt: skip
STEPS = (0, 25, 50, 100, 150, 200, 250, 300)
LOOKED_AT = ("face with glasses", "face with a beard", "face with blond hair")
State = tuple[str, str, np.ndarray]  # the slider's value, its words, a picture uint8 [H, W, 3]


class Drawn(NamedTuple):
    """A walk before it is saved."""

    title: str
    label: str
    start: int
    states: list[State]


def edited(domain: Domain, sentence: str, factor: str) -> Drawn:
    """Lessons 00 and 04: one sentence at several strengths."""
    faces = domain.sample(FACES, seed=SEED)
    edit = Editor(domain).edit(faces, sentence)
    states: list[State] = []
    for strength in STRENGTHS:
        drawn = domain.draw(faces.s + strength * edit.delta_s, faces.w_plus)
        read = mean_of(domain, drawn, factor)
        words = f"Four portraits at strength {strength:g}: {factor} {read:.2f} on average"
        states.append((f"{strength:g}", words, beside(to_uint8(drawn))))
    title = f"“{sentence}”, computed beforehand at nine strengths"
    return Drawn(title, "Strength", STRENGTHS.index(1.0), states)


def channel(domain: Domain) -> Drawn:
    """Lesson 02: one style channel turned from -10 to +10 deviations."""
    faces = domain.sample(FACES, seed=SEED)
    number = find_channels(domain, "face with glasses")[0]
    statistics = ChannelStatistics.of(domain, samples=2000)
    turned = turn(domain, faces, number, list(DEVIATIONS), statistics)
    states: list[State] = []
    for deviation, drawn in zip(DEVIATIONS, turned, strict=True):
        read = mean_of(domain, drawn, "glasses")
        words = f"Four portraits at {deviation:+g} σ: glasses {read:.2f} on average"
        states.append((f"{deviation:+g} σ", words, beside(to_uint8(drawn))))
    title = (
        f"Style channel {number}, which the relevance matrix names first for “face with glasses”"
    )
    return Drawn(title, "Turn", DEVIATIONS.index(5.0), states)


def mean_of(domain: Domain, pictures: Tensor, factor: str) -> float:
    """What the oracle reads of a factor, on average over pictures [n, 3, H, W]."""
    assert domain.read_factors is not None  # toyfaces has an oracle
    return float(domain.read_factors(pictures)[:, FACTORS.index(factor)].mean())


def beside(pictures: np.ndarray) -> np.ndarray:
    """Pictures [n, H, W, 3] side by side, a white line between two."""
    line = np.full((pictures[0].shape[0], 4, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (picture, line)]
    return np.concatenate(parts[:-1], axis=1)


def scatter(domain: Domain) -> Drawn:
    """Lesson 01: rows that changed one attribute, and where they lie in both planes."""
    spaces = one_attribute_changed(domain.clip, n=300, seed=0, attributes=list(ATTRIBUTES))
    planes = [project(*space.pair.unit(), "tsne") for space in spaces]
    changed = np.asarray(spaces.delta.colours["attribute"])
    states: list[State] = []
    for name in ATTRIBUTES:
        chosen = changed == name
        raw, differences = (spread(plane, chosen) for plane in planes)
        words = (
            f"{chosen.sum()} pairs chosen in which “{name.replace('_', ' ')}” was changed. "
            f"Their average distance from their own middle: {raw:.2f} in the left plane "
            f"(pictures and texts as they are), {differences:.2f} in the right one (differences)."
        )
        states.append((name.replace("_", " "), words, chosen_figure(planes, chosen)))
    title = "Pictures are discs, texts squares: chosen in one plane, chosen in the other"
    return Drawn(title, "Attribute", 0, states)


def spread(plane: Projection, chosen: np.ndarray) -> float:
    """How far the chosen rows lie from their middle, both clouds together."""
    points = np.concatenate((plane.first[chosen], plane.second[chosen]))
    return float(np.linalg.norm(points - points.mean(axis=0), axis=1).mean())


def chosen_figure(planes: Sequence[Projection], chosen: np.ndarray) -> np.ndarray:
    """Both planes, the chosen rows in colour over the others in grey."""
    figure = Figure(figsize=(7.6, 3.8), dpi=100, facecolor="white", layout="constrained")
    for axis, plane in zip(figure.subplots(1, 2), planes, strict=True):
        for points, marker, colour in ((plane.first, "o", PICTURES), (plane.second, "s", TEXTS)):
            axis.scatter(*points[~chosen].T, s=7, color="#c8ccd2", marker=marker, linewidths=0)
            axis.scatter(*points[chosen].T, s=18, color=colour, marker=marker, linewidths=0)
        axis.set(xlim=(-1.06, 1.06), ylim=(-1.06, 1.06), xticks=[], yticks=[], aspect="equal")
        axis.spines[:].set_color("#d6dbe1")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def monitor(domain: Domain) -> Drawn:
    """Lesson 03: a training of 300 steps, looked at on its way."""
    config = ExperimentConfig(
        steps=STEPS[-1], batch=64, learning_rate=6.0, warm_up=40, beta2=0.99, orthogonal=True,
        schedule="cosine", ema=0.98, correlated=10, report_every=25,
    )  # fmt: skip
    faces = domain.sample(3, seed=0)
    rows: dict[int, np.ndarray] = {}
    cosines: dict[int, float] = {}

    def look(run: Run) -> bool:
        if run.step in STEPS and run.step not in rows:
            rows[run.step] = previewed(domain, faces, run.mapper())
        return True

    def note(report: Report) -> None:
        cosines[report.step] = report.validation_cosine

    mapper = train_fast(domain, shipped_codes(domain), config, None, note, None, look)
    rows[config.steps] = previewed(domain, faces, mapper)
    states: list[State] = []
    for step in STEPS:
        after = f"after {step} of {config.steps} steps" if step else "before the first step"
        learned = f"; cosine with the true Δs on held-out pairs {cosines[step]:.2f}" if step else ""
        words = f"A face a row: before, {', '.join(LOOKED_AT)}; {after}{learned}."
        states.append((f"step {step}", words, rows[step]))
    title = "A short training of its own: the mapper's edits on the way"
    return Drawn(title, "Training", len(STEPS) - 1, states)


def previewed(domain: Domain, faces: Faces, mapper: DeltaMapper) -> np.ndarray:
    """What the monitor shows of a mapper."""
    return opened(previews(domain, faces, LOOKED_AT, mapper))


def opened(png: bytes) -> np.ndarray:
    """A PNG file as pixels [H, W, 3]."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def explorer(domain: Domain) -> Drawn:
    """Lesson 06: the two methods that need no optimisation, three faces each."""
    sentence, methods, faces = "a smiling face", ("deltaedit", "styleclip-directions"), 3
    plan = Plan(methods=methods, settings=("default",), faces=faces, reference_faces=60, fast=False)
    states: list[State] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "small"
        Comparison(domain, plan, [Prompt(sentence, ("smile",))], folder).run(progress=False)
        results = Results(folder)
        for method in methods:
            for face in range(faces):
                seen = explore(results, Choice(method, sentence, "default", 1.0, face))
                numbers = "; ".join(f"{name} {own}" for name, own, _ in seen.numbers if own)
                words = f"Before and after “{sentence}”. This face: {numbers}."
                pictures = np.stack([opened(seen.before), opened(seen.after)])
                states.append((f"{method}, face {face}", words, beside(pictures)))
    title = "Two of the five methods, chosen in the explorer's menus one after the other"
    return Drawn(title, "Choice", 0, states)


def study(domain: Domain) -> Drawn:
    """Lesson 07: what a participant is shown, until an attention check has been answered."""
    methods = {name: make(name, domain).edit for name in ("deltaedit", "styleclip-directions")}
    items = make_items(methods, faces_without(domain, SENTENCES, seed=0), SENTENCES)
    states: list[State] = []
    with tempfile.TemporaryDirectory() as place:
        store = create_study(Path(place) / "s.sqlite", items, Design(40, rounds=20, checks=3))
        store.join("somebody")
        for _ in range(8):
            shown = screen_for(store, "somebody")
            words = f"Before, left, right. “{shown.text}”. {shown.question} Press ← or →."
            if shown.ask is not None and shown.ask.check:
                words += " (An attention check: one of the two is the other, its tiles shuffled.)"
            pictures = np.stack([opened(x) for x in (shown.before, shown.left, shown.right)])
            states.append((f"question {shown.done + 1} of {shown.total}", words, beside(pictures)))
            press(store, shown, "ArrowLeft", seconds=2.0)
        store.close()
    title = "Before, and two edits; which method made which is not in the page"
    return Drawn(title, "Question", 0, states)


WALKS: dict[str, Callable[[Domain], Drawn]] = {
    "glasses": partial(edited, sentence="face with glasses", factor="glasses"),
    "smile": partial(edited, sentence="a smiling face", factor="smile"),
    "channel": channel,
    "scatter": scatter,
    "monitor": monitor,
    "explorer": explorer,
    "study": study,
}


def save(name: str, drawn: Drawn) -> None:
    """Write a walk: a picture for each state, and what is said of them."""
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    walk = Walk(title=drawn.title, label=drawn.label, start=drawn.start, states=[])
    for number, (value, words, picture) in enumerate(drawn.states):
        file = f"{number}.webp"
        Image.fromarray(picture).save(folder / file, quality=QUALITY, method=6)
        walk["states"].append({"value": value, "words": words, "picture": file})
    text = json.dumps(walk, ensure_ascii=False, indent=1)
    (FOLDER / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


def main() -> None:
    """Draw the named walks, or all."""
    parser = argparse.ArgumentParser(description="States of the panels, for the site.")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(WALKS)} (default: all)")
    names = parser.parse_args().names or list(WALKS)
    domain = load_domain("toyfaces")
    for name in names:
        drawn = WALKS[name](domain)
        save(name, drawn)
        print(f"{name}: {len(drawn.states)} states", flush=True)


if __name__ == "__main__":
    main()
